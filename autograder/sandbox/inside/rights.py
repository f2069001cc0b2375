"""What the kernel of a submission gives up before the first cell runs."""

import contextlib
import os
import resource
import signal
from collections.abc import Collection

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.inside import system

_MAX_OPEN_FILES = 1024


def limit(bounds: Bounds, *, shares_user: bool) -> None:
    """Set the limits of this process and of those that it starts.

    Parameters
    ----------
    shares_user : bool
        Whether the system counts other processes of this user too, so that the number
        of processes is limited to so many more than there are.
    """
    others = _num_threads_of_user() if shares_user else 0
    cpu_s = int(bounds.cpu_s) + 1
    limits = {
        resource.RLIMIT_AS: bounds.memory_bytes,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: bounds.file_bytes,
        resource.RLIMIT_NPROC: bounds.num_processes + others,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _MAX_OPEN_FILES,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if the machine runs out of memory, this goes first


def detach(keep: Collection[int]) -> None:
    """Lead a session of its own, with no files open but `keep` and /dev/null."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    close_all_but(keep)
    for number in keep:
        os.set_inheritable(number, False)  # not for programs that a cell starts
    os.umask(0o022)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def close_all_but(keep: Collection[int]) -> None:
    """Close every file of this process but `keep` and the standard ones."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in keep:
            with contextlib.suppress(OSError):  # the listing's own has gone
                os.close(int(name))


def renounce() -> None:
    """Be traceable by one's own debugger again, and never gain a right."""
    system.set_dumpable(True)
    system.die_with_parent()
    system.gain_no_privileges()


def _num_threads_of_user() -> int:
    count = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            if int(name) and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
    return count
