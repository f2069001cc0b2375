"""How much the processes of one submission may use of the machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Bounds on everything that one submission starts.

    Parameters
    ----------
    memory_bytes : int
        Of each process (address space), and of all processes together. A process that
        imports torch and Flower has an address space of 2 GB before it computes.
    cpu_s : float, seconds
        Processor time of all processes together.
    num_processes : int
        Processes and threads at one time.
    file_bytes : int
        One file.
    scratch_bytes : int
        Everything that is written to the home folder, /tmp and /dev/shm, together. It
        is kept in memory, and counts beside `memory_bytes`.
    """

    memory_bytes: int = 4_000_000_000
    cpu_s: float = 600.0
    num_processes: int = 256
    file_bytes: int = 200_000_000
    scratch_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"{name} must be positive, got {value}")
