"""Several workers: the same marks, and nobody's death costs one."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest

from autograder.grading.ledger import Ledger
from autograder.grading.marking import Marked
from autograder.grading.pool import NUM_TRIES, ThisProcess, Workers
from autograder.judging.judge import JudgeDied
from tests.grading.tiny import FULL, points


class OddMarker:
    """Marks by the folder's name: some raise, some take their worker with them."""

    def __init__(self, scratch):
        self.scratch = scratch

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def mark(self, folder):
        student = folder.parent.name
        with (self.scratch / student).open("a") as log:
            log.write(f"{os.getpid()}\n")
        num_tries = len((self.scratch / student).read_text().split())
        if student == "raises":
            raise OSError("disk full")
        if student == "judge-dies-once" and num_tries == 1:
            raise JudgeDied
        if student == "kills" or (student == "kills-once" and num_tries == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        return Marked(student, (), Ledger("a", "b"), "{}")


@pytest.fixture
def outcomes_of(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def run(students, make_pool):
        folders = [tmp_path / student / "lab" for student in students]
        pool = make_pool(partial(OddMarker, scratch))
        outcomes = {folder.parent.name: out for folder, out in pool.mark(folders)}
        tries = {path.name: path.read_text().split() for path in scratch.iterdir()}
        return outcomes, tries

    return run


CLASS = ["ada", "raises", "bob", "kills-once", "eve", "kills"]


def test_a_worker_that_dies_costs_nobody_a_mark(outcomes_of):
    """Its submission is tried again, and given up alone after some tries."""
    outcomes, tries = outcomes_of(CLASS, partial(Workers, num_workers=2))

    marked = [name for name, out in outcomes.items() if isinstance(out, Marked)]
    assert sorted(marked) == ["ada", "bob", "eve", "kills-once"]
    assert len(tries["kills-once"]) == 2
    assert len(set(tries["kills"])) == len(tries["kills"]) == NUM_TRIES
    assert "terminated" in str(outcomes["kills"])


def test_an_exception_is_an_outcome_on_either_side(outcomes_of):
    """In a worker it comes back; in this process it is caught."""
    for make_pool in (ThisProcess, partial(Workers, num_workers=2)):
        outcomes, _ = outcomes_of(["ada", "raises"], make_pool)

        assert isinstance(outcomes["ada"], Marked)
        assert str(outcomes["raises"]) == "disk full"


@pytest.mark.parametrize("make_pool", [ThisProcess, partial(Workers, num_workers=2)])
def test_a_judge_that_dies_costs_nobody_a_mark(outcomes_of, make_pool):
    """The submission is marked again with a new one, and so are all after it."""
    outcomes, tries = outcomes_of(["ada", "judge-dies-once", "zoe"], make_pool)

    assert all(isinstance(out, Marked) for out in outcomes.values())
    assert len(tries["judge-dies-once"]) == 2


def test_workers_do_the_work(outcomes_of):
    """Not this process, and each more than one submission."""
    _, tries = outcomes_of(list("abcdef"), partial(Workers, num_workers=2))

    pids = {int(pid) for log in tries.values() for pid in log}
    assert os.getpid() not in pids
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_marks_do_not_depend_on_the_number_of_workers(course):
    """Nor do the notebooks, the pages and the table."""
    for number in range(5):
        answer = f"def mean(values):\n    return {number}.0"
        course.submit(f"s{number}", mean=answer)
    course.submit("right")
    course.submit("torn", text="{")

    def results(workers):
        marks = course.grade(force=True, workers=workers)
        files = {
            path: _without_times(path.read_text())
            for step in ("autograded", "feedback")
            for path in (course.root / step).rglob("*")
            if path.is_file()
        }
        return marks, files, (course.root / "grades.csv").read_bytes()

    alone, many = results(1), results(3)

    assert alone == many
    assert points(alone[0]["right"]) == FULL
    assert list(alone[0]) == sorted(alone[0])


def _without_times(text):
    """How long a notebook took is what the ledger may say differently."""
    return re.sub(r'"(cpu_)?seconds": [0-9.]+', "", text)


GRADE = """
import sys
from pathlib import Path
from autograder.authoring import read_lab
from autograder.grading import grade
if __name__ == "__main__":
    root = Path(sys.argv[1])
    grade(root, read_lab(Path(sys.argv[2])), workers=2, progress=lambda *step: print(
        *step, flush=True))
"""


def test_a_killed_batch_goes_on_and_leaves_nobody_behind(course):
    """SIGKILL the grader again and again: every mark is right in the end, once."""
    students = [f"k{number:02d}" for number in range(12)]
    for student in students:
        course.submit(student)
    script = [sys.executable, "-c", GRADE, course.root, course.lab.path]
    for num_steps in (2, 3, 1):
        grader = subprocess.Popen(
            [str(part) for part in script], stdout=subprocess.PIPE, text=True
        )
        ledgers = course.root.glob("autograded/*/means/grading.json")
        enough = len(list(ledgers)) + num_steps
        while int(grader.stdout.readline().split()[0]) < enough:
            pass
        family = psutil.Process(grader.pid).children(recursive=True)
        assert family
        grader.kill()
        grader.wait()
        grader.stdout.close()
        _wait_until_gone(family)

    marks = course.grade(workers=2)

    assert {student: points(marks[student]) for student in students} == dict.fromkeys(
        students, FULL
    )
    assert sum(marks[student].status == "kept" for student in students) >= 3
    with course.gradebook() as gradebook:
        names = [s.student.id for s in gradebook.assignment_submissions("means")]
    assert sorted(set(names)) == sorted(names)


def _wait_until_gone(processes):
    for _ in range(100):
        alive = [p for p in processes if p.is_running() and p.status() != "zombie"]
        if not alive:
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {alive}")
