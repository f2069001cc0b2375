"""Lab 1 through the judge: its tests, unchanged, mark as they do in a kernel."""

import gc
import os
from pathlib import Path

import pytest

from autograder.authoring.bank import read_bank
from autograder.authoring.lab import read_lab
from autograder.judging.judge import Judge
from tests.judging.student import Student

LAB = read_lab(
    Path(__file__).parents[2] / "solutions/lab01_first_round/lab01_first_round.py"
)
BANK = {(answer.exercise, answer.name): answer for answer in read_bank(LAB)}
SAMPLE = [
    ("parameters", "by-position"),
    ("parameters", "changes-before-it-refuses"),
    ("client-app", "one-expression"),
    ("streaming-mean", "copies-every-model"),
]


@pytest.fixture(scope="module")
def judge():
    with Judge.of_lab(LAB) as judge:
        yield judge


@pytest.fixture(scope="module")
def kernel():
    """A namespace in which the setup cells ran; every student is a fork of it."""
    namespace = {"__name__": "__main__"}
    for cell in LAB.of_kind("setup"):
        exec(compile(cell.source, "<setup>", "exec"), namespace)
    gc.freeze()
    return namespace


def cells_with(exercise="", source=""):
    return [
        source if cell.exercise == exercise else cell.source
        for cell in LAB.of_kind("exercise")
    ]


def judged(judge, kernel, cells, tests):
    points = {}
    for test in tests:
        with Student(*cells, namespace=kernel) as student:
            verdict = judge.run(test.source, test.points, student.channel)
        points[test.grade_id] = verdict.points, verdict.message
    return points


def in_one_process(kernel, cells, test):
    """Return the points of `test` where the student's cells ran, in a fork."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for cell in (*cells, test.source):
                exec(compile(cell, "<cell>", "exec"), kernel)
            os.write(theirs, b"1")
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(pid, 0)
    with os.fdopen(ours, "rb") as pipe:
        return float(test.points) if pipe.read() else 0.0


def test_the_solution_gets_full_marks(judge, kernel):
    """Every test cell, visible and hidden."""
    points = judged(judge, kernel, cells_with(), LAB.of_kind("test"))
    assert {name: got for name, (got, why) in points.items() if why} == {}
    assert sum(got for got, _ in points.values()) == 90


@pytest.mark.parametrize(("exercise", "name"), SAMPLE)
def test_answers_of_the_bank_are_marked_as_in_one_process(
    judge, kernel, exercise, name
):
    """In-place changes, refusals, proxies of classes, memory: test by test."""
    cells = cells_with(exercise, BANK[exercise, name].source)
    tests = LAB.tests_of(exercise)
    points = judged(judge, kernel, cells, tests)
    for test in tests:
        got, why = points[test.grade_id]
        assert got == in_one_process(kernel, cells, test), why
