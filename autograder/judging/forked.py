"""A student's process without a sandbox, for answers that we wrote ourselves.

Proving a lab and knowing its misconceptions need the answers of the bank behind the
same wall as submissions: here it is a fork of a process in which the setup has run.
"""

import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from autograder.judging.far import serve

RunCell = Callable[[str], Any]


class ForkedStudent:
    """Runs cells in a fork and, between them, serves test cells.

    Parameters
    ----------
    steps : sequence of str or None
        What to do in turn: run a cell, or, for None, serve the next test cell. A cell
        that raises does not keep the next from running.
    namespace : dict of str to object
        Where the setup cells have run. The fork has its own copy.
    run_cell : callable, optional
        Runs a cell in `namespace`; by default, `exec`.
    """

    def __init__(
        self,
        steps: Sequence[str | None],
        namespace: dict[str, Any],
        run_cell: RunCell | None = None,
    ) -> None:
        pairs = [socket.socketpair() for step in steps if step is None]
        self.channels = [ours for ours, _ in pairs]
        self.pid = os.fork()
        if self.pid == 0:
            for ours in self.channels:
                ours.close()
            _live(steps, namespace, [theirs for _, theirs in pairs], run_cell)
        for _, theirs in pairs:
            theirs.close()

    def interrupt(self) -> None:
        """Do what the interrupt button of a notebook does."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """End the process: the tests that are left find nobody."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> "ForkedStudent":
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        os.waitpid(self.pid, 0)
        for channel in self.channels:
            channel.close()


def _live(
    steps: Sequence[str | None],
    namespace: dict[str, Any],
    channels: list[socket.socket],
    run_cell: RunCell | None,
) -> None:
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for good
        warnings.simplefilter("ignore")
        for step in steps:
            with suppress(Exception, KeyboardInterrupt, SystemExit):
                if step is None:
                    serve(channels.pop(0), namespace)
                elif run_cell is not None:
                    run_cell(step)
                else:
                    exec(compile(step, "<cell>", "exec"), namespace)
    finally:
        os._exit(0)
