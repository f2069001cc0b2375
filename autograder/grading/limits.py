"""How much a submission may use before it is stopped."""

from dataclasses import dataclass, field

from autograder.sandbox import Bounds


@dataclass(frozen=True)
class Limits:
    """Limits of one submission.

    Parameters
    ----------
    cell_s : float, seconds
        One cell. A lab's cells are made to take under 5 s on an idle laptop.
    notebook_s : float, seconds
        All cells together.
    interrupt_s : float, seconds
        How long a cell may take to react to an interrupt before the kernel is killed.
    start_s : float, seconds
        How long a kernel may take to start.
    notebook_bytes : int
        The text of a submitted notebook.
    files_bytes : int
        The data files beside it, together.
    num_files : int
        How many of them.
    cell_output_bytes, notebook_output_bytes : int
        What is kept of the outputs of one cell and of all cells.
    machine : Bounds
        Memory, processor time, processes and files.
    """

    cell_s: float = 60.0
    notebook_s: float = 600.0
    interrupt_s: float = 5.0
    start_s: float = 60.0
    notebook_bytes: int = 20_000_000
    files_bytes: int = 100_000_000
    num_files: int = 2_000
    cell_output_bytes: int = 500_000
    notebook_output_bytes: int = 2_000_000
    machine: Bounds = field(default_factory=Bounds)
