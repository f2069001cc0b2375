"""What an object remembers: its attributes, found by looking, put back in place.

A strategy is code and memory. The code is there again when a run goes on, because the
program that goes on makes the strategy anew, with the same arguments. The memory is its
attributes: FedAdam's two moments, FedAvgM's momentum, a counter. So an attribute is

    code      a function, class or module: left as it is
    a value   that `checkpoint_values` knows: saved, and put back
    an object with `state_dict` and `load_state_dict`, like torch's modules and
              optimizers: by these two
    an object with attributes, like the strategy in a strategy of differential privacy:
              one level further down

and anything else is refused by its name.
"""

from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from .checkpoint_values import Blobs, Tree, decode, encode

_CODE = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, partial, type)


def encode_object(subject: object, blobs: Blobs, where: str) -> Tree:
    """Return the memory of `subject` as a tree: {attribute: {how: ...}}.

    Raises
    ------
    TypeError
        If an attribute cannot be saved; the sentence names it.
    """
    return _encode_attributes(subject, blobs, where, seen=set())


def _encode_attributes(
    subject: object, blobs: Blobs, where: str, seen: set[int]
) -> dict[str, Tree]:
    seen.add(id(subject))
    tree: dict[str, Tree] = {}
    for name, value in vars(subject).items():
        here = f"{where}.{name}"
        if isinstance(value, _CODE) or id(value) in seen:
            continue  # seen: it refers back to what holds it
        try:
            tree[name] = {"value": encode(value, blobs, here)}
        except TypeError:
            if hasattr(value, "load_state_dict") and hasattr(value, "state_dict"):
                tree[name] = {"state": encode(value.state_dict(), blobs, here)}
            elif _is_plain_object(value):
                tree[name] = {"object": _encode_attributes(value, blobs, here, seen)}
            else:
                raise
    return tree


def _is_plain_object(value: object) -> bool:
    """Whether all that `value` remembers is in its attributes."""
    return hasattr(value, "__dict__") and not isinstance(
        value, (list, dict, set, tuple, str, bytes, BaseException)
    )


def decode_object(subject: object, tree: Tree, blobs: Blobs, where: str) -> None:
    """Put the memory in `tree` back into `subject`.

    Raises
    ------
    ValueError
        If `subject` has no object where the checkpoint has the memory of one.
    """
    attributes = vars(subject)
    for name, node in tree.items():
        here = f"{where}.{name}"
        ((how, content),) = node.items()
        if how == "value":
            attributes[name] = decode(content, blobs)
            continue
        target: Any = attributes.get(name)
        if how == "state" and hasattr(target, "load_state_dict"):
            target.load_state_dict(decode(content, blobs))
        elif how == "object" and _is_plain_object(target):
            decode_object(target, content, blobs, here)
        else:
            raise ValueError(
                f"the checkpoint knows what {here} remembered, but it is {target!r} "
                "now: create it where the strategy is created, not in its first round"
            )


def settings_of(tree: Tree, where: str) -> dict[str, str]:
    """Return the numbers and strings in a tree of `encode_object`, as text, by name."""
    settings: dict[str, str] = {}
    for name, node in tree.items():
        ((how, content),) = node.items()
        if how == "object":
            settings |= settings_of(content, f"{where}.{name}")
        elif how == "value" and isinstance(content, bool | int | float | str):
            settings[f"{where}.{name}"] = repr(content)
    return settings
