"""The table of what both sides hold: one thread of control, two memories.

A test and the student's code never run at the same time: a call hands control over, its
return hands it back. So both can work on "the same" list if, whenever control crosses
the wall, the side that gives it up sends what it has changed since the last crossing.
Then a function that writes into its argument, returns a part of it, or keeps it for
later behaves as in one process, and so does a generator that reuses its buffer.

Things stand in the table as long as both sides can see them: what only the table still
refers to on one side is dropped on both. Numbers of things first sent by the judge are
positive, by the student's side negative.
"""

import builtins
import sys
from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.judging.errors import Malformed
from autograder.judging.kinds import Kind
from autograder.judging.memory import Region, extent, owner_of

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_IDLE = 2  # references to a thing that only its entry refers to, while being counted


class Entry:
    """A thing that both sides hold.

    Parameters
    ----------
    number : int
        Its number on both sides.
    thing : object
        Ours: the thing itself, its copy, or a stand-in for it. A Region for memory.
    kind : Kind or None
        None for memory, and for things that live on one side alone.
    is_mine : bool
        True for such a thing of this side: the other side drops it.
    """

    __slots__ = ("is_mine", "kind", "number", "snapshot", "thing")

    def __init__(
        self, number: int, thing: Any, kind: Kind | None, is_mine: bool = False
    ) -> None:
        self.number, self.thing, self.kind, self.is_mine = number, thing, kind, is_mine
        self.snapshot: Any = None


class Shared:
    """All entries of one conversation.

    Parameters
    ----------
    sign : int
        +1 on the judge's side, -1 on the student's.
    """

    def __init__(self, sign: int) -> None:
        self._sign, self._last = sign, 0
        self._entries: dict[int, Entry] = {}
        self._by_id: dict[int, Entry] = {}
        self._lows: list[tuple[int, int]] = []  # where regions begin, and their numbers

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def entry_of(self, thing: Any) -> Entry | None:
        """Return the entry of a thing, or None if it does not stand in the table."""
        return self._by_id.get(id(thing))

    def numbered(self, number: Any) -> Entry:
        """Return the entry with that number; Malformed if there is none."""
        entry = self._entries.get(number) if type(number) is int else None
        if entry is None:
            raise Malformed(f"expected a number of the table, got {str(number)[:40]}")
        return entry

    def region(self, number: Any) -> Region:
        """Return the region with that number; Malformed if there is none."""
        thing = self.numbered(number).thing
        if not isinstance(thing, Region):
            raise Malformed(f"expected the number of a region, got {number}")
        return thing

    def add(self, thing: Any, kind: Kind | None, *, is_mine: bool = False) -> Entry:
        """Enter a thing of this side under a new number."""
        self._last += self._sign
        return self._enter(Entry(self._last, thing, kind, is_mine))

    def adopt(self, number: Any, thing: Any, kind: Kind | None) -> Entry:
        """Enter a thing that the other side has numbered."""
        if type(number) is not int or number * self._sign >= 0:
            raise Malformed("expected a new number of the other side's")
        if number in self._entries:
            raise Malformed(f"expected a new number, got {number} again")
        return self._enter(Entry(number, thing, kind))

    def _enter(self, entry: Entry) -> Entry:
        self._entries[entry.number] = entry
        if isinstance(entry.thing, Region):
            insort(self._lows, (entry.thing.low, entry.number))
        else:
            self._by_id[id(entry.thing)] = entry
        return entry

    def drop(self, number: Any) -> None:
        """Forget a thing."""
        entry = self.numbered(number)
        del self._entries[entry.number]
        if isinstance(entry.thing, Region):
            self._lows.remove((entry.thing.low, entry.number))
        elif self._by_id.get(id(entry.thing)) is entry:
            del self._by_id[id(entry.thing)]

    @property
    def last(self) -> int:
        """The number of what this side entered last."""
        return self._last

    def forget_since(self, last: int) -> None:
        """Forget what this side has entered since, and the other side never saw."""
        while self._last != last:
            if self._last in self._entries:
                self.drop(self._last)
            self._last -= self._sign

    def region_of(self, array: NDArray[Any], low: int, high: int) -> Entry | None:
        """Return the region that holds the memory from `low` to `high`, if one does."""
        place = bisect_right(self._lows, (low, sys.maxsize))
        if place == 0:
            return None
        entry = self._entries[self._lows[place - 1][1]]
        region: Region = entry.thing
        is_inside = high <= region.low + region.size
        if not is_inside or (region.is_readonly and array.flags.writeable):
            return None
        return entry

    def new_region(self, array: NDArray[Any]) -> Entry:
        """Enter the memory of an array of this side."""
        low, high = extent(array)
        whole = array
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        is_readonly = not (array.flags.writeable or whole.flags.writeable)
        region = Region(owner_of(array), low, high - low, is_readonly)
        region.dtype = array.dtype.str
        return self.add(region, None)

    def drop_idle(self) -> list[int]:
        """Forget what nothing else on this side refers to; return the numbers."""
        dropped = []
        for number, entry in list(self._entries.items()):
            if entry.is_mine:
                continue
            if isinstance(entry.thing, Region):
                is_idle = entry.thing.is_idle()
            else:
                is_idle = sys.getrefcount(entry.thing) <= _IDLE
            if is_idle:
                self.drop(number)
                dropped.append(number)
        return dropped
