"""Who is there to be asked: online at this hour, and not gone since the last round.

A server that finds fewer than two clients cannot begin a round: Flower's strategies
wait, in real seconds, for two. Here the clock moves on instead, to the first moment at
which two are online (or all, of fewer; or one, if two never are on the same day).
"""

from .availability import Always, Availability
from .clock import Clock
from .failures import Failures

_ENOUGH = 2


class Membership:
    """The clients that `get_node_ids` lists.

    Parameters
    ----------
    num_clients : int
        Of the federation.
    seed : int
        From which windows and departures are drawn.
    availability : Availability
        When clients are online.
    failures : Failures, optional
        How likely they leave.
    clock : Clock
        Says what time it is, and is advanced when too few are there.
    """

    def __init__(
        self,
        num_clients: int,
        seed: int,
        availability: Availability,
        failures: Failures | None,
        clock: Clock,
    ) -> None:
        self._num_clients = num_clients
        self._seed = seed
        self._availability = availability
        self._failures = failures
        self._clock = clock
        self._away: set[int] = set()

    def end_round(self, server_round: int) -> None:
        """Let clients leave and come back after the messages of this round."""
        if self._failures:
            self._away = self._failures.away(
                self._seed, server_round, self._num_clients
            )

    def has_left(self, partition_id: int) -> bool:
        """Return whether this client is away until the next round is sent."""
        return partition_id in self._away

    def online(self) -> list[int]:
        """Return the partitions of the clients online, after waiting for two."""
        if isinstance(self._availability, Always):
            return [k for k in range(self._num_clients) if k not in self._away]
        now = self._clock.now
        opens_s = {
            k: self._availability.next_online(now, self._seed, k)
            for k in range(self._num_clients)
            if k not in self._away
        }
        enough = min(_ENOUGH, len(opens_s))
        for time_s in sorted(opens_s.values()):
            there = self._online_at(time_s, opens_s)
            if len(there) >= enough:
                break
        else:
            time_s = min(opens_s.values())
            there = self._online_at(time_s, opens_s)
        self._clock.advance_to(time_s)
        return there

    def _online_at(self, time_s: float, opens_s: dict[int, float]) -> list[int]:
        return [
            k
            for k, opens in opens_s.items()
            if opens <= time_s
            and self._availability.next_online(time_s, self._seed, k) == time_s
        ]
