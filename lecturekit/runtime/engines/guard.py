"""A process that ends a family of processes when its starter lets go of it.

    python -I guard.py HOME

The starter holds the other end of this process's standard input. When it closes it, or
dies in whatever way (a kernel restart is a SIGKILL), the guard ends every process of
the family: those with FLWR_HOME=HOME in their environment or HOME in their command
line, and all descendants of these. So Flower's detached SuperLink, the sessions that
its SuperExec opens and Ray's daemons are found, wherever they were re-parented to.

First SIGTERM, then, for those still there after `GRACE_S`, SIGKILL. The folder HOME is
removed last. This file is run as a script and imports nothing of lecturekit: it must be
up in a moment, and small.
"""

import shutil
import sys
import time
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

GRACE_S = 6.0  # Flower's own processes take a few seconds to say good-bye
_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


def family(home: str) -> set[psutil.Process]:
    """Return the processes of `home`, without this one."""
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        with suppress(*_GONE, psutil.AccessDenied, OSError):
            if process.pid != psutil.Process().pid and _belongs(process, home):
                found |= {process, *process.children(recursive=True)}
    return found


def _belongs(process: psutil.Process, home: str) -> bool:
    return process.environ().get("FLWR_HOME") == home or any(
        home in word for word in process.cmdline()
    )


def tops(members: set[psutil.Process]) -> list[psutil.Process]:
    """Return the members whose parent is none."""
    pids = {process.pid for process in members}
    found = []
    for process in members:
        with suppress(*_GONE):
            if process.ppid() not in pids:
                found.append(process)
    return found


def is_alive(process: psutil.Process) -> bool:
    """Tell whether `process` still runs; a zombie waits for its parent only."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except _GONE:
        return False


def end_family(home: str) -> None:
    """End all processes of `home`, gently for `GRACE_S` seconds, then not."""
    members = family(home)
    # First those at the top: they end, and bury, their children themselves.
    for asked in (tops(members), list(members)):
        for process in asked:
            with suppress(*_GONE):
                process.terminate()
        deadline = time.monotonic() + GRACE_S / 2
        while any(map(is_alive, members)) and time.monotonic() < deadline:
            time.sleep(0.05)
    for _ in range(50):  # those that were being born meanwhile as well
        members = {process for process in members | family(home) if is_alive(process)}
        if not members:
            return
        for process in members:
            with suppress(*_GONE):
                process.kill()
        time.sleep(0.1)


if __name__ == "__main__":
    sys.stdin.read()
    end_family(sys.argv[1])
    shutil.rmtree(sys.argv[1], ignore_errors=True)
