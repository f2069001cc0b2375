"""What grading loses when it is killed, and when many kernels start at once.

Both figures are to be 0. The class is that of `bench.grading`; a run over it is killed
(SIGKILL) five times at moments drawn from a seed, taken up again each time, and what
is in the gradebook and the table at the end is compared with a run that was left alone.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

from autograder.authoring.catalog import find_lab
from autograder.grading.kernel import Kernel, KernelStartError
from autograder.sandbox import Bounds, Sandbox, temporary_place
from bench.grading import LAB, ROOT, make_class

NUM_KILLS = 5
NUM_WORKERS = 8
_SEED = 1
_MARKS = """
    select student.id, grade_cell.name, grade.auto_score, grade.manual_score,
           grade.needs_manual_grade
    from grade
    join base_cell grade_cell on grade.cell_id = grade_cell.id
    join submitted_notebook on grade.notebook_id = submitted_notebook.id
    join submitted_assignment on submitted_notebook.assignment_id
         = submitted_assignment.id
    join student on submitted_assignment.student_id = student.id
"""


def results(
    device: str = "cpu", num_students: int = 300, num_kernels: int = 1000
) -> dict[str, float]:
    """Return the figures, by name.

    Parameters
    ----------
    device : str
        Grading uses none.
    num_students : int
        Whose grading is killed.
    num_kernels : int
        How many are started, by 8 workers.
    """
    with tempfile.TemporaryDirectory() as folder:
        courses = [Path(folder) / name for name in ("alone", "killed")]
        for course in courses:
            make_class(find_lab(ROOT, LAB), course, num_students)
        _command(courses[0]).wait()
        num_killed = _grade_with_kills(courses[1], num_students)
        alone, killed = map(_marks, courses)
    return {
        "grading_kills": num_killed,
        "grading_marks_wrong_after_kills": _differences(alone, killed),
        "grading_kernels_lost": _kernels_lost(num_kernels),
    }


def _command(course: Path) -> subprocess.Popen[bytes]:
    """Start grading, as a TA does."""
    command = ("grade", LAB, "--course", str(course), "--workers", "2")
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _grade_with_kills(course: Path, num_students: int) -> int:
    """Grade to the end, killed on the way; return how often it was."""
    rng, num_killed = random.Random(_SEED), 0
    seconds_each = num_students * 0.7 / (NUM_KILLS + 1)
    for _ in range(NUM_KILLS):
        process = _command(course)
        try:
            process.wait(6 + seconds_each * rng.uniform(0.5, 1.2))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            num_killed += 1
        process.wait()
    _command(course).wait()
    return num_killed


def _marks(course: Path) -> Counter[object]:
    """Return every mark in the gradebook and every line of the table."""
    with closing(sqlite3.connect(course / "gradebook.db")) as database:
        marks = database.execute(_MARKS).fetchall()
    return Counter([*marks, *(course / "grades.csv").read_text().splitlines()])


def _differences(alone: Counter[object], killed: Counter[object]) -> int:
    """Return how many marks and lines only one has, or has more often."""
    return (alone - killed).total() + (killed - alone).total()


def _kernels_lost(num_kernels: int) -> int:
    """Start kernels in workers side by side; return how many did not run a cell."""
    shares = [num_kernels // NUM_WORKERS] * NUM_WORKERS
    shares[0] += num_kernels % NUM_WORKERS
    processes = get_context("forkserver")
    with ProcessPoolExecutor(NUM_WORKERS, mp_context=processes) as pool:
        return sum(pool.map(_lost_of, shares))


def _lost_of(num_kernels: int) -> int:
    os.environ["OMP_NUM_THREADS"] = "1"
    num_lost = 0
    with Sandbox(["numpy"]) as sandbox:
        for _ in range(num_kernels):
            num_lost += not _runs(sandbox)
    return num_lost


def _runs(sandbox: Sandbox) -> bool:
    """Return whether a kernel starts, at the first try, and adds two numbers."""
    said: list[str] = []
    try:
        with temporary_place() as place, Kernel(sandbox, place, Bounds(), 60) as kernel:
            ending, _ = kernel.run(
                "import numpy; print(numpy.arange(3).sum())",
                timeout_s=60,
                interrupt_s=1,
                in_history=True,
                on_output=lambda message: said.append(
                    str(message["content"].get("text", ""))
                ),
            )
    except KernelStartError:
        return False
    return ending == "finished" and "".join(said) == "3\n"
