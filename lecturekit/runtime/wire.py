"""What a message weighs, and which model is in it.

The bytes of a message are those of its content in Flower's own serialisation (protocol
buffers), to the last byte; ids and addresses, some tens of bytes that differ from
engine to engine, are left out. To know the length of 100 MB it is not necessary to
write them: a field of n bytes takes n, plus its tag, plus the digits of n in base 128.

https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

from flwr.app import ArrayRecord, Error

from .fast_records import filled
from .flower_private import proto_bytes

# A record that nobody can change: its key in the RecordDict; ArrayRecord, ConfigRecord
# or MetricRecord; (name, dtype, shape, stype, data) of each array, or (name, value) of
# each value, with tuples in place of lists. All of it plain tuples, which the garbage
# collector forgets.
SealedRecord = tuple[str, type, tuple[tuple[Any, ...], ...]]


def content_bytes(records: Iterable[SealedRecord]) -> int:
    """Return `len(recorddict_to_proto(content).SerializeToString())`."""
    total = 0
    for key, kind, entries in records:
        size = (
            sum(
                _array_bytes(name, dtype, shape, stype, len(data))
                for name, dtype, shape, stype, data in entries
            )
            if kind is ArrayRecord
            else _value_record_bytes(kind, entries)
        )
        total += _field(_text(key) + _field(size))
    return total


def error_bytes(error: Error) -> int:
    """Return `len(error_to_proto(error).SerializeToString())`."""
    return proto_bytes(error)


def fingerprint(records: Iterable[SealedRecord]) -> str:
    """Return the SHA-256 of all names, dtypes, shapes and bytes; "" if no arrays.

    SHA-256 because most processors have instructions for it: some 2 GB/s, less than a
    step of training needs for a model of any size. Half of it is written down.
    """
    arrays = [
        (key, *array)
        for key, kind, entries in records
        if kind is ArrayRecord
        for array in entries
    ]
    if not arrays:
        return ""
    head = tuple([array[:4] for array in arrays])  # key, name, dtype, shape
    model = sha256(_as_text(head))
    for *_, data in arrays:
        model.update(data)
    return model.hexdigest()[:32]


# A cohort's models differ in their numbers only: what is said about one of them holds
# for all, and for those of the next round.


@lru_cache(maxsize=64)
def _as_text(head: tuple[tuple[Any, ...], ...]) -> bytes:
    return repr(head).encode()


@lru_cache(maxsize=1024)
def _array_bytes(
    name: str, dtype: str, shape: tuple[int, ...], stype: str, num_bytes: int
) -> int:
    """Return the length of an array of `num_bytes` bytes, with its name."""
    dimensions = sum(map(_varint, shape))
    size = (
        _text(dtype)
        + _text(stype)
        + (_field(dimensions) if dimensions else 0)
        + (_field(num_bytes) if num_bytes else 0)
    )
    return _field(_text(name) + _field(size))


def _value_record_bytes(kind: type, entries: tuple[tuple[str, Any], ...]) -> int:
    total = 0
    for name, value in entries:
        if isinstance(value, tuple):  # seldom: let Flower write it
            lists = {n: list(v) if isinstance(v, tuple) else v for n, v in entries}
            return proto_bytes(filled(kind, lists))
        total += _field(_text(name) + _field(_value_bytes(value)))
    return total


def _value_bytes(value: bool | int | float | str | bytes) -> int:
    """Return the length of a value's field, of which there is always one."""
    if isinstance(value, bool):
        return 2
    if isinstance(value, int):
        if value >= 2**63:
            return 1 + _varint(value)  # a uint64
        return 1 + _varint(2 * value if value >= 0 else -2 * value - 1)
    if isinstance(value, float):
        return 9
    return _field(len(value.encode() if isinstance(value, str) else value))


def _text(value: str) -> int:
    """Return the length of a string's field; an empty one is not written."""
    length = len(value) if value.isascii() else len(value.encode())
    return _field(length) if length else 0


def _field(length: int) -> int:
    """Return the length of a field of `length` bytes with its tag and its size."""
    return 1 + _varint(length) + length


def _varint(number: int) -> int:
    """Return the number of digits of `number`, >= 0, in base 128."""
    return (number.bit_length() + 6) // 7 or 1
