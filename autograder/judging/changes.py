"""What of ours a student's code has changed or called, and whether any of it is left.

What is left can be seen by the next test in this process. It is not left if nothing
refers to it any more. Large things are not kept alive to find that out: a test may
measure memory.
"""

import sys
import weakref
from types import FunctionType, GeneratorType, MethodType
from typing import Any

import numpy as np
from flwr.serverapp import Grid

from autograder.judging.memory import Region
from lecturekit.runtime import Clock

_MAX_KEPT = 100_000  # bytes
_GENERATOR = 3_000  # bytes, about
_ALONE = 2  # references to a thing in a list, while being counted


class Changes:
    """Notes what was changed."""

    def __init__(self) -> None:
        self._may_last = False
        self._things: dict[int, weakref.ref[Any]] = {}  # by id
        self._kept: dict[int, Any] = {}  # by id; these cannot be referred to weakly
        self._bytes_kept = 0

    def add(self, thing: Any) -> None:
        """Note that `thing` was changed, or called: memory, a list, an object, ..."""
        if isinstance(thing, MethodType):
            thing = thing.__self__
        owner = thing.owner if isinstance(thing, Region) else None
        if type(owner) is np.ndarray and owner.flags.owndata:
            self._things[id(owner)] = weakref.ref(owner)
        elif isinstance(thing, FunctionType | GeneratorType | Grid | Clock):
            self._things[id(thing)] = weakref.ref(thing)
        elif type(thing) is np.random.Generator:
            self._keep(thing.bit_generator, _GENERATOR)
        elif type(thing) is dict or type(thing) is list:
            self._keep(thing, _size_of(thing))
        else:
            self._may_last = True

    def _keep(self, thing: Any, size: int) -> None:
        if id(thing) in self._kept:
            return
        self._bytes_kept += size
        if self._bytes_kept > _MAX_KEPT:
            self._may_last = True
        else:
            self._kept[id(thing)] = thing

    def are_gone(self) -> bool:
        """Tell whether nothing of all that can be seen by anybody."""
        things = list(self._kept.values())
        self._kept.clear()
        return (
            not self._may_last
            and all(thing() is None for thing in self._things.values())
            and all(sys.getrefcount(things[k]) <= _ALONE for k in range(len(things)))
        )


def _size_of(whole: dict[Any, Any] | list[Any]) -> int:
    """Return about how many bytes it keeps in memory; what is not flat counts as much.

    A dictionary may have grown since: what is in it has come in one message.
    """
    parts = whole.values() if isinstance(whole, dict) else whole
    sizes = [sys.getsizeof(whole)]
    for part in parts:
        if isinstance(part, np.ndarray):
            sizes.append(part.nbytes)
        elif part is None or isinstance(part, bool | int | float | str):
            sizes.append(sys.getsizeof(part))
        else:
            return _MAX_KEPT + 1
    return sum(sizes)
