"""Where replies arrive, and how a server waits for them: by moving the clock.

A server that pulls waits for the first reply among those it names; one that sends and
receives waits for all of them, or for the deadline. A reply arrives once, or twice if
it was duplicated; a server that has what it waited for takes no second copy.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from math import inf
from typing import NamedTuple

from flwr.app import Message

from .clock import Clock
from .collector import collector_paused
from .flower_private import SERVER_NODE_ID
from .isolation import SealedReply
from .trace import SERVER, Row, Trace

_IS_COPY = "a reply to this message has been received before"


class Arrival(NamedTuple):
    """A reply that reaches the server, with the row that says so."""

    reply: SealedReply
    row: Row
    is_copy: bool = False


class Inbox:
    """Replies that have arrived, and the messages whose replies are still to come.

    Parameters
    ----------
    clock : Clock
        Advanced by those who wait.
    trace : Trace
        Told what arrives and what is dropped.
    """

    def __init__(self, clock: Clock, trace: Trace) -> None:
        self._clock = clock
        self._trace = trace
        # By the id of the message answered: what has arrived, and what is to come.
        self._arrived: dict[str, list[Arrival]] = {}
        self._to_come: dict[str, tuple[Row, int]] = {}  # what was asked, how many
        self._awaited: set[str] = set()  # by whoever waits right now

    def expect(self, asked: Row, num_replies: int) -> None:
        """Keep so many replies to this message when they arrive."""
        self._to_come[asked.message_id] = asked, num_replies

    def arrive(self, arrival: Arrival) -> None:
        """Take a reply in, if anybody waits for it."""
        message_id = arrival.row.message_id
        self._trace.append(arrival.row)
        self._awaited.discard(message_id)
        if message_id in self._to_come:
            self._arrived.setdefault(message_id, []).append(arrival)
            asked, num_replies = self._to_come.pop(message_id)
            if num_replies > 1:
                self._to_come[message_id] = asked, num_replies - 1
        elif arrival.is_copy:
            self._drop(arrival.row, _IS_COPY)

    def pull(
        self, message_ids: Iterable[str], timeout: float | None = None
    ) -> list[Message]:
        """Return what has arrived, or else advance to the next arrival and return that.

        Not beyond `timeout`: with nothing to return the clock stands at that deadline.
        In the order of arrival; of partitions, where two arrive at the same time.
        """
        deadline = inf if timeout is None else self._clock.now + timeout
        wanted = dict.fromkeys(message_ids)
        if not any(i in self._arrived for i in wanted):
            self._awaited = {i for i in wanted if i in self._to_come}
            num_awaited = len(self._awaited)
            while num_awaited and self._clock.next_time <= deadline:
                self._clock.advance_to(self._clock.next_time)
                if len(self._awaited) < num_awaited:
                    break
            else:
                if deadline < inf:
                    self._clock.advance_to(deadline)
        arrivals = [a for i in wanted for a in self._arrived.pop(i, [])]
        arrivals.sort(key=lambda a: (a.row.time_s, a.row.node_id))
        return self._take(arrivals)

    def wait(
        self, message_ids: Collection[str], timeout: float | None
    ) -> list[Message]:
        """Return one reply to each of these messages, in the order of partitions.

        The clock stands at the last arrival then; or at the deadline, if the replies of
        some are later than that. Those are dropped: in the order of partitions, too,
        then of `message_ids`, so that the trace does not show whom a server drew first.
        """
        deadline = inf if timeout is None else self._clock.now + timeout
        self._awaited = {i for i in message_ids if i not in self._arrived}
        while self._awaited and self._clock.next_time <= deadline:
            self._clock.advance_to(self._clock.next_time)
        if self._awaited:
            self._clock.advance_to(deadline)
        first: list[Arrival] = []
        dropped: list[tuple[Row, str]] = []
        for message_id in message_ids:
            asked, _ = self._to_come.pop(message_id, (None, 0))
            arrivals = self._arrived.pop(message_id, [])
            first += arrivals[:1]
            dropped += [(arrival.row, _IS_COPY) for arrival in arrivals[1:]]
            if asked and not arrivals:
                dropped.append((asked, f"no reply within {timeout:g} s"))
        for row, why in sorted(dropped, key=lambda drop: drop[0].node_id):
            self._drop(row, why)
        return self._take(sorted(first, key=lambda arrival: arrival.row.node_id))

    def _take(self, arrivals: Sequence[Arrival]) -> list[Message]:
        """Hand replies to the server, which goes on with them."""
        counts = Counter(
            (arrival.row.round, arrival.row.message_type)
            for arrival in arrivals
            if arrival.reply.content
        )
        for (server_round, message_type), num_replies in counts.items():
            if message_type.partition(".")[0] == "query":
                continue  # answers to be read, one by one
            self._trace.append(
                Row(
                    self._clock.now,
                    "aggregated",
                    server_round,
                    SERVER,
                    SERVER_NODE_ID,
                    "",
                    message_type,
                    metrics={"num-replies": num_replies},
                )
            )
        with collector_paused():
            return [arrival.reply.opened() for arrival in arrivals]

    def _drop(self, row: Row, why: str) -> None:
        self._trace.append(
            row._replace(
                time_s=self._clock.now,
                event="dropped",
                bytes=0,
                seconds=0.0,
                model="",
                metrics={},
                detail=why,
            )
        )
