"""Flower's records, messages and contexts as kinds of things that cross the wall."""

import builtins
from dataclasses import fields
from typing import Any

from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Context,
    Error,
    Message,
    Metadata,
    MetricRecord,
    RecordDict,
)
from flwr.serverapp.strategy import Result

from autograder.judging.errors import Malformed
from autograder.judging.kinds import Children, Kind, fill_mapping, items_of

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_METADATA = (
    "run_id",
    "message_id",
    "src_node_id",
    "dst_node_id",
    "reply_to_message_id",
    "group_id",
    "created_at",
    "ttl",
    "message_type",
    "src_task_id",
    "dst_task_id",
)
_CONTEXT = ("run_id", "node_id", "node_config", "state", "run_config", "series_id")
_RESULT = tuple(field.name for field in fields(Result))


def metadata_values(metadata: Metadata) -> Children:
    """Return the values of a message's metadata, in a fixed order."""
    return [getattr(metadata, name) for name in _METADATA]


def metadata_from(values: Children) -> Metadata:
    """Return the metadata with these values."""
    given = dict(zip(_METADATA, values, strict=True))
    for name, value in given.items():
        if value is not None and type(value) not in (int, float, str):
            raise Malformed(f"expected a number or a string for {name}")
    return Metadata(**given)


def _read_message(message: Message) -> Children:
    content = message.content if message.has_content() else None
    error = message.error if message.has_error() else None
    return [content, error, *metadata_values(message.metadata)]


def _fill_message(message: Message, children: Children) -> None:
    content, error, *values = children
    if not isinstance(content, RecordDict | None) or not isinstance(
        error, Error | None
    ):
        raise Malformed("expected a RecordDict or an Error in a message")
    metadata = metadata_from(values)
    if "_metadata" in message.__dict__:  # what refers to it shall see the change
        message.metadata.__dict__.update(metadata.__dict__)
        message.__dict__.update(_content=content, _error=error)
    else:
        # Flower's engines make messages with given metadata in this way.
        make: Any = Message.__init__
        make(message, metadata=metadata, content=content, error=error)


def _read_context(context: Context) -> Children:
    return [getattr(context, name) for name in _CONTEXT]


def _fill_context(context: Context, children: Children) -> None:
    for name, value in zip(_CONTEXT, children, strict=True):
        setattr(context, name, value)
    if not isinstance(context.state, RecordDict):
        raise Malformed("expected a RecordDict as a context's state")


def _read_result(result: Result) -> Children:
    return [getattr(result, name) for name in _RESULT]


def _fill_result(result: Result, children: Children) -> None:
    for name, value in zip(_RESULT, children, strict=True):
        setattr(result, name, value)


def array_from(dtype: Any, shape: Any, stype: Any, data: Any) -> Array:
    """Return Flower's Array with these four fields, if they are of the right types."""
    if not isinstance(shape, list) or not all(type(n) is int for n in shape):
        raise Malformed("expected a shape of integers")
    return Array(dtype, tuple(shape), stype, data)


def error_from(code: Any, reason: Any) -> Error:
    """Return Flower's Error, if its fields are of the right types."""
    if type(code) is not int or not isinstance(reason, str | None):
        raise Malformed("expected an error's code and reason")
    return Error(code, reason)


def _kind_of_record(cls: type) -> Kind:
    return Kind(cls.__name__, cls, items_of, fill_mapping, lambda detail: cls())


FLOWER_KINDS = (
    *map(_kind_of_record, (ArrayRecord, ConfigRecord, MetricRecord, RecordDict)),
    Kind(
        "Message",
        Message,
        _read_message,
        _fill_message,
        lambda detail: Message.__new__(Message),
    ),
    Kind(
        "Context",
        Context,
        _read_context,
        _fill_context,
        lambda detail: Context.__new__(Context),
    ),
    Kind(
        "Result",
        Result,
        _read_result,
        _fill_result,
        lambda detail: Result.__new__(Result),
    ),
)
