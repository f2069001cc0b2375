"""Who is there to be asked: online at this hour, and not gone since the last round.

A server that finds too few clients cannot begin a round: Flower's strategies wait, in
real seconds, for as many as they need, two by default. Here the clock moves on instead,
to the first moment at which so many are online. If there is no such moment, a strategy
would wait for ever, and is told so; anybody else who asks gets those who are there.

Who asks a hundred times, has sent and pulled nothing in between, and has no reply to
wait for, waits for somebody who is not there yet: the clock moves on to the moment at
which the next client comes online. So a loop of one's own,

    while len(grid.get_node_ids()) < 10:
        pass

ends as soon as ten are there, as it would in real seconds; and to look how many there
are, once or twice in a round, changes nothing.
"""

from bisect import bisect_left
from math import inf

from .availability import Always, Availability
from .clock import Clock
from .failures import Failures
from .flower_private import nodes_awaited

_ENOUGH = 2
_WINDOWS = 10  # of every client, on average: who has not met by then never will
_NEVER = -1.0  # before the clock began
_PATIENCE = 100  # times that one may ask at one moment before it is waiting


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
        self._asked_s = _NEVER  # when somebody asked, and has done nothing since
        self._num_looks = 0  # how often at that moment

    def has_acted(self) -> None:
        """Note that the server has sent or pulled: to ask now is not to ask again."""
        self._asked_s = _NEVER

    def end_round(self, server_round: int) -> None:
        """Let clients leave and come back after the messages of this round."""
        self.has_acted()
        if self._failures:
            self._away = self._failures.away(
                self._seed, server_round, self._num_clients
            )

    def has_left(self, partition_id: int) -> bool:
        """Return whether this client is away until the next round is sent."""
        return partition_id in self._away

    def online(self, *, is_idle: bool = False) -> list[int]:
        """Return the partitions of the clients online, after waiting for enough.

        Parameters
        ----------
        is_idle : bool
            Whether no reply is on its way, so that to ask again is to wait.

        Raises
        ------
        ValueError
            If a strategy asks that needs more than there will be.
        """
        if not is_idle or self._asked_s != self._clock.now:
            self._num_looks = 0
        there = []
        if self._num_looks >= _PATIENCE and not nodes_awaited():
            there, self._num_looks = self._next_to_come(), 0
        if not there:
            there = self._wait_for(max(nodes_awaited(), _ENOUGH))
            check_enough(len(there), self._num_clients)
        self._asked_s = self._clock.now
        self._num_looks += 1
        return there

    def _next_to_come(self) -> list[int]:
        """Return who is online once the next client comes; nobody if none will."""
        here = [k for k in range(self._num_clients) if k not in self._away]
        if isinstance(self._availability, Always):
            return here
        now = self._clock.now
        opens_s = [self._next_online(now, k) for k in here]
        time_s = min((opens for opens in opens_s if opens > now), default=inf)
        if time_s == inf:
            return []
        self._clock.advance_to(time_s)
        return [k for k in here if self._next_online(time_s, k) == time_s]

    def _wait_for(self, enough: int) -> list[int]:
        """Return who is online when so many are, or else as many as there ever are."""
        here = [k for k in range(self._num_clients) if k not in self._away]
        if isinstance(self._availability, Always) or not here:
            return here
        enough = min(enough, len(here))
        meeting = self._meeting(here, enough)
        if meeting is None:
            most = bisect_left(
                range(1, enough), True, key=lambda n: self._meeting(here, n) is None
            )
            meeting = self._meeting(here, most) if most else None
        if meeting is None:
            return []  # nobody ever comes back
        time_s, there = meeting
        self._clock.advance_to(time_s)
        return there

    def _meeting(
        self, clients: list[int], enough: int
    ) -> tuple[float, list[int]] | None:
        """Return the first moment at which so many are online, and who is; or None.

        It is not before so many have come online, from now on. If some of them are gone
        by then, it is not before so many have come online from then on; and so forth.
        """
        time_s = self._clock.now
        opens_s = {k: self._next_online(time_s, k) for k in clients}
        num_missed = 0  # windows that others did not come in
        while num_missed <= _WINDOWS * len(clients):
            time_s = sorted(opens_s.values())[enough - 1]
            if time_s == inf:
                return None
            for k, opens in opens_s.items():
                if opens < time_s:
                    opens_s[k] = self._next_online(time_s, k)
                    num_missed += opens_s[k] > time_s
            there = [k for k, opens in opens_s.items() if opens <= time_s]
            if len(there) >= enough:
                return time_s, there
        return None

    def _next_online(self, time_s: float, partition_id: int) -> float:
        return self._availability.next_online(time_s, self._seed, partition_id)


def check_enough(num_there: int, num_clients: int) -> None:
    """Raise ValueError if a strategy asks right now that waits for more than are there.

    Parameters
    ----------
    num_there, num_clients : int
        How many clients it will find, however long it waits, of how many.
    """
    if nodes_awaited() > num_there:
        raise ValueError(
            f"the strategy waits for {nodes_awaited()} clients, but no more than "
            f"{num_there} of this federation's {num_clients} are there at a time: "
            "lower its min_train_nodes, min_evaluate_nodes or min_available_nodes, or "
            "make the federation larger"
        )
