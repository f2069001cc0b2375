"""A virtual clock: what happens when, without waiting for it.

A simulation is a heap of events, each of them `(time, tie_breaker, action)`. To let
time pass is to take the earliest event off the heap, set the clock to its time and act.
Two events at the same time happen in the order in which they were scheduled: the tie
breaker counts up, so that a run has one order and no other.

    clock.at(3.0, print, "third")
    clock.at(1.0, print, "first")
    clock.advance_to(2.0)           # prints first; now is 2.0

Times are seconds, as floats, from 0. No clock of the machine is ever read.

The same heap is the kernel of SimPy, https://simpy.readthedocs.io, whose processes are
more than is needed here.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Any


class Clock:
    """Virtual seconds, and what is going to happen.

    Examples
    --------
    >>> clock, order = Clock(), []
    >>> clock.at(2.0, order.append, "b")
    >>> clock.at(2.0, order.append, "c")
    >>> clock.at(1.0, order.append, "a")
    >>> clock.advance_to(5.0)
    >>> order, clock.now
    (['a', 'b', 'c'], 5.0)
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._heap: list[tuple[float, int, Callable[[Any], object], Any]] = []
        self._num_scheduled = 0

    def __repr__(self) -> str:
        return f"Clock(now={self._now:g} s, {len(self._heap)} events to come)"

    @property
    def now(self) -> float:
        """The virtual time in seconds."""
        return self._now

    @property
    def next_time(self) -> float:
        """When the next event happens; infinity if nothing is going to."""
        return self._heap[0][0] if self._heap else inf

    def at(self, time_s: float, action: Callable[[Any], object], what: Any) -> None:
        """Schedule `action(what)` for `time_s`, now or later."""
        if not self._now <= time_s < inf:
            raise ValueError(
                f"time_s must be finite and not before now, {self._now} s, got {time_s}"
            )
        heappush(self._heap, (time_s, self._num_scheduled, action, what))
        self._num_scheduled += 1

    def advance_to(self, time_s: float) -> None:
        """Let all happen that is due by `time_s`; then `now` is `time_s`."""
        if not self._now <= time_s < inf:
            raise ValueError(
                f"time_s must be finite and not before now, {self._now} s, got {time_s}"
            )
        while self._heap and self._heap[0][0] <= time_s:
            self._now, _, action, what = heappop(self._heap)
            action(what)
        self._now = time_s
