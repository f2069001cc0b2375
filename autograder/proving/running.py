"""What a solved lab needs: seconds and memory of its notebook in an ordinary kernel."""

import multiprocessing
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.authoring.lab import Lab
from autograder.authoring.notebook import instructor_notebook
from autograder.errors import UserError

_CELL_S = 120
_KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Run:
    """One run from top to bottom, tests included.

    Parameters
    ----------
    seconds : float
        From the start of the kernel to its end.
    mebibytes : float
        The most memory that the kernel, or one process it started, held at once.
    """

    seconds: float
    mebibytes: float


def run_solved(lab: Lab) -> Run:
    """Run the solved notebook of `lab` in a kernel of its own, one thread of torch.

    Raises
    ------
    UserError
        If a cell raises.
    """
    # A process of its own, because the memory of all children is one figure.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(_run, lab).result()


def _run(lab: Lab) -> Run:
    os.environ["OMP_NUM_THREADS"] = "1"
    client = NotebookClient(
        instructor_notebook(lab), timeout=_CELL_S, kernel_name="python3"
    )
    began = time.perf_counter()
    try:
        client.execute()
    except CellExecutionError as error:
        raise UserError(
            f"expected the solved notebook of {lab.name} to run, got {error.ename}: "
            f"{error.evalue}"
        ) from None
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Run(seconds, used / _KIB_PER_MIB)
