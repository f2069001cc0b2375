"""Flower's records, built without its checks: where a small message's time went.

A message of a tiny model is some twenty Python objects, and Flower checks the type of
every one that it puts into another and answers "which ArrayRecords have you?" anew each
time. Here is the same, from values that are known to be right:

    FastRecordDict    how a RecordDict answers that question
    filled            a record keeps its entries in `_data`
    delivered         what a message consists of

All of it depends on private parts of Flower; `flower_private.check` tries them.
"""

from typing import Any

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict


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
