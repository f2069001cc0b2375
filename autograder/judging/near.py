"""The judge's side of the wall: a test's end of the conversation.

It waits for the student's side no longer than it may, lets the student's code do with
our things no more than it may, and takes note of every value that comes from there.
"""

import pickle
import socket
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from autograder.judging import generators
from autograder.judging.belongings import lent_as, may, pickled
from autograder.judging.changes import Changes
from autograder.judging.client_app import LentClientApp
from autograder.judging.errors import (
    Closed,
    Malformed,
    NoAnswer,
    NoValue,
    Stopped,
)
from autograder.judging.limits import MAX_NAME, JudgeLimits
from autograder.judging.parcels import Incoming, Outgoing
from autograder.judging.peer import OPERATIONS, Peer
from autograder.judging.proxy import Proxy
from autograder.judging.transcript import Transcript


class Near(Peer):
    """One test cell's conversation with the student's process.

    Parameters
    ----------
    sock : socket.socket
        Connected to `far.serve` in the student's process.
    limits : JudgeLimits
        When to stop.
    interrupt : callable
        Interrupts the student's process; called when a call takes too long.
    """

    def __init__(
        self,
        sock: socket.socket,
        limits: JudgeLimits,
        interrupt: Callable[[], None],
    ) -> None:
        super().__init__(sock, limits, +1)
        self.transcript = Transcript()
        self.stopped = ""
        self.is_malformed = self.is_stuck = self.is_cut_off = False
        self.changes = Changes()
        self._interrupt = interrupt
        self._end = time.monotonic() + limits.test_s
        self._call_end = self._end
        self._calls: list[str] = []
        self._is_about_the_process = False  # not about something of the student's
        self._seeds = b""
        self._lines: dict[int, tuple[BaseException, list[Any]]] = {}

    def names(self, names: list[str]) -> dict[str, Any]:
        """Return what the student's side has under these names; missing ones not."""
        found = self.request(None, "names", tuple(names), {})
        if not isinstance(found, dict):
            raise Stopped("the submission's process sent something that is no answer")
        return {name: found[name] for name in names if name in found}

    def request(
        self, thing: Any, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Let the student's side do something; see `Peer.request`.

        Raises
        ------
        Stopped
            If it does not answer in time, or not with what can be read.
        """
        if not self._calls:
            now = time.monotonic()
            self._call_end = min(self._end, now + self._limits.call_s)
        self._calls.append(_name_of_call(thing, operation, args))
        self._is_about_the_process = thing is None
        try:
            return super().request(thing, operation, args, kwargs)
        except NoAnswer:
            self._stop(f"{self._calls[0]} took longer than {self._seconds()}")
        except Malformed as error:
            self.is_malformed = True
            self._stop(f"{self._calls[0]} sent what cannot be read: {error}")
        except NoValue as error:
            self._stop(f"{self._calls[0]} gave what cannot be sent: {error}")
        except Closed:
            self.is_cut_off = True
            self._stop(f"the process of the submission ended in {self._calls[0]}")
        finally:
            self._calls.pop()

    def _stop(self, why: str) -> NoReturn:
        self.stopped = self.stopped or why
        raise Stopped(self.stopped) from None

    def _seconds(self) -> str:
        """Interrupt the student's process; say after how long, and with what effect."""
        is_test = self._call_end == self._end
        seconds = self._limits.test_s if is_test else self._limits.call_s
        what = " together with the rest of the test" if is_test else ""
        self._interrupt()
        try:
            self._frames.receive(time.monotonic() + self._limits.interrupt_s)
        except NoAnswer:
            self.is_stuck = True
            return f"{seconds:g} s{what} and could not be stopped"
        except (Malformed, Closed):
            pass
        return f"{seconds:g} s{what} and was stopped"

    def deadline(self) -> float:
        """Return until when the present call may take."""
        return self._call_end

    def perform(
        self, thing: Any, operation: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Do what the student's code may do with a thing that it was lent."""
        entry = self._shared.entry_of(thing)
        is_lent = entry is not None and entry.is_mine and entry.snapshot is None
        if not is_lent or not may(thing, operation, args):
            raise AttributeError(f"a test lends no {str(operation)[:20]!r} of this")
        if operation not in ("get", "len", "contains"):
            self.changes.add(thing)
        return OPERATIONS[operation](thing, *args, **kwargs)

    def lend(self, value: Any, out: Outgoing) -> Any:
        """Send a copy of `value`, or lend it."""
        if isinstance(value, ModuleType):
            raise TypeError(f"a test cannot pass the module {value.__name__!r}")
        kind = lent_as(value)
        data = None if kind else pickled(value, out)
        if data is None:
            lent = self._shared.add(value, None, is_mine=True)
            name = getattr(value, "__name__", type(value).__name__)
            return out.news(lent.number, kind or "object", str(name)[:MAX_NAME])
        entry = self._shared.entry_of(value)
        if entry is not None and entry.snapshot == data:
            return ["thing", entry.number]
        entry = self._shared.add(value, None, is_mine=True)
        entry.snapshot = data
        return out.news(entry.number, "pickle", out.buffer(data))

    def stand_in(self, number: int, kind: str, detail: Any, incoming: Incoming) -> Any:
        """Return a proxy for an object of the student's."""
        name, of_class = detail
        if not isinstance(name, str) or not isinstance(of_class, str):
            raise Malformed("expected the names of an object and its class")
        name, of_class = name[:MAX_NAME], of_class[:MAX_NAME]
        if kind == "app":
            return LentClientApp(self, name)
        if kind != "object":
            raise Malformed(f"expected a kind of thing, got {str(kind)[:40]}")
        return Proxy(self, name, of_class)

    def seeds(self, operation: str, out: Outgoing) -> Any:
        """Let student code draw from where the test's global generators stand."""
        if operation != "call":
            return None
        states = pickle.dumps(generators.states())
        if states == self._seeds:
            return None
        self._seeds = states
        return ["bytes", out.buffer(states)]

    def heard(self, verb: str, parts: list[Any], touched: list[Any]) -> None:
        """Note every value in the transcript, and where an exception comes from."""
        for thing in touched:
            self.changes.add(thing)
        if self._is_about_the_process:
            return
        for thing in touched:
            self.transcript.add("changed", thing)
        if verb == "cannot":
            return
        if verb == "raise":
            error, line = parts
            self.transcript.add(verb, (type(error).__name__, str(error)))
            if line is not None:
                self._lines[id(error)] = error, line
        elif verb == "return":
            self.transcript.add(verb, parts[0])
        elif parts[2] or parts[3]:
            self.transcript.add(verb, parts[1:])
        else:  # an item of an iterator, most often
            self.transcript.add_step(parts[1])

    def line_of_student(self, error: BaseException) -> list[Any] | None:
        """Return the line of the student's code that raised `error`: number, text."""
        return self._lines[id(error)][1] if id(error) in self._lines else None


def _name_of_call(thing: Any, operation: str, args: tuple[Any, ...]) -> str:
    """Name a call as a sentence needs it."""
    if thing is None:
        return "looking for the names of the lab"
    name = getattr(thing, "_name", "an object")
    return f"`{name}.{args[0]}`" if operation == "get" else f"`{name}`"
