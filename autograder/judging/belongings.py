"""What of ours may leave, how, and what the student's code may do with it.

By pickle go copies of what a student could import anyway: a dataset, a network, a
function of NumPy's. Lent is what has to stay: functions and objects that a test or a
setup cell defines, iterators, grids. With what is lent, student code can do little:
call a function, advance an iterator, read a public attribute. The `__globals__` of a
function would lead it to the expected values.
"""

import io
import pickle
import sys
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from flwr.clientapp import ClientApp
from flwr.serverapp import Grid

from autograder.judging import codec
from autograder.judging.parcels import Outgoing
from autograder.judging.proxy import Proxy
from lecturekit.runtime import Clock

_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, type)
_MAY = {
    "function": frozenset(("call",)),
    "iterator": frozenset(("next", "iter")),
    "grid": frozenset(("get",)),
    "app": frozenset(("call",)),
    "object": frozenset(
        ("call", "get", "set", "item", "set-item", "contains", "len", "iter", "next")
    ),
}


def lent_as(value: Any) -> str | None:
    """Return as what a thing of ours is lent, or None if a copy of it may go."""
    kind = type(value)
    if isinstance(value, Proxy):
        return None
    if isinstance(value, Grid):
        return "grid"
    if isinstance(value, Clock):
        return "object"  # a copy would stand still
    if isinstance(value, ClientApp):
        return "app"
    if isinstance(value, MethodType):
        is_ours = lent_as(value.__self__) or not _is_importable(value.__func__)
        return "function" if is_ours else None
    if isinstance(value, _FUNCTIONS):
        return None if _is_importable(value) else "function"
    if hasattr(kind, "__next__"):
        return "iterator"
    return None if _is_importable(kind) else "object"


def _is_importable(thing: Any) -> bool:
    """Tell whether the other side finds the same thing under the same name."""
    module, path = (
        getattr(thing, "__module__", None),
        getattr(thing, "__qualname__", ""),
    )
    owner = getattr(thing, "__self__", None)  # of a builtin function such as len
    if module is None and owner is not None:
        return _is_importable(type(owner))
    found: Any = sys.modules.get(str(module))
    if module == "__main__" or found is None:
        return False
    for name in path.split("."):
        found = getattr(found, name, None)
    return found is thing


def may(value: Any, operation: str, args: list[Any]) -> bool:
    """Tell whether the student's code may do this with a thing of ours."""
    if operation not in _MAY[lent_as(value) or "object"]:
        return False
    if operation in ("get", "set"):
        name = args[0] if args else None
        return isinstance(name, str) and not name.startswith("_")
    return True


def pickled(value: Any, out: Outgoing) -> bytes | None:
    """Return a copy of `value` for the other side, or None if it cannot be copied."""
    file = io.BytesIO()
    try:
        _Pickler(file, out).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError, ValueError):
        return None
    return file.getvalue()


class _Pickler(pickle.Pickler):
    """Leaves out of a copy what both sides share, and what is lent."""

    def __init__(self, file: io.BytesIO, out: Outgoing) -> None:
        super().__init__(file, protocol=5)
        self._out, self._root = out, True

    def persistent_id(self, value: Any) -> Any:
        if self._root:  # the object itself: it is being copied
            self._root = False
            return None
        if codec.is_shared(value) or isinstance(value, Proxy):
            return codec.encode(value, self._out)
        kind = type(value)
        if kind in codec.KIND_OF or kind in _COPIED:
            return None
        return codec.encode(value, self._out) if lent_as(value) else None


_COPIED = frozenset((str, int, float, bool, bytes, tuple, type(None), frozenset))
