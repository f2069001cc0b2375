"""A small federation that several demos share: digits, a network, H local steps.

Clients train with the lab's own `local_sgd`, on the real runtime; a demo says how data
are skewed, which strategy aggregates, and on which devices and network.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
from flwr.app import (
    ArrayRecord,
    ConfigRecord,
    Context,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import Strategy
from numpy.typing import NDArray

from lecturekit.data import Federation, digits, dirichlet
from lecturekit.models import MLP, Model
from lecturekit.runtime import LocalGrid, Trace, run_rounds

from .solution import answers

Flat = NDArray[np.float32]  # a model as one vector
Watch = Callable[[int, Flat], object]  # the client, its model before a step
MLP_64 = MLP()


def flat(model: Model) -> Flat:
    """Return a model as one vector."""
    return np.concatenate([array.ravel() for array in model.values()])


def shaped(vector: Flat) -> Model:
    """Return the model whose arrays, end to end, are `vector`."""
    like = MLP_64.initial(0)
    ends = np.cumsum([array.size for array in like.values()])[:-1]
    return {
        name: part.reshape(like[name].shape)
        for name, part in zip(like, np.split(vector, ends), strict=True)
    }


@dataclass
class Run:
    """What happened: the model after every round, from round 0, and the trace."""

    accuracy: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    models: list[Flat] = field(default_factory=list)
    trace: Trace = field(default_factory=Trace)


@dataclass(frozen=True)
class Classroom:
    """Digits among clients, a network 64-64-10, SGD on batches of 16.

    Parameters
    ----------
    num_clients : int
        How many share the training examples.
    alpha : float
        Their label skew: see `lecturekit.data.dirichlet`.
    seed : int
        For everything that is drawn.
    """

    num_clients: int
    alpha: float
    seed: int

    @cached_property
    def split(self) -> Any:
        """Training and test examples."""
        return digits().split(test_fraction=0.2, seed=self.seed)

    @cached_property
    def federation(self) -> Federation:
        """Who holds what."""
        return dirichlet(
            self.split[0], self.num_clients, alpha=self.alpha, seed=self.seed
        )

    def run(
        self,
        strategy: Strategy,
        num_rounds: int,
        *,
        local_steps: int,
        lr: float = 0.2,
        timeout: float = 3600,
        watch: Watch | None = None,
        on_round: Callable[[int], object] = lambda t: None,
        **grid: Any,
    ) -> Run:
        """Run rounds; `grid` goes to LocalGrid, `watch` sees a client's every step."""
        app = self.client_app(local_steps=local_steps, lr=lr, watch=watch)
        local = LocalGrid(app, self.federation, seed=self.seed, **grid)
        run, test = Run(), self.split[1]

        def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
            model = {name: array.numpy() for name, array in arrays.items()}
            accuracy = MLP_64.accuracy(model, test.features, test.labels)
            run.accuracy.append(accuracy)
            run.loss.append(MLP_64.loss(model, test.features, test.labels))
            run.models.append(flat(model))
            on_round(server_round)
            return MetricRecord({"accuracy": accuracy})

        start = self.lab["get_parameters"](MLP_64.initial(self.seed))
        run_rounds(
            strategy, local, start, num_rounds, timeout=timeout, evaluate_fn=evaluate
        )
        run.trace = local.trace
        return run

    @cached_property
    def lab(self) -> dict[str, Any]:
        """The exercises of the first lab that clients are made of."""
        return answers("lab01_first_round", "parameters", "local-sgd")

    def client_app(
        self, *, local_steps: int, lr: float, watch: Watch | None = None
    ) -> ClientApp:
        """Return clients that train and answer with their model."""
        app = ClientApp()

        @app.train()
        def train(message: Message, context: Context) -> Message:
            k, model = int(context.node_config["partition-id"]), MLP_64.initial(0)
            self.lab["set_parameters"](model, message.content["arrays"])
            config = message.content["config"]
            assert isinstance(config, ConfigRecord)
            t = cast(int, config["server-round"])
            content = {
                "arrays": self.lab["get_parameters"](
                    self.train(k, t, model, local_steps=local_steps, lr=lr, watch=watch)
                ),
                "metrics": MetricRecord({"num-examples": len(self.federation[k])}),
            }
            return Message(RecordDict(content), reply_to=message)

        return app

    def train(
        self,
        k: int,
        server_round: int,
        model: Model,
        *,
        local_steps: int,
        lr: float,
        watch: Watch | None = None,
    ) -> Model:
        """Return what client k makes of a model with `local_steps` batches of its own.

        Which batches depends on (seed, round, client) alone.
        """
        rng, held = (
            np.random.default_rng((self.seed, server_round, k)),
            self.federation[k],
        )
        drawn = rng.integers(len(held.labels), size=16 * local_steps)

        def gradients(model: Model, features: Any, labels: Any) -> Model:
            if watch:
                watch(k, flat(model))
            return MLP_64.gradients(model, features, labels)

        given = (model, held.features[drawn], held.labels[drawn], gradients)
        settings = {"lr": lr, "batch_size": 16, "local_epochs": 1, "rng": rng}
        trained: Model = self.lab["local_sgd"](*given, **settings)
        if watch:
            watch(k, flat(trained))
        return trained
