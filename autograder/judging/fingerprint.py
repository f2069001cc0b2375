"""Tell whether what the setup cells made is still as they left it.

A test may change an object of the setup, or let the student's code change it. That is
seen in the object's pickle. Functions and classes of the setup, which a pickle only
names, are looked into; what cannot be pickled has no fingerprint, and counts as
changed.
"""

import functools
import hashlib
import pickle
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from autograder.judging.tensors import is_tensor

_LRU_CACHE = type(functools.lru_cache(len))
# Methods with which a class decides what a pickle of its objects says.
_HIDING = frozenset(("__getstate__", "__reduce__", "__reduce_ex__"))
# What Python itself keeps in a class.
_PYTHONS = frozenset(
    (
        "__dict__",
        "__weakref__",
        "__slotnames__",
        "__abstractmethods__",
        "_abc_impl",
        "__dataclass_fields__",
        "__dataclass_params__",
        "__annotations__",
    )
)


def fingerprint(namespace: dict[str, Any]) -> bytes | None:
    """Return a digest of all that the names of `__main__` lead to, or None.

    Parameters
    ----------
    namespace : dict of str to object
        In which the setup cells have run.
    """
    found = hashlib.sha256()  # processors have instructions for it
    try:
        things = _Looking(found.update)
        things.dump({n: v for n, v in namespace.items() if n != "__builtins__"})
    except Exception:  # a class of the author's may raise whatever it likes
        return None
    return found.digest()


class _Written:
    """A file that keeps nothing of what is written to it."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write


class _Looking(pickle.Pickler):
    """Looks into functions and classes of the setup; copies no array."""

    def __init__(self, update: Callable[[Any], None]) -> None:
        super().__init__(
            _Written(update),
            protocol=5,
            buffer_callback=lambda buffer: update(buffer.raw()),
        )

    def reducer_override(self, thing: Any) -> Any:
        """Return what a thing is made of: a callable, its arguments, a state."""
        kind = type(thing)
        is_own = getattr(thing, "__module__", None) == "__main__"
        if isinstance(thing, ModuleType):
            if sys.modules.get(thing.__name__) is not thing:
                raise pickle.PicklingError("a module that nobody can import")
            return str, (thing.__name__,), [id(value) for value in vars(thing).values()]
        if is_tensor(thing):
            return str, (f"{kind.__name__} {thing.dtype}",), _parts_of(thing)
        if kind is FunctionType and is_own:
            cells = [cell.cell_contents for cell in thing.__closure__ or ()]
            state = thing.__defaults__, thing.__kwdefaults__, vars(thing), cells
            return str, (thing.__qualname__, id(thing.__code__)), state
        if issubclass(kind, type) and is_own:
            if not _HIDING.isdisjoint(vars(thing)):
                raise pickle.PicklingError("a class that says itself what it holds")
            return str, (thing.__qualname__,), (thing.__bases__, _attributes(thing))
        if kind is _LRU_CACHE and is_own:
            raise pickle.PicklingError("nobody sees what a cache holds")
        if kind in (staticmethod, classmethod):
            return str, (), thing.__func__
        if kind is property:
            return str, (), (thing.fget, thing.fset, thing.fdel)
        return NotImplemented


def _parts_of(tensor: Any) -> tuple[Any, ...]:
    slope = tensor.grad if tensor.is_leaf else None
    has_hooks = bool(tensor._backward_hooks)
    return tensor.detach().numpy(), tensor.requires_grad, has_hooks, slope, vars(tensor)


def _attributes(cls: type) -> dict[str, Any]:
    """Return a class's own, without those that Python keeps for itself."""
    own = vars(cls).items()
    return {name: value for name, value in own if name not in _PYTHONS}
