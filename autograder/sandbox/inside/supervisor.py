"""The first process of a submission: it starts the kernel, and ends everything.

It holds one end of a socket, the *leash*; the grader holds the other. What comes over
it is the number of a signal for the kernel. When the leash is let go (also because the
grader was killed), or the kernel ends, or the processes together use too much, then
every process of the submission is killed.

A submission that wants more than its share of the processors gets the rest of them only
while nobody else wants it, and is ended if it keeps wanting more than there are: the
time limits of its neighbours would not be fair.

Behind the second wall it is process 1 of its own process-id namespace: no submission
can signal or trace it, and if it dies, the system kills the rest.
"""

import contextlib
import os
import select
import signal
import socket
import time

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.inside.processes import (
    MANY_BUSY,
    Usage,
    free_bytes,
    kill_tree,
    let_others_go_first,
    usage_of_tree,
)
from autograder.sandbox.leash import Ended, say

_TICK_S = 0.25  # how often the use of the processes is looked at
_FAIR_CORES = 1.5
_MANY_LOOKS = 12  # one after the other; a start of many processes is over sooner


def supervise(leash: socket.socket, kernel: int, bounds: Bounds) -> None:
    """Wait until the process `kernel` is to end, and leave nothing of it behind."""
    ended = os.pidfd_open(kernel)
    watched: list[int] = [leash.fileno(), ended]
    reason, pace, free = "", _Pace(), free_bytes()
    while True:
        ready, _, _ = select.select(watched, [], [], _TICK_S)
        if leash.fileno() in ready and not _pass_on_signal(leash, kernel):
            break
        if ended in ready:
            break
        _reap_orphans(kernel)
        used = usage_of_tree(free)
        reason = _excess(used, bounds) or pace.excess(used)
        if reason:
            break
        if pace.is_unfair(used):
            let_others_go_first(kernel)
    used = usage_of_tree(free)
    status = _end(kernel)
    with contextlib.suppress(OSError):  # the grader may be gone
        say(leash, Ended(status, reason, used.cpu_s))


class _Pace:
    """How fast processor time is used, and by how many at once."""

    def __init__(self) -> None:
        self._used_s, self._at = 0.0, time.monotonic()
        self._num_looks = 0

    def excess(self, used: Usage) -> str:
        """Say that too many have been busy for too long, if they have."""
        self._num_looks = self._num_looks + 1 if used.num_busy > MANY_BUSY else 0
        if self._num_looks < _MANY_LOOKS:
            return ""
        return f"it kept more than {MANY_BUSY} processes or threads busy"

    def is_unfair(self, used: Usage) -> bool:
        """Tell whether the processes take more than the share of one submission."""
        now = time.monotonic()
        if now - self._at < _TICK_S / 2:  # too short for the system's clock
            return False
        cores = (used.cpu_s - self._used_s) / (now - self._at)
        self._used_s, self._at = used.cpu_s, now
        return cores > _FAIR_CORES or used.num_busy > MANY_BUSY // 2


def _pass_on_signal(leash: socket.socket, kernel: int) -> bool:
    """Send the kernel's process group a signal; return False if the leash is loose."""
    with contextlib.suppress(OSError):
        message = leash.recv(16)
        if message:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(kernel, int(message))
            return True
    return False


def _reap_orphans(kernel: int) -> None:
    """Collect dead processes whose parent died before them, but not the kernel."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None or found.si_pid == kernel:
            return
        os.waitpid(found.si_pid, 0)


def _excess(used: Usage, bounds: Bounds) -> str:
    """Say what the processes used too much of, if they did."""
    if used.cpu_s > bounds.cpu_s:
        return f"it used more than {bounds.cpu_s:g} s of processor time"
    if used.memory_bytes > bounds.memory_bytes:
        return f"it used more than {bounds.memory_bytes / 1e9:g} GB of memory"
    return ""


def _end(kernel: int) -> int:
    """Kill every process of the submission; return the kernel's exit status."""
    status = -int(signal.SIGKILL)
    while True:
        kill_tree()
        try:
            pid, code = os.wait()
        except ChildProcessError:
            return status
        if pid == kernel:
            status = os.waitstatus_to_exitcode(code)
