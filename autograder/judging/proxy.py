"""What a test holds in place of a student's function, class or object.

A proxy can be called, read, written, iterated over and used in `with`; what comes back
is a value or another proxy. It is never a value itself: it cannot be compared, counted
with or put into an array, because then the student's own `__eq__` or `__float__` would
decide a mark.
"""

import operator
from typing import Any, NoReturn


class Proxy:
    """Stands for an object of the student's.

    Parameters
    ----------
    peer : Peer
        The judge's end of the conversation.
    name, kind : str
        What the student's side says that the object and its class are called.
    """

    def __init__(self, peer: Any, name: str, kind: object) -> None:
        if not isinstance(kind, str):  # class Mine(Proxy): ...
            raise TypeError("a class of the student's cannot be a base class in a test")
        self.__dict__.update(_peer=peer, _name=name, _kind=kind)

    def _ask(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        return self._peer.request(self, operation, args, kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        return self._peer.request(self, "call", args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python and NumPy ask for many that do not exist
            raise AttributeError(name)
        return self._ask("get", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("set", name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._ask("item", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("set-item", key, value)

    def __contains__(self, key: Any) -> bool:
        return self._ask("contains", key) is True

    def __len__(self) -> int:
        return operator.index(self._ask("len"))

    def __iter__(self) -> Any:
        found = self._ask("iter")
        return found if isinstance(found, Proxy) else iter(found)

    def __next__(self) -> Any:
        return self._ask("next")

    def __enter__(self) -> Any:
        return self._ask("enter")

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._ask("exit")

    def __copy__(self) -> Any:
        return self._ask("copy")

    def __deepcopy__(self, memo: Any) -> Any:
        return self._ask("deepcopy")

    def __repr__(self) -> str:
        what = "" if self._kind in ("function", "type") else f" of class {self._kind}"
        return f"<{self._name}{what}>"

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"expected a value (a number, an array, a list, ...), got {self!r}"
        )

    __bool__ = __float__ = __int__ = __index__ = __complex__ = _refuse
    __array__ = __reduce_ex__ = _refuse
