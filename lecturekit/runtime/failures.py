"""Failures on purpose: devices crash, slow down, garble, repeat themselves and leave.

Whether client k fails in round t is drawn from (seed, t, k) by a generator of its own,
so a failure can be replayed, and setting one probability does not move the failures of
another kind. What a failure looks like from the server:

    crash_before   an error reply; the client has done nothing
    crash_during   an error reply, somewhere on the way through its work; what it wrote
                   into its state in this round is lost
    crash_after    an error reply, after the work; its state is kept
    slow           the work takes `slow_factor` times as long
    corrupt        the reply's arrays are garbage (see `corruption`), not its metrics
    duplicate      the reply arrives, and then is sent once more
    leave          the client is not among `get_node_ids()` until the next messages are
                   sent; a message to it gets an error reply. Two always stay, or all
                   of fewer, since Flower's strategies wait for two, in real seconds

An injected failure is no mistake of the student's: with `on_error="raise"`, too, the
server sees Flower's error reply.
"""

from dataclasses import dataclass, fields
from sys import float_info
from typing import Any, Literal

import numpy as np
from flwr.app import Array, ArrayRecord, Message
from numpy.typing import NDArray

from .arguments import check_number
from .seeding import client_entropy

Corruption = Literal["nan", "flipped", "shape"]


class InjectedFailure(RuntimeError):  # noqa: N818 - says what happened
    """What the error reply of a client names that crashed or left on purpose."""


@dataclass(frozen=True)
class Fate:
    """What happens to one client in one round.

    Parameters
    ----------
    crash : {"", "before", "during", "after", "left"}
        When it crashes, or that it is not there; "" if all is well.
    worked : float, in [0, 1]
        The share of the work that is done when it crashes.
    slow_factor : float
        Compute time is multiplied by it.
    corruption : {"", "nan", "flipped", "shape"}
        What the reply's arrays become; "" if they are left alone.
    duplicate : bool
        Whether the reply arrives twice.
    """

    crash: Literal["", "before", "during", "after", "left"] = ""
    worked: float = 1.0
    slow_factor: float = 1.0
    corruption: Corruption | Literal[""] = ""
    duplicate: bool = False

    @property
    def runs(self) -> bool:
        """Whether the client's code gets to run."""
        return self.crash not in ("before", "left")


ALL_WELL = Fate()
HAS_LEFT = Fate("left", 0.0)


@dataclass(frozen=True)
class Failures:
    """How often what goes wrong, per client and round.

    Parameters
    ----------
    crash_before, crash_during, crash_after, slow, corrupt, duplicate, leave : float
        Probabilities, from 0 to 1 (see the module). A client that would crash twice in
        a round crashes at the first occasion.
    slow_factor : float, >= 1
        How much longer a slow client works.
    corruption : {"nan", "flipped", "shape"}
        All values NaN; all signs flipped; or arrays flattened, their last value lost.
    """

    crash_before: float = 0.0
    crash_during: float = 0.0
    crash_after: float = 0.0
    slow: float = 0.0
    slow_factor: float = 10.0
    corrupt: float = 0.0
    corruption: Corruption = "nan"
    duplicate: float = 0.0
    leave: float = 0.0

    def __post_init__(self) -> None:
        for option in fields(self):
            if option.name in ("slow_factor", "corruption"):
                continue
            value, expected = getattr(self, option.name), "a probability, from 0 to 1"
            check_number(option.name, value, 0, 1, expected)
        most, expected = float_info.max, "at least 1 and finite"
        check_number("slow_factor", self.slow_factor, 1, most, expected)
        if self.corruption not in ("nan", "flipped", "shape"):
            raise ValueError(
                "corruption must be 'nan', 'flipped' or 'shape', "
                f"got {self.corruption!r}"
            )

    def fate(self, seed: int, server_round: int, partition_id: int) -> Fate:
        """Return what happens to the client in this round."""
        draws = _draws(seed, server_round, "failures", partition_id)
        before, during, after, slow, corrupt, duplicate, share = draws[:7].tolist()
        fate = Fate(
            slow_factor=self.slow_factor if slow < self.slow else 1.0,
            corruption=self.corruption if corrupt < self.corrupt else "",
            duplicate=duplicate < self.duplicate,
        )
        if before < self.crash_before:
            return Fate("before", 0.0)
        if during < self.crash_during:
            return Fate("during", share, fate.slow_factor)
        if after < self.crash_after:
            return Fate("after", 1.0, fate.slow_factor)
        return fate

    def away(self, seed: int, server_round: int, num_clients: int) -> set[int]:
        """Return the partitions whose clients have left after this round."""
        if not self.leave:
            return set()
        draws = [
            float(_draws(seed, server_round, "leave", partition_id)[0])
            for partition_id in range(num_clients)
        ]
        steadiest = sorted(range(num_clients), key=draws.__getitem__)[-2:]
        leaving = {k for k, draw in enumerate(draws) if draw < self.leave}
        return leaving - set(steadiest)


def corrupted(reply: Message, corruption: Corruption) -> Message:
    """Put garbage in place of the arrays of `reply`, and return it."""
    for name, record in reply.content.array_records.items():
        reply.content[name] = ArrayRecord(
            {
                key: Array(_garbage(array.numpy(), corruption))
                for key, array in record.items()
            }
        )
    return reply


def _draws(
    seed: int, server_round: int, purpose: str, partition_id: int
) -> NDArray[np.float64]:
    entropy = client_entropy(seed, server_round, purpose, partition_id)
    return np.random.default_rng(int.from_bytes(entropy, "big")).random(8)


def _garbage(values: NDArray[Any], corruption: Corruption) -> NDArray[Any]:
    if corruption == "shape":
        return values.reshape(-1)[:-1]
    if corruption == "flipped":
        flip = np.logical_not if values.dtype == bool else np.negative
        return np.asarray(flip(values))
    floating = np.issubdtype(values.dtype, np.floating)
    return np.full(values.shape, np.nan, values.dtype if floating else np.float32)
