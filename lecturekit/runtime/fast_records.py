"""Flower's records, built without its checks: where a small message's time went.

A message of a tiny model is some twenty Python objects, and Flower checks the type of
every one that it puts into another, parses the header of every array, and answers
"which ArrayRecords have you?" anew each time. Here is the same, from values that are
known to be right:

    quick_arrays      the bytes of an Array are an .npy file: a header, then the numbers
    FastRecordDict    how a RecordDict answers that question
    filled            a record keeps its entries in `_data`
    delivered         what a message consists of

All of it depends on private parts of Flower; `flower_private.check` tries them.
"""

from functools import lru_cache
from io import BytesIO
from math import prod
from typing import Any, Literal

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from numpy.typing import NDArray


def quick_arrays() -> None:
    """Let Flower's own Array work as `encoded` and `decoded` do, in this whole process.

    An app says `ArrayRecord(net.state_dict())`, and the records are Flower's business:
    so it is Flower's two functions between values and bytes that have to be quicker.
    """
    Array.from_numpy_ndarray = staticmethod(encoded)  # type: ignore[method-assign]
    Array.numpy = decoded  # type: ignore[method-assign, assignment]


# What Flower itself does, to compare with: `quick_arrays` takes its place.
FLOWERS_ENCODING, FLOWERS_DECODING = Array.from_numpy_ndarray, Array.numpy


def encoded(ndarray: NDArray[Any]) -> Array:
    """Return Array(ndarray), byte by byte, in a quarter of the time.

    `np.save` works out the header of an .npy file anew for every array, and Flower
    checks what it has just written. A model's few headers are always the same.
    """
    assert isinstance(ndarray, np.ndarray), f"Expected NumPy ndarray, got {ndarray!r}"
    is_plain = type(ndarray) is np.ndarray and ndarray.dtype.kind in "biufc"
    if is_plain and ndarray.flags.c_contiguous:
        dtype, header = _npy_head(ndarray.dtype, ndarray.shape)
        data = b"".join((header, ndarray.data))
    else:
        file = BytesIO()
        np.save(file, ndarray, allow_pickle=False)
        dtype, data = str(ndarray.dtype), file.getvalue()
    return array_of(dtype, ndarray.shape, _NPY, data)


def decoded(array: Array) -> NDArray[Any]:
    """Return `array.numpy()`, a fresh and writable NumPy array, without `np.load`.

    The header of an .npy file is a Python literal, which `np.load` parses every time.
    """
    if array.stype != _NPY:
        raise TypeError(
            f"Unsupported serialization type for numpy conversion: '{array.stype}'"
        )
    data = array.data
    if data[:8] == b"\x93NUMPY\x01\x00":
        start = 10 + int.from_bytes(data[8:10], "little")
        shape, dtype, order = _npy_header(data[8:start])
        if not dtype.hasobject and len(data) - start == prod(shape) * dtype.itemsize:
            return np.ndarray(shape, dtype, data, start, order=order).copy("K")
    loaded: NDArray[Any] = np.load(BytesIO(data), allow_pickle=False)
    return loaded


def array_of(dtype: str, shape: tuple[int, ...], stype: str, data: bytes) -> Array:
    """Return an Array over `data`, unchecked."""
    own: Array = _empty(Array)
    # Not attribute by attribute: each would drop caches that do not exist yet.
    own.__dict__.update(dtype=dtype, shape=shape, stype=stype, data=data)
    return own


_NPY = "numpy.ndarray"  # Array.stype of an .npy file


@lru_cache(maxsize=1024)
def _npy_head(dtype: np.dtype[Any], shape: tuple[int, ...]) -> tuple[str, bytes]:
    """Return the name of `dtype`, and the beginning of a C-ordered .npy file."""
    file = BytesIO()
    description = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(file, description)
    return str(dtype), file.getvalue()


@lru_cache(maxsize=1024)
def _npy_header(
    header: bytes,
) -> tuple[tuple[int, ...], np.dtype[Any], Literal["F", "C"]]:
    """Parse an .npy header of version 1.0: shape, dtype, order in memory."""
    parsed = np.lib.format.read_array_header_1_0(BytesIO(header))
    shape, is_fortran_order, dtype = parsed
    return shape, dtype, "F" if is_fortran_order else "C"


class FastRecordDict(RecordDict):
    """A RecordDict whose views by kind are quick to make, and quick to go.

    Flower makes such a view for every question it has about a reply, five of them to
    average it. Its view refers to itself, so that view and reply stay in memory until
    the garbage collector comes by; ours does not.
    """

    __qualname__ = "RecordDict"  # Flower writes the class's name into an object's bytes

    @property
    def array_records(self) -> Any:
        """Dictionary holding only ArrayRecord instances."""
        return _view(self, ArrayRecord)

    @property
    def metric_records(self) -> Any:
        """Dictionary holding only MetricRecord instances."""
        return _view(self, MetricRecord)

    @property
    def config_records(self) -> Any:
        """Dictionary holding only ConfigRecord instances."""
        return _view(self, ConfigRecord)

    def __reduce__(self) -> tuple[type[RecordDict], tuple[dict[str, Any]]]:
        """Leave this process as a plain RecordDict."""
        return RecordDict, (dict(self),)


def _view(records: RecordDict, kind: type) -> Any:
    """Return the view that Flower makes, but for the object that checks new entries."""
    model = _VIEWS[kind]
    view = _empty(type(model))
    entries = {k: r for k, r in vars(records)["_data"].items() if isinstance(r, kind)}
    view.__dict__.update(vars(model), recorddict=records, _data=entries)
    return view


_VIEWS: dict[type, Any] = {
    ArrayRecord: RecordDict().array_records,
    MetricRecord: RecordDict().metric_records,
    ConfigRecord: RecordDict().config_records,
}


def filled(kind: type, entries: dict[str, Any]) -> Any:
    """Return a record of this kind that holds `entries`, unchecked.

    Flower checks the type of every entry that is set; for small models that is a large
    part of what a message costs.
    """
    own = _empty(kind)
    own.__dict__.update(_CHECKS[kind], _data=entries)
    return own


# What a record consists of, besides its entries: functions that check new ones.
_CHECKS: dict[type, dict[str, Any]] = {
    kind: vars(kind())
    for kind in (ArrayRecord, ConfigRecord, MetricRecord, RecordDict, FastRecordDict)
}


def delivered(message: Message, message_id: str, content: RecordDict | None) -> Message:
    """Return `message` as its receiver gets it: with this id and these records.

    Nothing but an error is shared with `message`, its metadata neither.
    """
    own, metadata = _empty(Message), _empty(type(message.metadata))
    metadata.__dict__.update(message.metadata.__dict__, _message_id=message_id)
    own.__dict__.update(message.__dict__, _metadata=metadata, _content=content)
    received: Message = own
    return received


def _empty(kind: type) -> Any:
    """Return an object of this kind without attributes: no constructor runs."""
    return object.__new__(kind)
