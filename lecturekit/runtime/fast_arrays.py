"""Flower's arrays, encoded and decoded without NumPy parsing each header anew.

The bytes of an Array are an .npy file: a header, which is a Python literal that says
dtype, order and shape, and then the numbers. A model's few headers are the same for
every client and round, so each is written and read once.

`fast_records.py` is the same for the records that arrays stand in.
"""

from functools import lru_cache
from io import BytesIO
from math import prod
from typing import Any, Literal

import numpy as np
from flwr.app import Array
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
    own: Array = object.__new__(Array)
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
