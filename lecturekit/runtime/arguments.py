"""Argument checks: which argument is wrong, what was expected and what came.

Whole numbers have theirs in `lecturekit.data.checks`.
"""

from collections.abc import Iterable
from math import inf
from numbers import Real
from types import UnionType
from typing import Any

from flwr.app import Message

_SHOWN = 80  # characters: a message with a large model has a long repr


def check_kind(name: str, value: object, kind: type | UnionType, expected: str) -> None:
    """Refuse a `value` that is not a `kind`, with a TypeError.

    Examples
    --------
    >>> check_kind("server_app", 7, str | None, "a name")
    Traceback (most recent call last):
        ...
    TypeError: server_app must be a name, got 7
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {expected}, got {value!r:.{_SHOWN}}")


def check_method(name: str, value: object, method: str, expected: str) -> None:
    """Refuse a `value` without this method, or a class in place of its instance."""
    if isinstance(value, type) or not callable(getattr(value, method, None)):
        raise TypeError(f"{name} must be {expected}, got {value!r:.{_SHOWN}}")


def check_number(
    name: str, value: float, low: float, high: float, expected: str
) -> None:
    """Refuse a `value` that is not a number, low <= value <= high.

    Raises
    ------
    TypeError
        If it is not a number, such as "10".
    ValueError
        If it lies outside, or is nan.
    """
    if not isinstance(value, Real):
        raise TypeError(
            f"{name} must be a number ({expected}), got {value!r:.{_SHOWN}}"
        )
    if not low <= value <= high:
        raise ValueError(f"{name} must be {expected}, got {value!r}")


def as_list(name: str, values: Iterable[Any], kind: type, expected: str) -> list[Any]:
    """Return `values` as a list; refuse anything but several of a `kind`."""
    if isinstance(values, kind | str) or not isinstance(values, Iterable):
        raise TypeError(
            f"{name} must be a list of {expected}, got {values!r:.{_SHOWN}}: "
            "put it into a list, [...]"
        )
    listed = list(values)
    for value in listed:
        if not isinstance(value, kind):
            raise TypeError(
                f"{name} must be a list of {expected}, "
                f"got {value!r:.{_SHOWN}} among them"
            )
    return listed


def as_messages(messages: Iterable[Message]) -> list[Message]:
    """Return `messages` as a list; refuse what cannot be sent, or not at once."""
    listed = as_list("messages", messages, Message, "Messages")
    if len({*map(id, listed)}) < len(listed):
        raise ValueError(
            "messages must be different objects, got one of them twice: build a "
            "Message for each reply that you want"
        )
    return listed


def check_timeout(timeout: float | None) -> None:
    """Refuse a `timeout` that is not a time to wait."""
    if timeout is not None:
        check_number("timeout", timeout, 0, inf, "at least 0 s or None")
