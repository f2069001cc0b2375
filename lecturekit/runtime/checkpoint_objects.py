"""What an object remembers: its attributes, found by looking, put back in place.

A strategy is code and memory. The code is there again when a run goes on, because the
program that goes on makes the strategy anew, with the same arguments. The memory is its
attributes: FedAdam's two moments, FedAvgM's momentum, a counter. So an attribute is

    code      a function, class or module: left as it is
    a value   that `checkpoint_values` knows: saved, and put back
    a member  of an Enum: saved by its value
    an object with `state_dict` and `load_state_dict`, like torch's modules and
              optimizers: by these two
    an object with attributes and nothing else, like the strategy in a strategy of
              differential privacy: one level further down

and anything else is refused by its name. Two attributes that are one object, or refer
back to what holds them, are so again when the run goes on.
"""

from enum import Enum
from functools import lru_cache, partial
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from .checkpoint_values import Blobs, Tree, cannot_save, decode, encode

_CODE = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    ModuleType,
    partial,
    type,
    np.ufunc,
    type(np.mean),  # most of NumPy's functions
    type(lru_cache(len)),
)
_SUBJECT = 0  # the number of the object that the tree is of; others count from 1


class _Plain:
    """Has attributes, and nothing else."""


def encode_object(subject: object, blobs: Blobs, where: str) -> Tree:
    """Return the memory of `subject` as a tree: {attribute: {how: ...}}.

    Raises
    ------
    TypeError
        If an attribute cannot be saved; the sentence names it.
    """
    if not _is_plain_object(subject):
        raise cannot_save(subject, where)
    tree: dict[str, Tree] = {}
    blobs.meet(subject, {"shared": [_SUBJECT, tree]})
    _encode_attributes(subject, tree, blobs, where)
    return tree


def _encode_attributes(
    subject: object, tree: dict[str, Tree], blobs: Blobs, where: str
) -> None:
    for name, value in vars(subject).items():
        if not isinstance(value, _CODE):
            tree[name] = _encode_attribute(value, blobs, f"{where}.{name}")


def _encode_attribute(value: Any, blobs: Blobs, here: str) -> dict[str, Tree]:
    try:
        return {"value": encode(value, blobs, here)}
    except TypeError:
        node: dict[str, Tree]
        if isinstance(value, Enum):
            return {"member": encode(value.value, blobs, here)}
        if hasattr(value, "load_state_dict") and hasattr(value, "state_dict"):
            node = {"state": encode(value.state_dict(), blobs, here)}
            blobs.meet(value, node)
            return node
        if _is_plain_object(value):
            attributes: dict[str, Tree] = {}
            node = {"object": attributes}
            blobs.meet(value, node)  # before its attributes: they may refer to it
            _encode_attributes(value, attributes, blobs, here)
            return node
        raise


def _is_plain_object(value: object) -> bool:
    """Whether all that `value` remembers is in its attributes.

    Not if a class of it was written in C and has memory of its own, like an array's or
    a deque's, which makes it larger than objects are; nor if one has `__slots__`.
    """
    kind = type(value)
    return (
        hasattr(value, "__dict__")
        and kind.__basicsize__ <= _Plain.__basicsize__
        and kind.__itemsize__ == 0
        and not any(
            isinstance(slot, MemberDescriptorType) and name != "__dict__"
            for base in kind.__mro__
            for name, slot in vars(base).items()
        )
    )


def decode_object(subject: object, tree: Tree, blobs: Blobs, where: str) -> None:
    """Put the memory in `tree` back into `subject`.

    Raises
    ------
    ValueError
        If `subject` has no object where the checkpoint has the memory of one, or has
        one where it has two.
    """
    blobs.made[_SUBJECT] = subject
    _decode_attributes(subject, tree, blobs, where, {id(subject)})


def _decode_attributes(
    subject: object, tree: Tree, blobs: Blobs, where: str, filled: set[int]
) -> None:
    attributes = vars(subject)
    for name, node in tree.items():
        here = f"{where}.{name}"
        how, content, number = _opened(node)
        if isinstance(attributes.get(name), _CODE) and how == "object":
            continue  # older files have what some functions carry with them
        if how == "value":
            attributes[name] = decode(content, blobs)
            continue
        places = [name]  # and where else the same object was
        if number is not None:
            again = {"value": {"same_as": number}}
            places += [other for other, branch in tree.items() if branch == again]
        candidates = [attributes.get(place) for place in places]
        target: Any = next((c for c in candidates if _can_be_filled(c, how)), None)
        if target is None:
            raise ValueError(
                f"the checkpoint knows what {here} remembered, but it is "
                f"{candidates[0]!r} now: create it where the strategy is created, not "
                "in its first round"
            )
        if how == "member":
            attributes[name] = type(target)(decode(content, blobs))
            continue
        if id(target) in filled:
            raise ValueError(
                f"the checkpoint has {here} as an object of its own, but it is also "
                "another attribute now: create two where the strategy is created"
            )
        filled.add(id(target))
        attributes[name] = target
        if number is not None:
            blobs.made[number] = target
        if how == "state":
            target.load_state_dict(decode(content, blobs))
        else:
            _decode_attributes(target, content, blobs, here, filled)


def _can_be_filled(target: object, how: str) -> bool:
    """Whether the memory of an object that was saved this way fits into `target`."""
    if how == "member":
        return isinstance(target, Enum)
    if how == "state":
        return hasattr(target, "load_state_dict")
    return _is_plain_object(target)


def _opened(node: Tree) -> tuple[str, Tree, int | None]:
    """Return how an attribute was saved, as what, and its number if it was shared."""
    number = None
    ((how, content),) = node.items()
    if how == "shared":
        number, first = content
        ((how, content),) = first.items()
    return how, content, number


def settings_of(tree: Tree, where: str) -> dict[str, str]:
    """Return the numbers and strings in a tree of `encode_object`, as text, by name."""
    settings: dict[str, str] = {}
    for name, node in tree.items():
        how, content, _ = _opened(node)
        if how == "object":
            settings |= settings_of(content, f"{where}.{name}")
        elif how == "value" and isinstance(content, bool | int | float | str):
            settings[f"{where}.{name}"] = repr(content)
    return settings
