"""The first process of a submission: it starts the kernel, and ends everything.

It holds one end of a socket, the *leash*; the grader holds the other. What comes over
it is the number of a signal for the kernel. When the leash is let go (also because the
grader was killed), or the kernel ends, or the processes together use too much, then
every process of the submission is killed.

Behind the second wall it is process 1 of its own process-id namespace: no submission
can signal or trace it, and if it dies, the system kills the rest.
"""

import contextlib
import os
import select
import signal
import socket

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.inside.processes import Usage, kill_tree, usage_of_tree
from autograder.sandbox.leash import Ended, say

_TICK_S = 0.25  # how often the use of the processes is looked at


def supervise(leash: socket.socket, kernel: int, bounds: Bounds) -> None:
    """Wait until the process `kernel` is to end, and leave nothing of it behind."""
    ended = os.pidfd_open(kernel)
    watched: list[int] = [leash.fileno(), ended]
    reason = ""
    while True:
        ready, _, _ = select.select(watched, [], [], _TICK_S)
        if leash.fileno() in ready and not _pass_on_signal(leash, kernel):
            break
        if ended in ready:
            break
        _reap_orphans(kernel)
        reason = _excess(usage_of_tree(), bounds)
        if reason:
            break
    used = usage_of_tree()
    status = _end(kernel)
    with contextlib.suppress(OSError):  # the grader may be gone
        say(leash, Ended(status, reason, used.cpu_s))


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
