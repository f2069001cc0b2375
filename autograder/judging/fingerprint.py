"""Tell whether what the setup cells made is still as they left it.

A test may change an object of the setup, or let the student's code change it. That is
seen in the object's pickle. Functions and classes of the setup, which a pickle only
names, are looked into; what cannot be pickled has no fingerprint, and counts as
changed.
"""

import hashlib
import pickle
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from autograder.judging.tensors import is_tensor


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
        if kind is FunctionType and thing.__module__ == "__main__":
            cells = [cell.cell_contents for cell in thing.__closure__ or ()]
            state = thing.__defaults__, thing.__kwdefaults__, vars(thing), cells
            return str, (thing.__qualname__,), state
        if issubclass(kind, type) and thing.__module__ == "__main__":
            return str, (thing.__qualname__,), (thing.__bases__, _attributes(thing))
        if kind in (staticmethod, classmethod):
            return str, (), thing.__func__
        if kind is property:
            return str, (), (thing.fget, thing.fset, thing.fdel)
        if kind is ModuleType:
            return str, (thing.__name__,)
        if is_tensor(thing):
            slope = thing.grad if thing.is_leaf else None
            numbers = thing.detach().numpy()
            return str, (str(thing.dtype),), (numbers, thing.requires_grad, slope)
        return NotImplemented


def _attributes(cls: type) -> dict[str, Any]:
    """Return a class's own, without those that Python keeps for itself."""
    own = vars(cls).items()
    return {
        name: value
        for name, value in own
        if isinstance(value, FunctionType) or not name.startswith(("__", "_abc_"))
    }
