"""The judge's process: it has run the setup, and forks for the tests."""

import builtins
import io
import json
import os
import resource
import signal
import socket
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, NoReturn

from flwr.clientapp import ClientApp

from autograder.judging.cell import compiled
from autograder.judging.fingerprint import fingerprint
from autograder.judging.orders import Order, next_order
from autograder.judging.sitting import Setup, Sitting, die_with_parent, sit
from autograder.sandbox.forking import prepare_to_fork
from lecturekit.runtime import LocalGrid

_FORK_S = 0.02  # about


def keep_warm(
    control: socket.socket, cells: Sequence[str], names: tuple[str, ...], limits: Any
) -> NoReturn:
    """Run the setup, then tests in forks, until the worker closes `control`."""
    try:
        die_with_parent()
        _close_all_but(control.fileno())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's to handle
        _be_silent()
        namespace = _set_up(control, cells)
        LocalGrid(ClientApp(), 1)  # the first one of a process does more than others
        first = _quick_fingerprint(namespace)
        prepare_to_fork()
        memory = _address_space() + limits.memory_bytes
        setup = Setup(namespace, names, limits, memory)
        control.sendall(b"ready\n")
        _serve(control, setup, first)
    finally:
        os._exit(0)


def _serve(control: socket.socket, setup: Setup, first: bytes | None) -> None:
    def live(order: Order, orders: socket.socket) -> None:
        control.close()
        sit(order, orders, setup, first)

    sitting: Sitting | None = None
    while (order := next_order(control)) is not None:
        with suppress(Exception):  # of the author's; the fork raises it again
            compiled(order.source)  # once for all submissions
        if sitting is None or not sitting.took(order):
            if sitting is not None:
                sitting.close()
            sitting = Sitting(order, live)
        order.close()


def _quick_fingerprint(namespace: dict[str, Any]) -> bytes | None:
    """Return the fingerprint if it takes less time than a fork does, else None."""
    began = time.perf_counter()
    first = fingerprint(namespace)
    return first if time.perf_counter() - began < _FORK_S else None


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


def _display(*things: object, **options: object) -> None:
    """Show nothing: what a notebook's cells call to be looked at."""


def _set_up(control: socket.socket, cells: Sequence[str]) -> dict[str, Any]:
    """Run the setup cells as a module of their own; say what went wrong, and end."""
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    namespace = vars(module)
    namespace["__builtins__"] = builtins
    namespace["display"] = _display
    for number, source in enumerate(cells, start=1):
        try:
            exec(compile(source, f"<setup {number}>", "exec"), namespace)
        except Exception as error:
            text = f"setup cell {number} raised {type(error).__name__}: {error}"
            control.sendall(json.dumps(text).encode() + b"\n")
            os._exit(1)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # a fork cannot use its parent's threads
    return namespace


def _address_space() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
