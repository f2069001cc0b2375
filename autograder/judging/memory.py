"""Memory that both sides hold: regions, and arrays as views of them.

An array is a window on bytes: where it begins, its dtype, shape and strides. Two arrays
over the same bytes are one value seen twice, and a function that returns a view of its
argument returns the argument. So bytes and windows cross the wall separately:

    region    a number and its bytes; they are sent again only if they have changed
    window    [region, offset, dtype, shape, strides], cheap to send again and again

A window from the other side is checked against its region before it is opened.
"""

import builtins
import ctypes
import re
import sys
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

from autograder.judging.errors import Malformed, Unsendable
from autograder.judging.limits import JudgeLimits

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_DTYPE = re.compile(r"[<>|=]?([biufcSU]\d{1,6}|[mM]8(\[\w{1,12}\])?)")
_MAX_DIMENSIONS = 32
_MAX_BYTES = JudgeLimits.message_bytes
_WHOLE_BELOW = 32_768  # bytes: a base this small crosses whole, with all its views

# Compares megabytes where they are, several times as fast as two `bytes`.
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)

Bytes = NDArray[np.uint8]


class _Window:
    """The bytes from `low` on, which are there as long as `owner` is."""

    def __init__(self, owner: Any, low: int, size: int, is_readonly: bool) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "typestr": "|u1",
            "shape": (size,),
            "data": (low, is_readonly),
        }


class Region:
    """Bytes of this side that the other side has a copy of.

    Parameters
    ----------
    owner : object
        Keeps the bytes in memory.
    low, size : int
        Where they are.
    is_readonly : bool
        True if nobody writes into them.

    Raises
    ------
    Unsendable
        If there are more bytes than may cross at once.
    """

    def __init__(self, owner: Any, low: int, size: int, is_readonly: bool) -> None:
        if size > _MAX_BYTES:  # before they are copied, which could take minutes
            raise Unsendable(
                f"expected an array of at most {_MAX_BYTES:,} bytes, got {size:,}"
            )
        self._memory = _Window(owner, low, size, is_readonly)
        self.bytes: Bytes = np.asarray(self._memory)
        self.low, self.size, self.is_readonly = low, size, is_readonly
        self.snapshot = self.bytes.tobytes()
        self.dtype = ""  # of the first window; says how to read the bytes
        self._num_refs = self._count()

    @property
    def owner(self) -> Any:
        """The object that keeps the bytes in memory."""
        return self._memory.owner

    @classmethod
    def received(cls, data: memoryview) -> "Region":
        """Return a region with memory of its own."""
        bytes_ = np.empty(len(data), np.uint8)
        region = cls(bytes_, bytes_.__array_interface__["data"][0], len(data), False)
        region.write(data)
        return region

    def write(self, data: memoryview) -> None:
        """Overwrite the bytes with those of the other side."""
        if self.is_readonly or len(data) != self.size:
            raise Malformed("expected the bytes of a region that can be written")
        self.bytes[:] = np.frombuffer(data, np.uint8)
        self.snapshot = bytes(data)

    def changes(self) -> bytes | None:
        """Return the bytes if they have changed since they last crossed."""
        if self.is_readonly or _memcmp(self.low, self.snapshot, self.size) == 0:
            return None
        self.snapshot = self.bytes.tobytes()
        return self.snapshot

    def is_idle(self) -> bool:
        """Tell whether nothing on this side can see the bytes any more."""
        return self._count() <= self._num_refs and _is_alone(self._memory)

    def _count(self) -> int:
        return sys.getrefcount(self.bytes) + sys.getrefcount(self._memory)


def _is_alone(memory: _Window) -> bool:
    """Tell whether nothing but this window keeps the owner of its memory."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not issubclass(type(memory.owner), torch.Tensor):
        return sys.getrefcount(memory.owner) <= 2  # the window's, and the call's own
    # Many tensors may stand for one storage: the storage knows how many.
    count = getattr(torch._C, "_storage_Use_Count", None)
    if count is None:
        return False
    return bool(count(memory.owner.untyped_storage()._cdata) <= 2)


def owner_of(array: NDArray[Any]) -> Any:
    """Return the object that holds an array's memory."""
    owner: Any = array
    while (base := getattr(owner, "base", None)) is not None:
        if isinstance(base, memoryview):
            base = base.obj
        owner = base
    return owner


def extent(array: NDArray[Any]) -> tuple[int, int]:
    """Return the addresses of the memory to share for an array: [low, high).

    That of the array it is a view of, unless this is much larger.
    """
    low, high = byte_bounds(array)
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    if whole is not array and whole.nbytes <= max(_WHOLE_BELOW, 4 * (high - low)):
        first, last = byte_bounds(whole)
        low, high = min(low, first), max(high, last)
    return low, high


def is_sendable(dtype: np.dtype[Any]) -> bool:
    """Tell whether arrays of this dtype are plain numbers or characters."""
    return _DTYPE.fullmatch(dtype.str) is not None


def window_of(array: NDArray[Any], region: Region) -> list[Any]:
    """Return where `array` lies in `region`: offset, dtype, shape, strides."""
    address = array.__array_interface__["data"][0]
    return [
        address - region.low,
        array.dtype.str,
        list(array.shape),
        list(array.strides),
    ]


def dtype_named(name: object) -> np.dtype[Any]:
    """Return the dtype of that name, if it is one of plain numbers or characters."""
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise Malformed(f"expected a dtype of numbers, got {str(name)[:40]!r}")
    return np.dtype(name)


def check_window(
    offset: Any, itemsize: int, shape: Any, strides: Any, size: int, limit: int
) -> None:
    """Refuse a window that does not lie inside `size` bytes, or shows too many.

    Parameters
    ----------
    limit : int
        How many bytes a window may show: strides of 0 repeat what is there.
    """
    numbers = [offset, *shape, *strides]
    if not all(type(n) is int and abs(n) < 2**62 for n in numbers):
        raise Malformed("expected an array's offset, shape and strides as integers")
    if (
        len(shape) != len(strides)
        or len(shape) > _MAX_DIMENSIONS
        or min(shape, default=0) < 0
    ):
        raise Malformed(f"expected a shape and its strides, got {shape}, {strides}")
    low = high = offset
    shown = itemsize
    for length, stride in zip(shape, strides, strict=True):
        reach = (length - 1) * stride
        low, high = low + min(0, reach), high + max(0, reach)
        shown *= length
    if shown > limit:
        raise Malformed(f"expected an array of at most {limit:,} bytes, got {shown:,}")
    if 0 not in shape and (low < 0 or high + itemsize > size):
        raise Malformed("expected an array inside its memory, got one beyond it")


def opened(
    region: Region | None, window: list[Any], is_writeable: bool, limit: int
) -> NDArray[Any]:
    """Return the array behind a window; an empty one has no region."""
    offset, name, shape, strides = window
    dtype = dtype_named(name)
    if not isinstance(shape, list) or not isinstance(strides, list):
        raise Malformed("expected lists for a shape and its strides")
    size = region.size if region is not None else 0
    check_window(offset, dtype.itemsize, shape, strides, size, limit)
    if region is None:
        if 0 not in shape and dtype.itemsize:
            raise Malformed("expected a region for an array that is not empty")
        return np.empty(shape, dtype)
    region.dtype = region.dtype or name
    array: NDArray[Any] = np.ndarray(tuple(shape), dtype, region.bytes, offset, strides)
    if not is_writeable:
        array.flags.writeable = False
    return array


def scalar(name: object, text: object) -> Any:
    """Return the NumPy scalar of a dtype and the hexadecimal digits of its bytes."""
    dtype = dtype_named(name)
    data = bytes.fromhex(text) if isinstance(text, str) else b""
    if len(data) != dtype.itemsize or not data:
        raise Malformed(f"expected {dtype.itemsize} bytes for {name}")
    return np.frombuffer(data, dtype)[0]


def check_array(array: NDArray[Any]) -> None:
    """Refuse arrays of objects and of records: their bytes are not their values."""
    if not is_sendable(array.dtype):
        raise Unsendable(f"an array of dtype {array.dtype} cannot be sent")
