"""The processes below this one: what they use, and how to kill them all.

Processor time counts the living and the dead that somebody waited for. Memory is what
would be free if they were gone: pages that a fork shares with its zygote count for a
fraction of a page each (the system's *proportional set size*). Finding that is slow, so
it is only done when the cheap upper bound, the resident set, is worth a look.
"""

import contextlib
import os
import resource
import signal
from dataclasses import dataclass

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_WORTH_A_LOOK = 500_000_000  # bytes


@dataclass(frozen=True)
class Usage:
    """What a tree of processes used: seconds of processor time, and bytes now."""

    cpu_s: float
    memory_bytes: int


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    cpu_s: float
    resident_bytes: int


def usage_of_tree() -> Usage:
    """Return what all processes below this one use."""
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    tree = _below(os.getpid())
    cpu_s = own.ru_utime + own.ru_stime + sum(process.cpu_s for process in tree)
    memory = sum(process.resident_bytes for process in tree)
    if memory > _WORTH_A_LOOK:
        memory = sum(_proportional_bytes(process) for process in tree)
    return Usage(cpu_s, memory)


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
    return _Process(pid, int(fields[1]), cpu, int(fields[21]) * _PAGE)


def _proportional_bytes(process: _Process) -> int:
    with (
        contextlib.suppress(OSError),
        open(f"/proc/{process.pid}/smaps_rollup") as file,
    ):
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return process.resident_bytes  # it hides its maps, or has ended
