"""What a message weighs, and which model is in it.

The bytes of a message are those of its content in Flower's own serialisation (protocol
buffers), to the last byte; ids and addresses, some tens of bytes that differ from
engine to engine, are left out. To know the length of 100 MB it is not necessary to
write them: a field of n bytes takes n, plus its tag, plus the digits of n in base 128.

https://protobuf.dev/programming-guides/encoding/
"""

from hashlib import blake2b

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from .flower_private import proto_bytes


def message_bytes(message: Message) -> int:
    """Return the length of the message's content, or error, in Flower's encoding."""
    if message.has_error():
        return proto_bytes(message.error)
    return content_bytes(message.content)


def content_bytes(content: RecordDict) -> int:
    """Return `len(recorddict_to_proto(content).SerializeToString())`."""
    total = 0
    for key, record in content.items():
        size = (
            _array_record_bytes(record)
            if isinstance(record, ArrayRecord)
            else _value_record_bytes(record)
        )
        total += _field(_text(key) + _field(size))
    return total


def _array_record_bytes(record: ArrayRecord) -> int:
    return sum(
        _field(_text(key) + _field(_array_bytes(array)))
        for key, array in record.items()
    )


def _array_bytes(array: Array) -> int:
    shape = sum(map(_varint, array.shape))
    data = len(array.data)
    return (
        _text(array.dtype)
        + _text(array.stype)
        + (_field(shape) if shape else 0)
        + (_field(data) if data else 0)
    )


def _value_record_bytes(record: ConfigRecord | MetricRecord) -> int:
    total = 0
    for key, value in record.items():
        if isinstance(value, list):
            return proto_bytes(record)  # seldom: let Flower write it
        total += _field(_text(key) + _field(_value_bytes(value)))
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


class Fingerprints:
    """Content hashes of models, each model read once.

    The cohort of a round shares the bytes of its model. While those messages exist, and
    one of these with them, they are hashed for the first message only.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, content: RecordDict) -> str:
        """Return the hash of all names, dtypes, shapes and bytes; "" if none."""
        arrays = [
            (key, name, array)
            for key, record in content.items()
            if isinstance(record, ArrayRecord)
            for name, array in record.items()
        ]
        if not arrays:
            return ""
        head = repr([(key, name, a.dtype, a.shape) for key, name, a in arrays])
        same = (head, *[id(array.data) for _, _, array in arrays])
        if same not in self._known:
            model = blake2b(head.encode(), digest_size=16)
            for _, _, array in arrays:
                model.update(array.data)
            self._known[same] = model.hexdigest()
        return self._known[same]
