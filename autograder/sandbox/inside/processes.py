"""The processes below this one: what they use, and how to kill them all.

Processor time counts the living and the dead that somebody waited for. Memory is what
would be free if they were gone: pages that a fork shares with its zygote count for a
fraction of a page each (the system's *proportional set size*). Finding that is slow, so
it is only done when the cheap upper bound, the resident set, is worth a look. While
many processes are busy, it would wait for each of them: then memory is what this
machine has less of than at first.

What lies in a socket, sent and not read, is memory of the system's, which no process is
charged for. So sockets beyond those that honest work has are charged for a full one.
"""

import contextlib
import os
import resource
import signal
from dataclasses import dataclass

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_WORTH_A_LOOK = 500_000_000  # bytes
MANY_BUSY = max(8, os.cpu_count() or 1)  # threads that want a processor at one time
_FREE_SOCKETS = 300
_SOCKET_BYTES = 425_984  # twice the usual net.core.wmem_max: the most one is given


@dataclass(frozen=True)
class Usage:
    """What a tree of processes used: seconds of processor time, and what it uses now.

    Parameters
    ----------
    num_busy : int
        Threads that want a processor at this moment.
    """

    cpu_s: float
    memory_bytes: int
    num_busy: int


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    cpu_s: float
    resident_bytes: int
    is_busy: bool
    num_threads: int


def usage_of_tree(free_at_first: int) -> Usage:
    """Return what all processes below this one use.

    Parameters
    ----------
    free_at_first : int
        What `free_bytes` gave before there were any.
    """
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    tree = _below(os.getpid())
    cpu_s = own.ru_utime + own.ru_stime + sum(process.cpu_s for process in tree)
    memory = sum(process.resident_bytes for process in tree)
    num_busy = sum(_num_busy(process) for process in tree)
    if num_busy > MANY_BUSY:
        memory = min(memory, max(0, free_at_first - free_bytes()))
    elif memory > _WORTH_A_LOOK:
        memory = sum(_proportional_bytes(process) for process in tree)
    sockets = {name for process in tree for name in _sockets_of(process)}
    memory += max(0, len(sockets) - _FREE_SOCKETS) * _SOCKET_BYTES
    return Usage(cpu_s, memory, num_busy)


def free_bytes() -> int:
    """Return the memory that this machine can still give to processes."""
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


def let_others_go_first(kernel: int) -> None:
    """Have all but the first thread of `kernel` run only where nobody else wants to.

    There is no way back for them. What they start inherits it.
    """
    for process in _below(os.getpid()):
        with contextlib.suppress(OSError):  # it has ended
            for task in map(int, os.listdir(f"/proc/{process.pid}/task")):
                if task != kernel:
                    os.sched_setscheduler(task, os.SCHED_IDLE, os.sched_param(0))


def kill_tree() -> None:
    """Kill all processes below this one."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all others in the namespace, at once
        return
    for process in _below(os.getpid()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _below(root: int) -> list[_Process]:
    children: dict[int, list[_Process]] = {}
    for process in _all():
        children.setdefault(process.parent, []).append(process)
    found = list(children.get(root, ()))
    for process in found:  # grows while it is walked
        found += children.get(process.pid, ())
    return found


def _all() -> list[_Process]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):  # it has ended
                found.append(_read(int(name)))
    return found


def _read(pid: int) -> _Process:
    with open(f"/proc/{pid}/stat", "rb") as file:
        # The name, in parentheses, may hold anything; fields after it are counted.
        fields = file.read().rpartition(b")")[2].split()
    cpu = sum(int(value) for value in fields[11:15]) / _TICKS
    resident = int(fields[21]) * _PAGE
    is_busy, num_threads = fields[0] == b"R", int(fields[17])
    return _Process(pid, int(fields[1]), cpu, resident, is_busy, num_threads)


def _num_busy(process: _Process) -> int:
    if process.num_threads == 1:
        return int(process.is_busy)
    count = 0
    with contextlib.suppress(OSError):  # it has ended
        for task in os.listdir(f"/proc/{process.pid}/task"):
            with open(f"/proc/{process.pid}/task/{task}/stat", "rb") as file:
                count += file.read().rpartition(b")")[2].split()[0] == b"R"
    return count


def _sockets_of(process: _Process) -> set[str]:
    """Return the names of a process's sockets; a fork has the same ones."""
    folder = f"/proc/{process.pid}/fd"
    names = set()
    try:
        for number in os.listdir(folder):
            with contextlib.suppress(OSError):  # it was closed just now
                names.add(os.readlink(f"{folder}/{number}"))
    except OSError:  # it hides its files, or has ended
        return set()
    return {name for name in names if name.startswith("socket:")}


def _proportional_bytes(process: _Process) -> int:
    with (
        contextlib.suppress(OSError),
        open(f"/proc/{process.pid}/smaps_rollup") as file,
    ):
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return process.resident_bytes  # it hides its maps, or has ended
