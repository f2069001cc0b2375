"""Values as JSON, numbered things and buffers; nothing in them can be run.

    None, True, 1.5, "text"        as themselves
    ["tuple", ...]                 a tag and what it needs; see `_ENCODERS`
    ["thing", 7]                   something that stands in the table of both sides

What does not fit is left to the side: the judge sends objects of its own by pickle or
lends them, the student's side lends everything else (`lend`). A lent thing stays where
it is; the other side gets a stand-in for it.

Decoding trusts nothing: every number, name and length is checked, and whatever goes
wrong is `Malformed`.
"""

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, Error, Metadata, RecordDict

from autograder.judging import tensors
from autograder.judging.errors import Malformed
from autograder.judging.flower_kinds import (
    FLOWER_KINDS,
    array_from,
    error_from,
    metadata_from,
    metadata_values,
)
from autograder.judging.kinds import PLAIN_KINDS, pairs
from autograder.judging.limits import MAX_DEPTH
from autograder.judging.memory import (
    dtype_named,
    is_sendable,
    opened,
    scalar,
    window_of,
)
from lecturekit.runtime.fast_records import FastRecordDict

if TYPE_CHECKING:
    from autograder.judging.parcels import Incoming, Outgoing

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

KINDS = {kind.name: kind for kind in (*PLAIN_KINDS, *FLOWER_KINDS)}
KIND_OF = {kind.type_: kind for kind in KINDS.values()}
KIND_OF[FastRecordDict] = KIND_OF[RecordDict]  # how the runtime delivers one

_AS_ITSELF = frozenset((type(None), bool, float, str))
_MAX_BITS = 8192  # of an integer: JSON's digits are limited
_CLASSES = {
    cls.__name__: cls
    for cls in (bool, int, float, complex, str, bytes, list, tuple, dict, set, object)
} | {cls.__name__: cls for cls in set(np.sctypeDict.values())}
_CLASS_NAMES = {cls: name for name, cls in _CLASSES.items()}
_DICT_VIEWS = {
    type({}.keys()): "keys",
    type({}.values()): "values",
    type({}.items()): "items",
}
_ATOMS = ((int, int.__int__), (float, float.__float__), (str, str.__str__))


def is_shared(value: Any) -> bool:
    """Tell whether `value` is memory or a generator: a copy holds the same one."""
    kind = type(value)
    return (
        (kind is np.ndarray and is_sendable(value.dtype))
        or kind is np.random.Generator
        or tensors.is_tensor(value)
    )


def encode(value: Any, out: "Outgoing", depth: int = 0) -> Any:
    """Return the node of a value."""
    kind = type(value)
    if kind in _AS_ITSELF:
        return value
    if kind is int:
        return value if value.bit_length() < _MAX_BITS else out.lend(value)
    entry = out.shared.entry_of(value)
    if entry is not None:
        return out.known(entry, value)
    if kind in KIND_OF:
        return out.thing(value, KIND_OF[kind])
    if kind is tuple or kind is frozenset:
        if depth > MAX_DEPTH:
            return out.lend(value)
        out.count(len(value))
        return [kind.__name__, *[encode(child, out, depth + 1) for child in value]]
    if kind is np.ndarray or kind is np.memmap:
        return _array(value, out)
    if kind is bytes:
        return ["bytes", out.buffer(value)]
    return _rarer(value, kind, out)


def _rarer(value: Any, kind: type, out: "Outgoing") -> Any:
    if issubclass(kind, np.generic) and is_sendable(value.dtype):
        return ["scalar", value.dtype.str, value.tobytes().hex()]
    if issubclass(kind, Array):
        data = out.buffer(value.data)
        return ["Array", value.dtype, list(value.shape), value.stype, data]
    if kind is Error:
        return ["Error", value.code, value.reason]
    if kind is Metadata:
        return ["Metadata", *metadata_values(value)]
    if kind in (slice, range):
        parts = (value.start, value.stop, value.step)
        return [kind.__name__, *[encode(part, out) for part in parts]]
    if kind is complex:
        return ["complex", value.real, value.imag]
    if issubclass(kind, np.dtype) and is_sendable(value):
        return ["dtype", value.str]
    if value is Ellipsis:
        return ["ellipsis"]
    if kind is type and value in _CLASS_NAMES:
        return ["class", _CLASS_NAMES[value]]
    if kind in _DICT_VIEWS:
        out.count(len(value))
        children = [encode(child, out) for child in value]
        return [_DICT_VIEWS[kind], *children]
    return _rarest(value, kind, out)


def _rarest(value: Any, kind: type, out: "Outgoing") -> Any:
    if tensors.is_tensor(value):
        return _tensor(value, out)
    if tensors.is_dtype(value):
        return ["torch-dtype", tensors.dtype_node(value)]
    for plain, convert in _ATOMS:  # an IntEnum, say
        if issubclass(kind, plain) and out.flattens_subclasses:
            return encode(convert(value), out)
    return out.lend(value)


def _array(array: Any, out: "Outgoing") -> Any:
    if not is_sendable(array.dtype):
        return out.lend(array)
    is_writeable = array.flags.writeable
    if array.size == 0:
        shape, strides = list(array.shape), list(array.strides)
        return ["array", 0, 0, array.dtype.str, shape, strides, is_writeable]
    number, region = out.region(array)
    return ["array", number, *window_of(array, region), is_writeable]


def _tensor(tensor: Any, out: "Outgoing") -> Any:
    if tensor.numel() == 0:
        return ["tensor", 0, *tensors.window_of(tensor, None)]
    number, region = out.region(tensors.memory_of(tensor))
    return ["tensor", number, *tensors.window_of(tensor, region)]


def decode(node: Any, parcel: "Incoming", depth: int = 0) -> Any:
    """Return the value of a node."""
    parcel.count()
    kind = type(node)
    if kind in _AS_ITSELF or kind is int:
        return node
    if kind is not list or not node or depth > MAX_DEPTH + 2:
        raise Malformed("expected a node")
    tag = node[0]
    if tag == "thing":
        _, number = node
        return parcel.thing(number)
    if tag == "array":
        _, number, *window, is_writeable = node
        region = parcel.shared.region(number) if number else None
        return opened(region, window, is_writeable is True, parcel.max_bytes)
    if tag == "tuple":
        return tuple([decode(child, parcel, depth + 1) for child in node[1:]])
    if tag == "bytes":
        _, index = node
        return bytes(parcel.buffer(index))
    return _decode_rarer(tag, node[1:], parcel, depth)


def _decode_rarer(tag: Any, rest: list[Any], parcel: "Incoming", depth: int) -> Any:
    if tag in ("slice", "range", "frozenset", "keys", "values", "items"):
        return _decode_parts(tag, [decode(part, parcel, depth + 1) for part in rest])
    if tag == "scalar":
        return scalar(*rest)
    if tag == "Array":
        dtype, shape, stype, index = rest
        return array_from(dtype, shape, stype, bytes(parcel.buffer(index)))
    if tag == "Error":
        return error_from(*rest)
    if tag == "Metadata":
        return metadata_from(rest)
    if tag == "complex":
        return complex(*rest)
    if tag == "dtype":
        return dtype_named(*rest)
    if tag == "class":
        return _CLASSES[rest[0]]
    if tag == "ellipsis":
        return ...
    if tag == "tensor":
        number, *window = rest
        region = parcel.shared.region(number) if number else None
        return tensors.opened(region, window, parcel.max_bytes)
    if tag == "torch-dtype":
        return tensors.dtype_named(*rest)
    raise Malformed(f"expected a known tag, got {str(tag)[:40]}")


def _decode_parts(tag: str, parts: list[Any]) -> Any:
    if tag == "slice":
        start, stop, step = parts
        return slice(start, stop, step)
    if tag == "range":
        return range(*parts)
    if tag == "frozenset":
        return frozenset(parts)
    if tag == "keys":
        return dict.fromkeys(parts).keys()
    if tag == "values":
        return dict(enumerate(parts)).values()
    flat = [half for pair in parts for half in pair]
    return dict(pairs(flat)).items()
