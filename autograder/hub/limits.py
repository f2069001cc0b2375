"""What one server may use, and by which means of this system that is held to.

systemd, where it runs the machine and we are root, holds a server with all its kernels
to memory and processor time. Elsewhere each process has a bound on its address space,
which stops a runaway array but not ten kernels of one student; processor time is then
shared out by the system's scheduler alone.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from autograder.course.classroom import HubSettings

_MEMORY_BESIDE = 4_000_000_000  # address space of torch and Flower that is no memory


@dataclass(frozen=True)
class Limits:
    """What the system holds every process of one server to.

    Parameters
    ----------
    address_bytes : int
        Of each process: its address space, which is more than the memory it uses.
    num_processes : int
        Processes and threads of the server's user; only as root, where each has one.
    file_bytes : int
        One file.
    """

    address_bytes: int = 16_000_000_000
    num_processes: int = 2_000
    file_bytes: int = 300_000_000


def has_systemd() -> bool:
    """Return whether systemd can be asked to limit what we start."""
    runs = Path("/run/systemd/system").is_dir()
    return os.getuid() == 0 and runs and shutil.which("systemd-run") is not None


def process_limits(memory_bytes: int | None) -> Limits:
    """Return the limits of each process of a server that may use so much memory."""
    if memory_bytes is None:
        return Limits()
    return Limits(address_bytes=memory_bytes + _MEMORY_BESIDE)


def in_scope(memory_bytes: int | None, cpus: float | None) -> list[str]:
    """Return what is put before a server's command so that systemd limits it."""
    if not has_systemd() or (memory_bytes is None and cpus is None):
        return []
    words = ["systemd-run", "--scope", "--quiet", "--collect"]
    if memory_bytes is not None:
        words += ["-p", f"MemoryMax={memory_bytes}", "-p", "MemorySwapMax=0"]
    if cpus is not None:
        words += ["-p", f"CPUQuota={100 * cpus:.0f}%"]
    return [*words, "--"]


def not_limited(settings: HubSettings) -> list[str]:
    """Return what of `hub:` in course.yaml this system does not hold servers to."""
    sentences = []
    if settings.memory_bytes is not None and not has_systemd():
        sentences.append(
            "hub.memory bounds each process, not a server with all its kernels: that "
            "takes root and systemd"
        )
    if settings.cpus is not None and not has_systemd():
        sentences.append("hub.cpus is not held to: that takes root and systemd")
    sentences.append("the size of home folders is not limited: set a quota")
    return sentences
