"""Things that can change: how each kind is read, made and filled again.

A kind turns an object into a flat list of children and back. Both sides keep the list
of what crossed last, so that a change is seen by comparing two lists, and is carried
over by filling the copy, in place, with the new children.
"""

import builtins
import json
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np

from autograder.judging.errors import Malformed

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

Children = list[Any]


@dataclass(frozen=True)
class Kind:
    """How objects of one type cross the wall.

    Parameters
    ----------
    name : str
        The kind's name on the wire.
    type_ : type
        Objects of exactly this type are of this kind.
    read : callable
        Returns an object's children.
    fill : callable
        `fill(object, children)` makes an object have these children.
    blank : callable
        `blank(detail)` returns an object without children.
    detail : callable
        Returns what does not change about an object: plain JSON.
    by_value : bool
        True if children are compared by value, not by identity.
    """

    name: str
    type_: type
    read: Callable[[Any], Children]
    fill: Callable[[Any, Children], None]
    blank: Callable[[Any], Any]
    detail: Callable[[Any], Any] = lambda thing: None
    by_value: bool = False

    def is_same(self, old: Children, new: Children) -> bool:
        """Tell whether two readings are of an unchanged object."""
        if self.by_value:
            return old == new
        return len(old) == len(new) and all(map(is_, old, new))


def items_of(mapping: Any) -> Children:
    """Return keys and values in turn."""
    return [child for item in mapping.items() for child in item]


def fill_mapping(mapping: Any, children: Children) -> None:
    """Let `mapping` have these keys and values, in this order."""
    mapping.clear()
    for key, value in pairs(children):
        mapping[key] = value


def pairs(children: Children) -> Iterable[tuple[Any, Any]]:
    """Return keys and values, two by two."""
    if len(children) % 2:
        raise Malformed("expected a value for every key")
    return zip(children[::2], children[1::2], strict=True)


def _fill_list(whole: Any, children: Children) -> None:
    whole[:] = children


def _fill_set(whole: Any, children: Children) -> None:
    whole.clear()
    whole.update(children)


def _fill_deque(whole: Any, children: Children) -> None:
    whole.clear()
    whole.extend(children)


def _blank_deque(maxlen: Any) -> deque[Any]:
    return deque(maxlen=maxlen)


def _fill_bytes(whole: Any, children: Children) -> None:
    (data,) = children
    if not isinstance(data, bytes):
        raise Malformed("expected bytes")
    whole[:] = data


_BIT_GENERATORS = {
    cls.__name__: cls
    for cls in (
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.MT19937,
        np.random.Philox,
        np.random.SFC64,
    )
}


def _state_of(generator: np.random.Generator) -> Children:
    return [json.dumps(_plain(generator.bit_generator.state))]


def _plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state


def _set_state(generator: np.random.Generator, children: Children) -> None:
    (text,) = children
    state = json.loads(text)
    if not isinstance(state, dict) or not isinstance(state.get("state"), dict):
        raise Malformed("expected the state of a bit generator")
    inner = state["state"]
    for name, value in inner.items():
        if isinstance(value, list):
            inner[name] = np.array(value, np.uint64)
    if isinstance(state.get("buffer"), list):
        state["buffer"] = np.array(state["buffer"], np.uint64)
    generator.bit_generator.state = state


def _blank_generator(name: Any) -> np.random.Generator:
    if name not in _BIT_GENERATORS:
        raise Malformed(f"expected a bit generator of NumPy's, got {str(name)[:40]}")
    return np.random.Generator(_BIT_GENERATORS[name](0))


PLAIN_KINDS = (
    Kind("list", list, list, _fill_list, lambda detail: []),
    Kind("dict", dict, items_of, fill_mapping, lambda detail: {}),
    Kind("set", set, list, _fill_set, lambda detail: set()),
    Kind("deque", deque, list, _fill_deque, _blank_deque, lambda whole: whole.maxlen),
    Kind("ordered", OrderedDict, items_of, fill_mapping, lambda detail: OrderedDict()),
    Kind("counter", Counter, items_of, fill_mapping, lambda detail: Counter()),
    Kind("default", defaultdict, items_of, fill_mapping, lambda d: defaultdict(None)),
    Kind(
        "bytearray",
        bytearray,
        lambda whole: [bytes(whole)],
        _fill_bytes,
        lambda detail: bytearray(),
        by_value=True,
    ),
    Kind(
        "generator",
        np.random.Generator,
        _state_of,
        _set_state,
        _blank_generator,
        lambda generator: type(generator.bit_generator).__name__,
        by_value=True,
    ),
)
