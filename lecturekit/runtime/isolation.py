"""What a wire does for free: sender and receiver never hold the same object.

Flower's strategies put one RecordDict into the messages to the whole cohort. Over a
network each client gets its own copy. In one process, without a copy, a client that
writes `message.content["config"]["lr"] = 1` would change its neighbours' learning rate;
and a client that keeps its reply could change it after the server has it.

So what is on its way is *sealed*: tuples, numbers and the same `bytes`, which nobody
can change. Who receives it opens it into records of its own:

    RecordDict  --seal-->  (key, kind, ((name, dtype, shape, stype, bytes), ...)), ...
                --open-->  another RecordDict over the same bytes

A model of 1 GB costs what one of 20 kB costs. A cohort's messages share one sealed
content, so its bytes are counted once and its model is hashed once.
"""

from typing import Any, NamedTuple

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from .fast_arrays import array_of
from .fast_records import FastRecordDict, delivered, filled
from .wire import SealedRecord, content_bytes, error_bytes, fingerprint


class Sealed:
    """Records on their way.

    Parameters
    ----------
    content : RecordDict
        Read now and never again: later changes of it do not show.
    """

    __slots__ = ("_model", "_num_bytes", "records")

    def __init__(self, content: RecordDict) -> None:
        self.records = tuple([_sealed(key, content[key]) for key in content])
        self._num_bytes: int | None = None
        self._model: str | None = None

    def opened(self) -> RecordDict:
        """Return new records that share nothing but immutable bytes with others."""
        records = {key: _opened(kind, entries) for key, kind, entries in self.records}
        own: RecordDict = filled(FastRecordDict, records)
        return own

    def metrics(self) -> dict[str, Any]:
        """Return all metrics, by name, in a new dictionary."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for _, kind, entries in self.records
            if kind is MetricRecord
            for name, value in entries
        }

    @property
    def num_bytes(self) -> int:
        """The length in Flower's own serialisation."""
        if self._num_bytes is None:
            self._num_bytes = content_bytes(self.records)
        return self._num_bytes

    @property
    def model(self) -> str:
        """The hash of all arrays, their names, dtypes and shapes; "" if none."""
        if self._model is None:
            self._model = fingerprint(self.records)
        return self._model


def _sealed(key: str, record: Any) -> SealedRecord:
    entries = record.items()
    if isinstance(record, ArrayRecord):
        arrays = [(n, a.dtype, tuple(a.shape), a.stype, a.data) for n, a in entries]
        return key, ArrayRecord, tuple(arrays)
    values = [(n, tuple(v) if isinstance(v, list) else v) for n, v in entries]
    is_config = isinstance(record, ConfigRecord)
    return key, ConfigRecord if is_config else MetricRecord, tuple(values)


def _opened(kind: type, entries: tuple[tuple[Any, ...], ...]) -> Any:
    if kind is ArrayRecord:
        return filled(kind, {name: array_of(*array) for name, *array in entries})
    lists = {n: list(v) if isinstance(v, tuple) else v for n, v in entries}
    return filled(kind, lists)


class SealedReply(NamedTuple):
    """A client's reply on its way to the server.

    Parameters
    ----------
    envelope : Message
        The reply without its content: addresses, or the error.
    content : Sealed or None
        None in place of an error.
    """

    envelope: Message
    content: Sealed | None

    @classmethod
    def of(cls, reply: Message) -> "SealedReply":
        """Seal `reply`, which stays the client's."""
        reply_id = f"reply-to-{reply.metadata.reply_to_message_id}"
        content = Sealed(reply.content) if reply.has_content() else None
        return cls(delivered(reply, reply_id, None), content)

    def opened(self) -> Message:
        """Return the reply as the server receives it, with records of its own."""
        content = self.content.opened() if self.content else None
        return delivered(self.envelope, self.envelope.metadata.message_id, content)

    @property
    def num_bytes(self) -> int:
        """The length of the content, or the error, in Flower's own serialisation."""
        if self.content is None:
            return error_bytes(self.envelope.error)
        return self.content.num_bytes
