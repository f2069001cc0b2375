"""The memory that a student's code takes, as `tracemalloc` in its process counts it.

Whoever may stop the count can hide what they hold. So the functions are those that
stood there before the student's code ran, the peak is the most that was seen whenever
that code asked for something, and traces that were stopped or cleared no longer know
where a witness was made. What is held and freed between two requests is not seen if the
peak is reset as well.
"""

import _tracemalloc
import builtins
from collections.abc import Callable
from typing import Any

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_NAMES = ("start", "stop", "clear_traces", "reset_peak")
_DO = {name: getattr(_tracemalloc, name) for name in _NAMES}
_traced = _tracemalloc.get_traced_memory
_where_made: Callable[[object], Any] = vars(_tracemalloc)["_get_object_traceback"]


class TracedMemory:
    """What the judge measures during one test cell."""

    def __init__(self) -> None:
        self._witness: bytearray | None = None  # made as soon as memory is traced
        self._peak = 0

    def perform(self, name: str, *args: Any) -> tuple[int, int] | None:
        """Do what the function of `tracemalloc` with that name does.

        Raises
        ------
        RuntimeError
            If the memory was not traced all the time.
        """
        if name == "get_traced_memory":
            self.look()
            return _traced()[0], self._peak
        if name == "start":
            _DO["stop"]()  # what was traced before is not the test's
        _DO[name](*args)
        self._peak = 0
        if name != "reset_peak":
            self._witness = None if name == "stop" else bytearray(1)
        return None

    def close(self) -> None:
        """Stop what a test has started and not stopped."""
        if self._witness is not None:
            self.perform("stop")

    def look(self) -> None:
        """Take note of the memory that is held now."""
        if self._witness is None:
            return
        if _where_made(self._witness) is None:
            raise RuntimeError("expected memory to be traced all the time")
        self._peak = max(self._peak, *_traced())
