"""The student's side of the wall: do what the judge asks, with the student's objects.

`serve` runs in the student's process, during one test cell, in its main thread. It
finds the student's names, calls, reads and iterates over objects as the judge asks, and
sends back values. Nothing here is trusted: student code shares the process and may have
replaced any of it, and the judge believes no byte that comes out of it.

Things of the judge's arrive by pickle, or as stand-ins that ask it back: functions,
iterators and grids of the test do their work on the judge's side.
"""

import builtins
import functools
import os
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

_NAMED = (
    type,
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    functools._lru_cache_wrapper,
)
_getpid, _exit = os.getpid, os._exit


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
        far.close()
        sock.close()


def _is_lent(value: Any) -> bool:
    """Tell whether a value stays here, whatever is in it, and only its name crosses."""
    return type(value) is FunctionType or type(value) is type


class _Far(Peer):
    flattens_subclasses = True

    def __init__(self, sock: socket.socket, namespace: dict[str, Any]) -> None:
        super().__init__(sock, JudgeLimits(), -1)
        self._namespace = namespace
        self._memory = TracedMemory()
        self._pid = _getpid()

    def request(
        self, thing: Any, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        self._memory.look()
        return super().request(thing, operation, args, kwargs)

    def close(self) -> None:
        """Leave the process as a test finds it."""
        self._memory.close()

    def answer_next(self) -> None:
        _, parts = self._receive()
        self._answer(*parts)

    def perform(
        self, thing: Any, operation: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        try:
            return self._performed(thing, operation, args, kwargs)
        finally:
            if _getpid() != self._pid:
                _exit(0)  # a fork that came back: nobody has asked it anything

    def _performed(
        self, thing: Any, operation: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        if operation == "names":
            return self._found(args)
        if operation == "tracemalloc":
            name, *rest = args
            return self._memory.perform(name, *rest)
        return super().perform(thing, operation, args, kwargs)

    def _found(self, names: list[str]) -> dict[str, Any]:
        """Return the student's values of these names, except what cannot cross.

        One odd value must not keep the others back.
        """
        here = self._namespace
        found = {name: here[name] for name in names if name in here}
        odd = {n: value for n, value in found.items() if not _is_lent(value)}
        if not odd or self._can_cross(odd):
            return found
        kept: dict[str, Any] = {}
        for name, value in odd.items():
            if self._can_cross({**kept, name: value}):
                kept[name] = value
        return {n: v for n, v in found.items() if n not in odd or n in kept}

    def _can_cross(self, values: dict[str, Any]) -> bool:
        """Try it: write the values as they would be sent, and read them."""
        limits = self._limits
        out = Outgoing(Shared(-1), self.lend, flattens_subclasses=True)
        try:
            header = out.finished([codec.encode(values, out)])
            self._frames.start_of(header, out.buffers)
            incoming = Incoming(
                Shared(+1),
                [memoryview(buffer) for buffer in out.buffers],
                lambda *lent: object(),
                limits.message_bytes,
                limits.num_items,
            )
            (node,) = incoming.unpacked(header)
            codec.decode(node, incoming)
        except (Exception, SystemExit):  # a student's class may raise that
            return False
        return True

    def lend(self, value: Any, out: Outgoing) -> Any:
        entry = out.shared.add(value, None, is_mine=True)
        kind = type(value)
        # An instance is not asked for its name: its `__getattr__` may do anything.
        named = value if issubclass(kind, _NAMED) else kind
        name = getattr(named, "__qualname__", kind.__name__)
        is_app = issubclass(kind, ClientApp)
        names = name, kind.__qualname__
        detail = [str.__str__(one)[:MAX_NAME] for one in names]
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
