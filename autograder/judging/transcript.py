"""What a student's code said during a test, as one short digest.

Two answers that say the same fail for the same reason. The digest is over all values
that crossed from the student's side, rounded so that another order of summation does
not show: 5 significant digits of double precision, 4 of single, 2 of half.

A value that refers to its parts many times over (a list that holds a list twice, that
holds a list twice, ...) is endless when it is written out; no more of it is read than
an honest answer could hold.
"""

import hashlib
import math
from typing import Any

import numpy as np
from flwr.app import Array

from autograder.judging.codec import KIND_OF
from autograder.judging.memory import Region
from autograder.judging.tensors import is_tensor

_DIGITS = {2: 2, 4: 4, 8: 5, 16: 5}  # by bytes of a real number
_NOISE = 1e-6  # what is smaller than this part of the largest number counts as 0
_MAX_NESTED = 50
_MAX_VALUES = 500_000
_MAX_BYTES = 300_000_000


class Transcript:
    """A digest that grows with every value."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add_step(self, operation: str) -> None:
        """Note that something of the test's was used, without a value."""
        self._hash.update(operation.encode())

    def add(self, verb: str, value: Any) -> None:
        """Note a value."""
        canonical = _canonical(value, (), _Budget())
        self._hash.update(repr((verb, canonical)).encode())

    def digest(self) -> str:
        """Return the digest of all that was noted."""
        return self._hash.hexdigest()


class _Budget:
    """How much of a value is still read."""

    def __init__(self) -> None:
        self._values, self._bytes = _MAX_VALUES, _MAX_BYTES

    def allows(self, value: Any) -> bool:
        """Count one more value; tell whether it may still be read."""
        self._values -= 1
        packed = value.data if isinstance(value, Array) else value
        size = packed.size if isinstance(packed, Region) else _size_of(packed)
        self._bytes -= size
        return self._values >= 0 and self._bytes >= 0


def _size_of(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, np.ndarray) or is_tensor(value):
        return int(value.nbytes)
    return 0


def _canonical(value: Any, above: tuple[int, ...], budget: _Budget) -> Any:
    """Return what `value` is, in plain data with a stable `repr`."""
    kind = type(value)
    if not budget.allows(value):
        return "..."
    if kind is float:
        return _rounded(value)
    if value is None or kind in (bool, int, str, bytes):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _canonical_array(np.asarray(value))
    if isinstance(value, Region):
        return _canonical_region(value)
    if isinstance(value, Array):
        return _canonical_packed(value)
    if is_tensor(value):
        numbers = value.detach()
        whole = numbers.float() if str(value.dtype) == "torch.bfloat16" else numbers
        return str(value.dtype), _canonical_array(whole.numpy())
    if id(value) in above or len(above) > _MAX_NESTED:
        return "..."
    return kind.__name__, _children_of(value, (*above, id(value)), budget)


def _children_of(value: Any, above: tuple[int, ...], budget: _Budget) -> list[Any]:
    kind = KIND_OF.get(type(value))
    if kind is not None:
        if kind.name == "Message":  # its other fields name times and addresses
            children = [value.content if value.has_content() else "error"]
        else:
            children = kind.read(value)
    elif isinstance(value, tuple):
        children = list(value)
    else:
        return []
    found = [_canonical(child, above, budget) for child in children]
    return sorted(found, key=repr) if kind is not None and kind.name == "set" else found


def _canonical_array(array: Any) -> Any:
    if array.dtype.kind not in "fc":
        return array.dtype.str, array.shape, array.tobytes()
    real = np.ascontiguousarray(array).reshape(-1).view(f"f{_real_bytes(array.dtype)}")
    return array.dtype.str, array.shape, _rounded_all(real).tobytes()


def _real_bytes(dtype: np.dtype[Any]) -> int:
    return dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize


def _canonical_region(region: Region) -> Any:
    name = region.dtype.removeprefix("torch.")
    try:
        dtype = np.dtype(name)
    except TypeError:
        return region.bytes.tobytes()
    whole = region.size - region.size % dtype.itemsize
    return _canonical_array(region.bytes[:whole].view(dtype))


def _canonical_packed(packed: Array) -> Any:
    try:
        return "Array", _canonical_array(packed.numpy())
    except Exception:  # its bytes may be anything
        return "Array", packed.dtype, packed.shape, packed.data


def _rounded_all(numbers: Any) -> Any:
    """Round to significant digits, and what is noise to 0."""
    digits = _DIGITS.get(numbers.dtype.itemsize, 4)
    with np.errstate(all="ignore"):
        wide = np.asarray(numbers, np.float64)
        size = np.abs(wide)
        largest = np.max(size, initial=0.0, where=np.isfinite(size))
        wide = np.where(size < _NOISE * largest, 0.0, wide)
        power = np.floor(np.log10(np.where((size > 0) & np.isfinite(size), size, 1.0)))
        unit = 10.0 ** (power - digits + 1)
        rounded = np.where(np.isfinite(wide), np.round(wide / unit) * unit, wide)
        return np.float32(rounded) + np.float32(0)  # -0.0 is 0.0


def _rounded(number: float) -> str:
    if number == 0 or not math.isfinite(number):
        return repr(abs(number) if number == 0 else number)
    return f"{number:.5g}"
