"""The judge: a warm process that has run a lab's setup, and forks for the tests.

    worker                 judge                        a sitting
    Judge(...)   forks  →  runs the setup cells
    run(...)     asks   →  forks                    →   runs the test, and asks the
                                                        student's process
                 ←───────────── the verdict ────────

Nothing that a test or a hostile value does to its process reaches the next test: that
one runs in another fork, unless all is as it was. The student's process is somebody
else's business: the caller brings a channel to it.
"""

import json
import os
import select
import signal
import socket
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from autograder.authoring.lab import Lab
from autograder.errors import UserError
from autograder.judging.cell import Verdict
from autograder.judging.exercise_names import exercise_names
from autograder.judging.limits import JudgeLimits
from autograder.judging.orders import Order
from autograder.judging.warm import keep_warm

_GRACE_S = 10.0  # beyond its own limits, for a test cell to say what it found


class JudgeDied(Exception):  # noqa: N818 - says what happened
    """The judge's process was killed: nothing can be judged here any more."""


class Judge:
    """Runs test cells against students' processes.

    Parameters
    ----------
    setup : sequence of str
        The lab's setup cells, in order. They are run here, once, and trusted.
    names : sequence of str
        What the lab's exercises define; in a test cell these are the student's.
    limits : JudgeLimits
        When a test cell is stopped.

    Raises
    ------
    UserError
        If a setup cell raises.

    Notes
    -----
    Make it before the process starts threads, and close it, or use it in `with`.
    """

    def __init__(
        self,
        setup: Sequence[str],
        names: Sequence[str],
        limits: JudgeLimits | None = None,
    ) -> None:
        self.limits = limits or JudgeLimits()
        self._num_sittings = 0
        self._control, theirs = socket.socketpair()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about our threads
            self._pid = os.fork()
        if self._pid == 0:
            self._control.close()
            keep_warm(theirs, setup, tuple(names), self.limits)
        theirs.close()
        problem = self._control.makefile("r").readline().strip()
        if problem != "ready":
            self.close()
            raise UserError(json.loads(problem) if problem else "the judge died")

    @classmethod
    def of_lab(cls, lab: Lab, limits: JudgeLimits | None = None) -> "Judge":
        """Return the judge of a lab source."""
        setup = [cell.source for cell in lab.of_kind("setup")]
        return cls(setup, exercise_names(lab), limits)

    def run(
        self,
        source: str,
        maximum: float,
        channel: socket.socket,
        interrupt: Callable[[], None] = lambda: None,
        sitting: int = 0,
    ) -> Verdict:
        """Run one test cell.

        Parameters
        ----------
        source : str
            The cell as its author wrote it.
        maximum : float
            The points of the test.
        channel : socket.socket
            A stream socket that the student's process answers with
            `autograder.judging.far.serve`, for this test cell alone. Closed afterwards.
        interrupt : callable
            Interrupts the student's process (SIGINT), when a call takes too long.
        sitting : int
            What `sitting` gave for this student's process; 0 for a test by itself.

        Raises
        ------
        JudgeDied
            If the judge's process has ended, which is no submission's fault.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with channel, theirs:
                files = channel.fileno(), theirs.fileno()
                self._send(Order(source, maximum, sitting, *files))
            return self._verdict(ours, maximum, interrupt)

    def sitting(self) -> int:
        """Begin a student's tests: those with this number may share a process."""
        self._num_sittings += 1
        return self._num_sittings

    def _send(self, order: Order) -> None:
        try:
            order.send(self._control)
        except ConnectionError:
            raise JudgeDied("the process that runs the tests has ended") from None

    @property
    def longest_s(self) -> float:
        """Seconds after which a test cell has been given up, whatever it is at."""
        return self.limits.test_s + self.limits.interrupt_s + _GRACE_S

    def _verdict(
        self, reply: socket.socket, maximum: float, interrupt: Callable[[], None]
    ) -> Verdict:
        limits = self.limits
        end = time.monotonic() + self.longest_s
        pid = 0
        for said in _lines(reply, end):
            if "pid" in said:
                pid = said["pid"]
            elif "interrupt" in said:
                interrupt()
            else:
                return Verdict(**said["verdict"])
        if time.monotonic() < end:
            why = "the process of the test died"
        else:
            why = f"the test took longer than {limits.test_s:g} s and was stopped"
            if pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return Verdict(0.0, maximum, why, review=True)

    def close(self) -> None:
        """End the judge's process."""
        if self._control.fileno() < 0:
            return
        self._control.close()
        os.waitpid(self._pid, 0)

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _lines(reply: socket.socket, end: float) -> Any:
    """Yield what a test cell's process says, until it ends or the time is over."""
    ready = select.poll()
    ready.register(reply, select.POLLIN)
    pending = b""
    while ready.poll(max(0.0, end - time.monotonic()) * 1000):
        chunk = reply.recv(65_536)
        if not chunk:
            return
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)
