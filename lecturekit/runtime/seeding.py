"""Chance in a run: what a client draws depends on who, when and what, not on order.

Client code draws from generators that the whole process shares: Python's `random`,
NumPy's `np.random` and torch's default generator. Left alone, a client's draws depend
on every client that ran before it, and a client's draws change which cohort the server
samples next. So, around every message,

    before a client runs    all three are seeded from
                            (seed, round, message type, partition)
    after the batch         the server gets its own states back, also after an exception

and the same message has the same answer wherever and in whatever order it is worked on.
What a client draws from a generator of its own, such as `np.random.default_rng(7)`, is
not touched; one without a seed, `np.random.default_rng()`, stays unpredictable.

Torch is never imported here: its CPU generator is seeded once somebody imported torch.
Import it before the first round, not inside the train function.
"""

import hashlib
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from flwr.app import ConfigRecord, Message


class Rounds:
    """Which round a message belongs to.

    Flower's strategies write "server-round" into the message's ConfigRecord. A message
    without it counts as the n-th of its type to its client, n = 1, 2, ...: the same
    number, if every round sends one.
    """

    def __init__(self) -> None:
        self._num_asked: Counter[tuple[int, str]] = Counter()

    def of(self, message: Message) -> int:
        """Return the round of `message`, and count it if it does not say."""
        for record in message.content.values():
            if isinstance(record, ConfigRecord):
                server_round = record.get("server-round")
                if isinstance(server_round, int):
                    return server_round
        asked = message.metadata.dst_node_id, message.metadata.message_type
        self._num_asked[asked] += 1
        return self._num_asked[asked]


def client_entropy(
    seed: int, server_round: int, message_type: str, partition_id: int
) -> bytes:
    """Return 20 bytes of entropy for one message to one client.

    They are the BLAKE2b hash of the four arguments, so that neighbouring rounds and
    partitions have unrelated generators.
    """
    who_when_what = repr((seed, server_round, message_type, partition_id))
    return hashlib.blake2b(who_when_what.encode(), digest_size=20).digest()


def seed_generators(entropy: bytes) -> None:
    """Seed Python's, NumPy's and (if it is imported) torch's global generators.

    Parameters
    ----------
    entropy : bytes, 20 of them
        Each generator gets bytes of its own: NumPy and torch both run MT19937 and,
        with an equal seed, would draw the same bits.
    """
    random.seed(int.from_bytes(entropy[:8], "big"))
    np.random.seed(int.from_bytes(entropy[8:12], "big"))
    if torch := sys.modules.get("torch"):
        # Not torch.manual_seed: it also visits every accelerator, which takes time.
        torch.default_generator.manual_seed(int.from_bytes(entropy[12:], "big"))


@contextmanager
def generators_restored() -> Iterator[None]:
    """Give the global generators their present states back when the block ends."""
    torch = sys.modules.get("torch")
    python_state, numpy_state = random.getstate(), np.random.get_state()
    torch_state = torch.default_generator.get_state() if torch else None
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        if torch:
            torch.default_generator.set_state(torch_state)
