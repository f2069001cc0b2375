"""One end of the conversation: it asks, answers while it waits, and gets an answer.

    ["do", thing, operation, arguments, keywords, seeds]
    ["return", value]
    ["raise", names, message, number, line]
    ["cannot", why]                              send what was to be returned

A call may call back before it returns, to any depth: the student's code calls a
function of the test, which calls the student's code again. One loop serves both ends.
"""

import builtins
import operator
import socket
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any

from autograder.judging import codec
from autograder.judging.errors import Closed, Malformed, NoValue, Stopped
from autograder.judging.failures import Raised, text_of
from autograder.judging.frames import Frames
from autograder.judging.limits import MAX_TEXT, JudgeLimits
from autograder.judging.parcels import Incoming, Outgoing
from autograder.judging.shared import Shared

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))


def _call(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _enter(manager: Any) -> Any:
    return manager.__enter__()


def _exit(manager: Any) -> Any:
    return manager.__exit__(None, None, None)


def _no_end_of_loop(error: BaseException, operation: str) -> BaseException:
    """Return what to raise: only `next` may end a loop of the caller's.

    `map(mean, cases)` in a test would take a StopIteration out of `mean` for the end of
    the cases, and would have checked none of them.
    """
    if isinstance(error, StopIteration) and operation != "next":
        ended = RuntimeError(f"a {operation} raised StopIteration")
        ended.__cause__ = error
        return ended
    return error


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": _call,
    "get": getattr,
    "set": setattr,
    "item": operator.getitem,
    "set-item": operator.setitem,
    "contains": operator.contains,
    "len": len,
    "iter": iter,
    "next": next,
    "enter": _enter,
    "exit": _exit,
    "copy": copy,
    "deepcopy": deepcopy,
}


class Peer:
    """What both ends have in common.

    Parameters
    ----------
    sock : socket.socket
        Connected to the other end.
    limits : JudgeLimits
        How much may cross.
    sign : int
        +1 on the judge's side, -1 on the student's.
    """

    flattens_subclasses = False

    def __init__(self, sock: socket.socket, limits: JudgeLimits, sign: int) -> None:
        self._limits = limits
        self._frames = Frames(
            sock, limits.message_bytes, limits.header_bytes, limits.test_bytes
        )
        self._shared = Shared(sign)
        self._raised = Raised()

    def request(
        self, thing: Any, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Let the other side do something with a thing of its own; return the result.

        Raises
        ------
        BaseException
            What the other side raised.
        NoValue
            If the result cannot be sent.
        """
        last = self._shared.last
        try:
            out = self._outgoing()
            payload = [
                "do",
                codec.encode(thing, out),
                operation,
                [codec.encode(value, out) for value in args],
                [[name, codec.encode(value, out)] for name, value in kwargs.items()],
                self.seeds(operation, out),
            ]
            self._send(payload, out)
        except BaseException:
            self._shared.forget_since(last)
            raise
        while True:
            verb, parts = self._receive()
            if verb == "return":
                (value,) = parts
                return value
            if verb == "raise":
                raise _no_end_of_loop(parts[0], operation)
            if verb == "cannot":
                raise NoValue(parts[0])
            self._answer(*parts)

    def _answer(
        self, thing: Any, operation: str, args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        last = self._shared.last
        try:
            try:
                value = self.perform(thing, operation, args, kwargs)
            except Stopped:
                raise
            except BaseException as error:
                described = self._raised.described(error, self.line_of(error))
                self._send(["raise", *described], self._outgoing())
            else:
                out = self._outgoing()
                self._send(["return", codec.encode(value, out)], out)
        except (Stopped, Closed):
            raise
        except BaseException as error:  # not "raise": it is no refusal of the caller's
            self._shared.forget_since(last)
            self._send(["cannot", text_of(error)], self._outgoing())

    def _outgoing(self) -> Outgoing:
        return Outgoing(
            self._shared, self.lend, flattens_subclasses=self.flattens_subclasses
        )

    def _send(self, payload: list[Any], out: Outgoing) -> None:
        self._frames.send(out.finished(payload), out.buffers)

    def _receive(self) -> tuple[str, list[Any]]:
        """Return the verb of the next frame, and its parts as values."""
        header, buffers = self._frames.receive(self.deadline())
        limits = self._limits
        incoming = Incoming(
            self._shared,
            buffers,
            self.stand_in,
            limits.message_bytes,
            limits.num_items,
        )
        try:
            verb, *nodes = incoming.unpacked(header)
            parts = self._decoded(verb, nodes, incoming)
            incoming.forget_dropped()
        except Malformed:
            raise
        except Exception as error:  # whatever else hostile bytes lead to
            raise Malformed(f"{type(error).__name__}: {error}") from error
        self.heard(verb, parts, incoming.touched)
        return verb, parts

    def _decoded(self, verb: Any, nodes: list[Any], incoming: Incoming) -> list[Any]:
        if verb == "return":
            (node,) = nodes
            return [codec.decode(node, incoming)]
        if verb == "raise":
            return list(self._raised.rebuilt(nodes))
        if verb == "cannot":
            (text,) = nodes
            if not isinstance(text, str):
                raise Malformed("expected why a value cannot be sent")
            return [text[:MAX_TEXT]]
        if verb != "do":
            raise Malformed(f"expected a verb, got {str(verb)[:40]}")
        target, operation, args, kwargs, seeds = nodes
        if not isinstance(operation, str):
            raise Malformed("expected the name of an operation")
        thing = codec.decode(target, incoming)
        values = [codec.decode(node, incoming) for node in args]
        named = {str(name): codec.decode(node, incoming) for name, node in kwargs}
        self.seed(codec.decode(seeds, incoming))
        return [thing, operation, values, named]

    # What differs between the two ends.

    def perform(
        self, thing: Any, operation: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Do what the other side asks for."""
        return OPERATIONS[operation](thing, *args, **kwargs)

    def lend(self, value: Any, out: Outgoing) -> Any:
        """Return the node of a value that has no code of its own."""
        raise NotImplementedError

    def stand_in(self, number: int, kind: str, detail: Any, incoming: Incoming) -> Any:
        """Return what stands on this side for a thing of the other side."""
        raise NotImplementedError

    def deadline(self) -> float | None:
        """Return until when an answer is waited for, a `time.monotonic()`."""
        return None

    def line_of(self, error: BaseException) -> list[Any] | None:
        """Return where the student's code raised `error`."""
        return None

    def seeds(self, operation: str, out: Outgoing) -> Any:
        """Return the node of the states that the global generators shall have."""
        return None

    def seed(self, states: Any) -> None:
        """Give the global generators these states."""

    def heard(self, verb: str, parts: list[Any], touched: list[Any]) -> None:
        """Take note of what the other side has said."""
