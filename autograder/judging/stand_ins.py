"""What stands in the student's process for things of the test's.

A function, an iterator, an object or a grid of the test is used here and does its work
on the judge's side.
"""

import builtins
from collections.abc import Callable, Iterable
from typing import Any

from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from autograder.judging.client_app import LentClientApp
from autograder.judging.peer import Peer

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))


class _Function:
    """A function or class of the test: called here, run there."""

    def __init__(self, far: Peer, name: str) -> None:
        self._far = far
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._far.request(self, "call", args, kwargs)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of the test>"


class _Iterator:
    """An iterator of the test: every item is fetched when it is asked for."""

    def __init__(self, far: Peer, name: str) -> None:
        self._far, self._name = far, name

    def __iter__(self) -> "_Iterator":
        return self

    def __next__(self) -> Any:
        return self._far.request(self, "next", (), {})

    def __repr__(self) -> str:
        return f"<{self._name} of the test>"


class _Object:
    """An object of the test's: public attributes, items, length, iteration, call."""

    def __init__(self, far: Peer, name: str) -> None:
        self.__dict__.update(_far=far, _name=name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._far.request(self, "get", (name,), {})

    def __setattr__(self, name: str, value: Any) -> None:
        self._far.request(self, "set", (name, value), {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._far.request(self, "call", args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._far.request(self, "item", (key,), {})

    def __setitem__(self, key: Any, value: Any) -> None:
        self._far.request(self, "set-item", (key, value), {})

    def __contains__(self, key: Any) -> bool:
        return bool(self._far.request(self, "contains", (key,), {}))

    def __len__(self) -> int:
        return int(self._far.request(self, "len", (), {}))

    def __iter__(self) -> Any:
        return self._far.request(self, "iter", (), {})

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{self._name} of the test>"


class _Grid(Grid):
    """A grid of the test: messages go over to it, and so do the clients' replies."""

    def __init__(self, far: Peer, name: str) -> None:
        self._far, self._name = far, name

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        function = self._far.request(self, "get", (method,), {})
        return function(*args, **kwargs)

    def set_run(self, run: Any) -> None:
        self._ask("set_run", run)

    @property
    def run(self) -> Any:
        return self._far.request(self, "get", ("run",), {})

    def create_message(
        self,
        content: RecordDict,
        message_type: str,
        dst_node_id: int,
        group_id: str,
        ttl: float | None = None,
    ) -> Message:
        message: Message = self._ask(
            "create_message", content, message_type, dst_node_id, group_id, ttl
        )
        return message

    def get_node_ids(self) -> Iterable[int]:
        node_ids: list[int] = self._ask("get_node_ids")
        return node_ids

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        message_ids: list[str] = self._ask("push_messages", list(messages))
        return message_ids

    def pull_messages(
        self, message_ids: Iterable[str], **options: float | None
    ) -> Iterable[Message]:
        ids = list(message_ids)
        replies: list[Message] = self._ask("pull_messages", ids, **options)
        return replies

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> Iterable[Message]:
        asked = list(messages)
        replies: list[Message] = self._ask("send_and_receive", asked, timeout=timeout)
        return replies

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._far.request(self, "get", (name,), {})

    def __repr__(self) -> str:
        return f"<{self._name} of the test>"


STAND_INS: dict[str, Callable[[Any, Any], Any]] = {
    "function": _Function,
    "iterator": _Iterator,
    "object": _Object,
    "grid": _Grid,
    "app": LentClientApp,
}
