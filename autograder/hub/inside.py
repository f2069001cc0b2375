"""The first process behind the wall: starts the server as its user, and ends with it.

    python -m autograder.hub.inside UID GID ADDRESS_BYTES PROCESSES FILE_BYTES COMMAND

It is process 1 of its own space of processes. When it ends, the system ends every other
process there: kernels, terminals, and whatever a student left running.
"""

import contextlib
import os
import resource
import signal
import sys

from autograder.sandbox.inside import system

_CAP_KILL = 1 << 5


def main() -> None:
    """Run the command and end with its status."""
    uid, gid, address_bytes, num_processes, file_bytes = map(int, sys.argv[1:6])
    is_root = os.getuid() == 0
    if is_root:
        _uncover_proc()
    child = os.fork()
    if child == 0:
        limits = {
            resource.RLIMIT_AS: address_bytes,
            resource.RLIMIT_FSIZE: file_bytes,
            resource.RLIMIT_CORE: 0,
        }
        if is_root:
            # The limit counts a user's processes: of no use where all are one user.
            limits[resource.RLIMIT_NPROC] = num_processes
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        _limit(limits)
        system.gain_no_privileges()
        os.umask(0o022)
        os.execvp(sys.argv[6], sys.argv[6:])
    if is_root:
        # To pass signals on, and to be killed itself by bubblewrap's end, it stays
        # root; without root's rights.
        system.set_capabilities(_CAP_KILL)
    system.gain_no_privileges()
    system.die_with_parent()
    _wait_for(child)


def _uncover_proc() -> None:
    """Mount /proc again.

    A sandbox in here, for grading, can mount a /proc of its own only where an uncovered
    one is in sight, and bubblewrap covers parts of it for root.
    """
    flags = system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC
    system.mount("proc", "/proc", "proc", flags)


def _limit(limits: dict[int, int]) -> None:
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _wait_for(child: int) -> None:
    """Pass signals on to `child`, bury orphans, end with its status."""

    def pass_on(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
