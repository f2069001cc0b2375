"""Memory that a test measures, on both sides of the wall.

A test that says "it needs the memory of a few models" measures with `tracemalloc`. The
student's code runs in another process, so its memory is added. That number comes from
the student's side (`traced_memory`), and is believed if it is one: it is the only one
of its kind.
"""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.judging.errors import Malformed

_BOTH = ("start", "stop", "clear_traces", "reset_peak")
_OURS = {name: getattr(tracemalloc, name) for name in (*_BOTH, "get_traced_memory")}


@contextmanager
def measuring_both_sides(near: Any) -> Iterator[None]:
    """Let `tracemalloc`, in this process, measure the student's process as well."""
    for name in _BOTH:
        setattr(tracemalloc, name, _on_both(near, name))

    def get_traced_memory() -> tuple[int, int]:
        current, peak = _OURS["get_traced_memory"]()
        theirs = near.request(None, "tracemalloc", ("get_traced_memory",), {})
        return current + _bytes(theirs, 0), peak + _bytes(theirs, 1)

    tracemalloc.get_traced_memory = get_traced_memory
    try:
        yield
    finally:
        for name, function in _OURS.items():
            setattr(tracemalloc, name, function)
        tracemalloc.stop()


def _on_both(near: Any, name: str) -> Any:
    def function(*args: int) -> None:
        near.request(None, "tracemalloc", (name, *args), {})
        _OURS[name](*args)

    return function


def _bytes(theirs: Any, which: int) -> int:
    number = theirs[which] if type(theirs) is tuple and len(theirs) == 2 else None
    if type(number) is not int or number < 0:
        raise Malformed(f"expected a number of bytes, got {str(number)[:40]}")
    return number
