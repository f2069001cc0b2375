"""The student's side of the wall: do what the judge asks, with the student's objects.

`serve` runs in the student's process, during one test cell, in its main thread. It
finds the student's names, calls, reads and iterates over objects as the judge asks, and
sends back values. Nothing here is trusted: student code shares the process and may have
replaced any of it, and the judge believes no byte that comes out of it.

Things of the judge's arrive by pickle, or as stand-ins that ask it back: functions,
iterators and grids of the test do their work on the judge's side.
"""

import builtins
import pickle
import socket
from io import BytesIO
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from flwr.clientapp import ClientApp

from autograder.judging import codec, generators
from autograder.judging.errors import Closed
from autograder.judging.failures import line_in
from autograder.judging.limits import MAX_NAME, JudgeLimits
from autograder.judging.parcels import Incoming, Outgoing
from autograder.judging.peer import Peer
from autograder.judging.shared import Shared
from autograder.judging.stand_ins import STAND_INS
from autograder.judging.traced_memory import TracedMemory
from lecturekit.runtime.flower_private import server_identity

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_NAMED = (type, FunctionType, BuiltinFunctionType, MethodType)


def serve(sock: socket.socket, namespace: dict[str, Any]) -> None:
    """Answer the judge until it closes the connection.

    Parameters
    ----------
    sock : socket.socket
        A stream socket, connected to the judge, for this test cell alone.
    namespace : dict of str to object
        Where the student's cells ran.
    """
    server_identity()  # Message(...) asks who this process is
    far = _Far(sock, namespace)
    try:
        while True:
            far.answer_next()
    except Closed:
        pass
    finally:
        sock.close()


class _Far(Peer):
    flattens_subclasses = True

    def __init__(self, sock: socket.socket, namespace: dict[str, Any]) -> None:
        super().__init__(sock, JudgeLimits(), -1)
        self._namespace = namespace
        self._memory = TracedMemory()

    def request(
        self, thing: Any, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        self._memory.look()
        return super().request(thing, operation, args, kwargs)

    def answer_next(self) -> None:
        _, parts = self._receive()
        self._answer(*parts)

    def perform(
        self, thing: Any, operation: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        if operation == "names":
            return self._found(args)
        if operation == "tracemalloc":
            name, *rest = args
            return self._memory.perform(name, *rest)
        return super().perform(thing, operation, args, kwargs)

    def _found(self, names: list[str]) -> dict[str, Any]:
        """Return the student's values of these names, except what cannot be sent.

        One odd value must not keep the others back.
        """
        found, left = {}, self._limits.message_bytes
        for name in names:
            if name not in self._namespace:
                continue
            value = self._namespace[name]
            size = self._size_of(value)
            if size is not None and size <= left:
                found[name], left = value, left - size
        return found

    def _size_of(self, value: Any) -> int | None:
        """Return how many bytes it takes to send a value; None if it cannot be."""
        if type(value) in _NAMED:
            return 0  # it is lent
        out = Outgoing(Shared(-1), self.lend, flattens_subclasses=True)
        try:
            header = out.finished([codec.encode(value, out)])
            start, size = self._frames.start_of(header, out.buffers)
        except (Exception, SystemExit):  # a student's class may raise that
            return None
        return len(start) + size

    def lend(self, value: Any, out: Outgoing) -> Any:
        entry = out.shared.add(value, None, is_mine=True)
        kind = type(value)
        # An instance is not asked for its name: its `__getattr__` may do anything.
        named = value if issubclass(kind, _NAMED) else kind
        name = getattr(named, "__qualname__", kind.__name__)
        is_app = issubclass(kind, ClientApp)
        detail = [str(name)[:MAX_NAME], str(kind.__qualname__)[:MAX_NAME]]
        return out.news(entry.number, "app" if is_app else "object", detail)

    def stand_in(self, number: int, kind: str, detail: Any, incoming: Incoming) -> Any:
        if kind == "pickle":
            data = incoming.buffer(detail)
            return _Unpickler(BytesIO(data), incoming).load()
        return STAND_INS[kind](self, detail)

    def line_of(self, error: BaseException) -> list[Any] | None:
        return line_in(self._namespace, error)

    def seed(self, states: Any) -> None:
        if states is not None:
            generators.put_back(pickle.loads(states))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BytesIO, incoming: Incoming) -> None:
        super().__init__(file)
        self._incoming = incoming

    def persistent_load(self, pid: Any) -> Any:
        return codec.decode(pid, self._incoming)
