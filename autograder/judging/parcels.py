"""What one frame carries: the payload, and all that has changed since the last one.

payload   what is asked or answered, as nodes
memory    [number, buffer, is it new, can it be written]
news      [number, kind, detail, children] of things that the other side has not seen
changes   [number, children] of things that it has
dropped   numbers of things that this side cannot see any more
"""

import builtins
from collections.abc import Callable
from typing import Any

from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

from autograder.judging import codec
from autograder.judging.errors import Malformed, Unsendable
from autograder.judging.kinds import Kind
from autograder.judging.limits import JudgeLimits
from autograder.judging.memory import Region
from autograder.judging.shared import Entry, Shared

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_MAX_ITEMS = JudgeLimits.num_items

Lend = Callable[[Any, "Outgoing"], Any]


class Outgoing:
    """A frame in the making.

    Parameters
    ----------
    shared : Shared
        The table of this side.
    lend : callable
        `lend(value, outgoing)` returns the node of a value that has no code.
    flattens_subclasses : bool
        True if a subclass of int, float or str is sent as that.
    """

    def __init__(
        self, shared: Shared, lend: Lend, *, flattens_subclasses: bool
    ) -> None:
        self.shared = shared
        self.flattens_subclasses = flattens_subclasses
        self.buffers: list[Any] = []
        self._lend = lend
        self._memory: list[list[Any]] = []
        self._news: list[list[Any]] = []
        self._changes: list[list[Any]] = []
        self._unread: list[tuple[list[Any], list[Any]]] = []
        self._num_items = 0
        self._collect_changes()

    def _collect_changes(self) -> None:
        for entry in self.shared:
            if entry.kind is not None:
                children = entry.kind.read(entry.thing)
                if not entry.kind.is_same(entry.snapshot, children):
                    entry.snapshot = children
                    item = [entry.number]
                    self._changes.append(item)
                    self._unread.append((item, children))
            elif isinstance(entry.thing, Region):
                data = entry.thing.changes()
                if data is not None:
                    self._memory.append([entry.number, self.buffer(data), False, True])

    def finished(self, payload: list[Any]) -> list[Any]:
        """Return the frame's header; afterwards nothing can be added."""
        while self._unread:
            item, children = self._unread.pop()
            self.count(len(children))
            item.append([codec.encode(child, self) for child in children])
        dropped = self.shared.drop_idle()
        return [payload, self._memory, self._news, self._changes, dropped]

    def count(self, num_items: int) -> None:
        """Count what is about to be sent; Unsendable if that is too much."""
        self._num_items += num_items
        if self._num_items > _MAX_ITEMS:
            raise Unsendable(f"expected at most {_MAX_ITEMS:,} values at once")

    def buffer(self, data: Any) -> int:
        """Add raw bytes; return their index."""
        self.buffers.append(data)
        return len(self.buffers) - 1

    def thing(self, value: Any, kind: Kind) -> list[Any]:
        """Send a thing for the first time; its children follow."""
        entry = self.shared.add(value, kind)
        entry.snapshot = kind.read(value)
        item = [entry.number, kind.name, kind.detail(value)]
        self._news.append(item)
        self._unread.append((item, entry.snapshot))
        return ["thing", entry.number]

    def known(self, entry: Entry, value: Any) -> Any:
        """Return the node of a thing that the other side has seen."""
        if entry.is_mine and entry.snapshot is not None:  # a copy that may be old
            return self._lend(value, self)
        return ["thing", entry.number]

    def lend(self, value: Any) -> Any:
        """Return the node of a value that has no code of its own."""
        return self._lend(value, self)

    def news(self, number: int, kind: str, detail: Any) -> list[Any]:
        """Announce a thing without children."""
        self._news.append([number, kind, detail, []])
        return ["thing", number]

    def region(self, array: NDArray[Any]) -> tuple[int, Region]:
        """Return the shared memory of an array, and its number."""
        low, high = byte_bounds(array)
        entry = self.shared.region_of(array, low, high)
        if entry is None:
            entry = self.shared.new_region(array)
            region: Region = entry.thing
            data = self.buffer(region.snapshot)
            self._memory.append([entry.number, data, True, not region.is_readonly])
        return entry.number, entry.thing


class Incoming:
    """A frame that has arrived.

    Parameters
    ----------
    shared : Shared
        The table of this side.
    stand_in : callable
        `stand_in(number, kind, detail, incoming)` makes what stands for a thing that
        lives on the other side; called for kinds that have no code.
    max_bytes, max_items : int
        What an array may show, and how many values there may be.
    """

    def __init__(
        self,
        shared: Shared,
        buffers: list[Any],
        stand_in: Callable[[int, str, Any, "Incoming"], Any],
        max_bytes: int,
        max_items: int,
    ) -> None:
        self.shared, self.max_bytes = shared, max_bytes
        self.touched: list[Any] = []  # what the other side has changed
        self._buffers, self._stand_in = buffers, stand_in
        self._items_left = max_items

    def unpacked(self, header: list[Any]) -> list[Any]:
        """Bring the table up to date; return the payload, still as nodes.

        Raises
        ------
        Malformed
            If anything about the frame is not as it must be.
        """
        payload, memory, news, changes, dropped = header
        for number, index, is_new, is_writeable in memory:
            self._remember(number, index, is_new, is_writeable)
        filled = [self._announced(*item) for item in news]
        for entry, children in reversed(filled):  # a record checks what it is given
            self._fill(entry, children)
        for number, children in changes:
            entry = self.shared.numbered(number)
            self._fill(entry, children)
            self.touched.append(entry.thing)
        self._dropped = dropped
        if not isinstance(payload, list):
            raise Malformed("expected a list as the payload")
        return payload

    def forget_dropped(self) -> None:
        """Drop what the other side cannot see any more; call this last."""
        for number in self._dropped:
            self.shared.drop(number)

    def _remember(
        self, number: Any, index: Any, is_new: Any, is_writeable: Any
    ) -> None:
        data = self.buffer(index)
        if is_new is True:
            region = Region.received(data)
            if not is_writeable:
                region.is_readonly, region.snapshot = True, b""
            self.shared.adopt(number, region, None)
        else:
            region = self.shared.region(number)
            region.write(data)
            self.touched.append(region)

    def _announced(
        self, number: Any, name: Any, detail: Any, children: Any
    ) -> tuple[Entry, Any]:
        self.count()
        kind = codec.KINDS.get(name)
        if kind is None:
            thing = self._stand_in(number, name, detail, self)
        else:
            thing = kind.blank(detail)
        return self.shared.adopt(number, thing, kind), children

    def _fill(self, entry: Entry, nodes: Any) -> None:
        kind = entry.kind
        if kind is None:
            return
        if not isinstance(nodes, list):
            raise Malformed("expected a list of children")
        kind.fill(entry.thing, [codec.decode(node, self) for node in nodes])
        entry.snapshot = kind.read(entry.thing)

    def count(self) -> None:
        """Count one more value."""
        self._items_left -= 1
        if self._items_left < 0:
            raise Malformed("expected fewer values in one message")

    def buffer(self, index: Any) -> memoryview:
        """Return the raw bytes with that index."""
        if type(index) is not int or not 0 <= index < len(self._buffers):
            raise Malformed("expected the index of a buffer")
        data: memoryview = self._buffers[index]
        return data

    def thing(self, number: Any) -> Any:
        """Return the thing with that number."""
        entry = self.shared.numbered(number)
        if isinstance(entry.thing, Region):
            raise Malformed("expected a thing, got memory")
        return entry.thing
