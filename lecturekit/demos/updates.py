"""Rounds in which clients send their update, encoded, and the server adds them up.

Compression, masks and noise all stand between a client's update and the wire. A demo
says what a client sends instead of its update, and what the server makes of what came.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Context,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp

from lecturekit.runtime import LocalGrid

from .classroom import MLP_64, Classroom, Flat, flat, shaped

Sent = dict[str, Any]  # arrays by name
Encode = Callable[[int, Flat, np.random.Generator], Sent]
Combine = Callable[[Sequence[Sent]], Flat]
Curve = list[tuple[float, float]]  # when a model was there, and its test accuracy


def update_app(
    room: Classroom, encode: Encode, *, local_steps: int, lr: float = 0.2
) -> ClientApp:
    """Return clients that answer with `encode(client, update, rng)`."""
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        k, t = int(context.node_config["partition-id"]), _round_of(message)
        start = message.content.array_records["arrays"]["w"].numpy()
        trained = room.train(k, t, shaped(start), local_steps=local_steps, lr=lr)
        rng = np.random.default_rng((room.seed, t, k, 1))
        sent = encode(k, flat(trained) - start, rng)
        record = ArrayRecord({n: Array(np.asarray(a)) for n, a in sent.items()})
        # So many examples have been looked at: the clock reckons with them.
        metrics = MetricRecord({"num-examples": 16 * local_steps})
        return Message(
            RecordDict({"arrays": record, "metrics": metrics}), reply_to=message
        )

    return app


def run_updates(
    room: Classroom,
    grid: LocalGrid,
    combine: Combine,
    num_rounds: int,
    *,
    cohort: Callable[[int], Sequence[int]] | None = None,
) -> Curve:
    """Run rounds in which the model moves by `combine(what was sent)`.

    Parameters
    ----------
    cohort : callable, optional
        `cohort(server_round)` are the clients that are asked; by default all.
    """
    weights, test = flat(MLP_64.initial(room.seed)), room.split[1]
    nodes, curve = grid.get_node_ids(), []
    for t in range(1, num_rounds + 1):
        asked = nodes if cohort is None else [nodes[k] for k in cohort(t)]
        config = ConfigRecord({"server-round": t})
        arrays = ArrayRecord({"w": Array(weights)})
        content = RecordDict({"arrays": arrays, "config": config})
        messages = [Message(content, node, "train") for node in asked]
        replies = [reply for reply in grid.send_and_receive(messages)]
        sent = [
            {n: a.numpy() for n, a in reply.content.array_records["arrays"].items()}
            for reply in replies
        ]
        weights = (weights + combine(sent)).astype(np.float32)
        score = MLP_64.accuracy(shaped(weights), test.features, test.labels)
        curve.append((grid.clock.now, score))
    return curve


def _round_of(message: Message) -> int:
    server_round = message.content.config_records["config"]["server-round"]
    assert isinstance(server_round, int)
    return server_round
