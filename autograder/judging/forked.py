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
    """Runs exercise cells in a fork, then serves one test cell after the other.

    Parameters
    ----------
    cells : sequence of str
        The exercise cells. One that raises does not keep the next from running.
    namespace : dict of str to object
        Where the setup cells have run. The fork has its own copy.
    num_tests : int
        How many test cells there will be.
    run_cell : callable, optional
        Runs a cell in `namespace`; by default, `exec`.
    """

    def __init__(
        self,
        cells: Sequence[str],
        namespace: dict[str, Any],
        num_tests: int = 1,
        run_cell: RunCell | None = None,
    ) -> None:
        pairs = [socket.socketpair() for _ in range(num_tests)]
        self.channels = [ours for ours, _ in pairs]
        self.pid = os.fork()
        if self.pid == 0:
            for ours in self.channels:
                ours.close()
            _live(cells, namespace, [theirs for _, theirs in pairs], run_cell)
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
    cells: Sequence[str],
    namespace: dict[str, Any],
    channels: Sequence[socket.socket],
    run_cell: RunCell | None,
) -> None:
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for good
        warnings.simplefilter("ignore")
        for cell in cells:
            with suppress(Exception):
                if run_cell is not None:
                    run_cell(cell)
                else:
                    exec(compile(cell, "<cell>", "exec"), namespace)
        for channel in channels:
            with suppress(Exception, KeyboardInterrupt):
                serve(channel, namespace)
            channel.close()
    finally:
        os._exit(0)
