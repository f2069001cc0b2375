"""When is a client there? Always, or for some hours of its day.

A phone takes part while it is charging, idle and on a network that costs nothing: at
night, in its time zone. So who is online changes with the hour, and with it whose data
the model sees. (Bonawitz et al., Towards Federated Learning at Scale: System Design,
MLSys 2019, section 9, https://arxiv.org/abs/1902.01046.)

To be online is to be willing to start: a client finishes what it has begun.
"""

from dataclasses import dataclass
from math import floor
from sys import float_info
from typing import Protocol

import numpy as np

from .arguments import check_number
from .seeding import client_entropy


class Availability(Protocol):
    """Anything that says when a client is online."""

    def next_online(self, time_s: float, seed: int, partition_id: int) -> float:
        """Return `time_s` if the client is online then, else when it comes online."""


@dataclass(frozen=True)
class Always:
    """Everybody, at any time."""

    def next_online(self, time_s: float, seed: int, partition_id: int) -> float:
        """Return `time_s`."""
        return time_s


@dataclass(frozen=True)
class Diurnal:
    """Every client is online once a day, for the same length of time.

    Client k's window is centred on `offset_k` (then a day later, and so on), where the
    offset is uniform in +-`spread` / 2 days and drawn from (seed, k). At time 0 it is
    midnight in the middle time zone, and most clients are there.

    Parameters
    ----------
    online_share : float, 0 < online_share <= 1
        The length of the window as a share of the day. 1/3: eight hours.
    spread : float, 0 <= spread <= 1
        How far the windows lie apart, as a share of the day. 0: one time zone.
    period_s : float, > 0
        The length of a day in seconds.
    """

    online_share: float = 1 / 3
    spread: float = 0.25
    period_s: float = 86_400.0

    def __post_init__(self) -> None:
        least, most = float_info.min, float_info.max
        check_number("online_share", self.online_share, least, 1, "in (0, 1]")
        check_number("spread", self.spread, 0, 1, "in [0, 1]")
        check_number("period_s", self.period_s, least, most, "positive and finite")

    def offset_s(self, seed: int, partition_id: int) -> float:
        """Return the middle of the client's window on the first day, in seconds."""
        entropy = client_entropy(seed, 0, "availability", partition_id)
        rng = np.random.default_rng(int.from_bytes(entropy, "big"))
        return float((rng.random() - 0.5) * self.spread * self.period_s)

    def next_online(self, time_s: float, seed: int, partition_id: int) -> float:
        """Return `time_s` if the client is online then, else when it comes online."""
        opens_s = self.offset_s(seed, partition_id)
        opens_s -= self.online_share * self.period_s / 2
        opens_s += floor((time_s - opens_s) / self.period_s) * self.period_s
        if time_s < opens_s + self.online_share * self.period_s:
            return time_s
        return opens_s + self.period_s
