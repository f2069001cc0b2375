"""What grading a class costs, against nbgrader's own autograde on the same class.

The class is lab 1's bank: the solution, alternatives and mutants in turn, so that all
notebooks run to their end. nbgrader runs as it comes, one submission after the other.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from autograder.authoring.bank import read_bank
from autograder.authoring.build import build_labs
from autograder.authoring.catalog import find_lab
from autograder.authoring.lab import Lab
from autograder.grading import grade
from autograder.simulated_class import answered, without_markers

ROOT = Path(__file__).parent.parent
LAB = "lab01_first_round"
NUM_FEW = 24  # submissions, where a whole class would only take longer


def results(
    device: str = "cpu", num_students: int = 100, num_by_nbgrader: int = 40
) -> dict[str, float]:
    """Return the figures of grading, by name.

    Parameters
    ----------
    device : str
        Grading uses none.
    num_students : int
        How many submissions we grade.
    num_by_nbgrader : int
        How many of them nbgrader grades; its time grows with their number.
    """
    lab = find_lab(ROOT, LAB)
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        make_class(lab, course, num_students)
        _grade(lab, course, 1, few=1)  # the release, and what is cached on disk
        two_s, _ = _grade(lab, course, 2)
        nbgrader_s = _by_nbgrader(course, num_by_nbgrader)
        one_s, many_cpu_s = _grade(lab, course, 1, few=NUM_FEW)
        _, one_cpu_s = _grade(lab, course, 1, few=1)
        with peak_megabytes() as two_workers:
            few_s, _ = _grade(lab, course, 2, few=NUM_FEW)
        with peak_megabytes() as three_workers:
            _grade(lab, course, 3, few=NUM_FEW)
    cells_s = cell_cpu_seconds(lab)
    return {
        "grading_speedup_over_nbgrader": (nbgrader_s / num_by_nbgrader)
        / (two_s / num_students),
        "grading_cpu_seconds_overhead": (many_cpu_s - one_cpu_s) / (NUM_FEW - 1)
        - cells_s,
        "grading_scaling_2_workers": one_s / few_s,
        "grading_worker_megabytes": three_workers[0] - two_workers[0],
        "grading_seconds_per_submission": two_s / num_students,
        "grading_first_result_seconds": _first_result_s(lab),
    }


def make_class(lab: Lab, course: Path, num_students: int) -> None:
    """Hand in the solution and answers of the bank, one exercise answered otherwise."""
    build_labs(ROOT, [lab.name])
    released = (ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text()
    solution = {
        cell.grade_id: without_markers(cell.source)
        for cell in lab.of_kind("exercise", "question")
    }
    bank = [answer for answer in read_bank(lab) if "while True" not in answer.source]
    for k in range(num_students):
        answer = bank[k * 7 % len(bank)]
        answers = {**solution, answer.exercise: answer.source} if k else solution
        folder = course / "submitted" / f"s{k:03d}" / lab.name
        folder.mkdir(parents=True)
        (folder / f"{lab.name}.ipynb").write_text(answered(released, answers))


def _grade(
    lab: Lab, course: Path, workers: int, few: int | None = None
) -> tuple[float, float]:
    """Grade everybody, or a few; return the wall and the processor seconds.

    Processor time is that of the whole machine: a sandbox hides the processes in it
    from the usual accounts of a process and its children.
    """
    submitted, aside = course / "submitted", course / "aside"
    aside.mkdir(exist_ok=True)
    for folder in sorted(submitted.iterdir())[few:] if few else []:
        folder.rename(aside / folder.name)
    began, cpu_before = time.perf_counter(), _machine_cpu_s()
    report = grade(course, lab, force=True, workers=workers)
    seconds, cpu_s = time.perf_counter() - began, _machine_cpu_s() - cpu_before
    assert {student.status for student in report.students} == {"graded"}
    for folder in aside.iterdir():
        folder.rename(submitted / folder.name)
    return seconds, cpu_s


def _machine_cpu_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _by_nbgrader(course: Path, num_students: int) -> float:
    """Return the wall seconds of `nbgrader autograde` for some of the class."""
    stock = course.parent / "stock"
    shutil.copytree(course, stock, ignore=shutil.ignore_patterns("autograded"))
    for folder in sorted((stock / "submitted").iterdir())[num_students:]:
        shutil.rmtree(folder)
    programs = Path(sys.executable).parent  # nbgrader calls alembic from there
    began = time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", "nbgrader", "autograde", LAB),
            f"--CourseDirectory.root={stock}",
            "--ExecutePreprocessor.timeout=120",
        ],
        cwd=stock,
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
    )
    return time.perf_counter() - began


def cell_cpu_seconds(lab: Lab) -> float:
    """Return the processor seconds of the solved notebook's cells in a warm process.

    Of those that grading runs: down to the last one that is marked.
    """
    shell = InteractiveShell.instance()
    is_marked = [cell.kind in ("test", "question") for cell in lab.cells]
    needed = lab.cells[: len(is_marked) - is_marked[::-1].index(True)]

    def run_all() -> None:
        for cell in needed:
            if cell.is_code:
                with capture_output():
                    shell.run_cell(cell.source)

    run_all()
    began = time.process_time()
    run_all()
    return time.process_time() - began


def _first_result_s(lab: Lab) -> float:
    """Return the wall seconds from the command to the first of two results."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        make_class(lab, course, 2)
        began, first = time.perf_counter(), []
        grade(
            course,
            lab,
            workers=2,
            progress=lambda done, total, student: (
                first.append(time.perf_counter() - began) if done == 1 else None
            ),
        )
        return first[0]


@contextmanager
def peak_megabytes() -> Iterator[list[float]]:
    """Yield a list that in the end holds the peak of this process tree's memory.

    Shared pages are counted once (proportional set size).
    """
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            total = 0.0
            for process in [psutil.Process(), *psutil.Process().children(True)]:
                try:
                    total += process.memory_full_info().pss / 1e6
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], total)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
