"""The judge's process, and the fork of it that runs one test cell."""

import builtins
import ctypes
import io
import json
import os
import resource
import signal
import socket
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from types import ModuleType
from typing import Any, NoReturn

from flwr.clientapp import ClientApp

from autograder.judging.cell import compiled, run_cell
from autograder.judging.limits import JudgeLimits
from autograder.judging.measures import measure_both_sides
from autograder.judging.near import Near
from autograder.sandbox.forking import prepare_to_fork
from lecturekit.runtime import LocalGrid

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl


def keep_warm(
    control: socket.socket, setup: Sequence[str], names: tuple[str, ...], limits: Any
) -> NoReturn:
    """Run the setup, then a fork per order, until the worker closes `control`."""
    try:
        _die_with_parent()
        _close_all_but(control.fileno())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's to handle
        _be_silent()
        namespace = _set_up(control, setup)
        LocalGrid(ClientApp(), 1)  # the first one of a process does more than others
        prepare_to_fork()
        memory = _address_space() + limits.memory_bytes
        control.sendall(b"ready\n")
        while (order := _order(control)) is not None:
            _bury_the_dead()
            _fork_for(order, control, namespace, names, limits, memory)
        _bury_the_dead()
    finally:
        os._exit(0)


def _bury_the_dead() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _close_all_but(kept: int) -> None:
    """Close the worker's files: a copy of another judge's socket keeps that alive."""
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    warnings.simplefilter("ignore")
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), _Nowhere(), _Nowhere()


class _Nowhere(io.TextIOBase):
    """Forgets what is written."""

    def write(self, text: str) -> int:
        return len(text)


def _set_up(control: socket.socket, setup: Sequence[str]) -> dict[str, Any]:
    """Run the setup cells as a module of their own; say what went wrong, and end."""
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    namespace = vars(module)
    namespace["__builtins__"] = builtins
    namespace["display"] = lambda *things, **options: None  # IPython's
    for number, source in enumerate(setup, start=1):
        try:
            exec(compile(source, f"<setup {number}>", "exec"), namespace)
        except Exception as error:
            text = f"setup cell {number} raised {type(error).__name__}: {error}"
            control.sendall(json.dumps(text).encode() + b"\n")
            os._exit(1)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # a fork cannot use its parent's threads
    return namespace


def _order(control: socket.socket) -> tuple[str, float, int, int] | None:
    """Return the next test cell: its source, its points, channel and reply."""
    start, fds, _, _ = socket.recv_fds(control, 4, 2)
    if len(start) < 4 or len(fds) != 2:
        return None
    size, text = int.from_bytes(start, "little"), b""
    while len(text) < size:
        chunk = control.recv(size - len(text))
        if not chunk:
            return None
        text += chunk
    source, maximum = json.loads(text)
    return source, maximum, *fds


def _fork_for(
    order: tuple[str, float, int, int],
    control: socket.socket,
    namespace: dict[str, Any],
    names: tuple[str, ...],
    limits: JudgeLimits,
    memory: int,
) -> None:
    source, maximum, channel, reply = order
    with suppress(Exception):  # of the author's; the fork raises it again, and says so
        compiled(source)  # once for all submissions
    if os.fork() == 0:
        try:
            _die_with_parent()
            control.close()
            _limit_memory(memory)
            _run_one(source, maximum, channel, reply, namespace, names, limits)
        finally:
            os._exit(0)
    os.close(channel)
    os.close(reply)


def _run_one(
    source: str,
    maximum: float,
    channel: int,
    reply: int,
    namespace: dict[str, Any],
    names: tuple[str, ...],
    limits: JudgeLimits,
) -> None:
    def say(**what: Any) -> None:
        os.write(reply, json.dumps(what).encode() + b"\n")

    say(pid=os.getpid())
    with socket.socket(fileno=channel) as sock:
        near = Near(sock, limits, lambda: say(interrupt=True))
        measure_both_sides(near)
        verdict = run_cell(source, maximum, namespace, names, near)
    say(verdict=asdict(verdict))


def _limit_memory(size: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    resource.setrlimit(resource.RLIMIT_AS, (size, most))


def _address_space() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
