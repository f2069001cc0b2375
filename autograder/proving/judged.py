"""A trial's marks from the judge: its cells in a fork, the tests on our side.

What marks a submission marks the bank: the same judge, the same proxies, the same side
of the wall for every test. There is no sandbox, because we wrote the answers ourselves.
"""

from collections.abc import Callable, Sequence
from typing import Any

from autograder.authoring.lab import Cell, Lab
from autograder.judging.exercise_names import exercise_names
from autograder.judging.forked import ForkedStudent
from autograder.judging.judge import Judge
from autograder.judging.limits import JudgeLimits
from autograder.proving.answers import Trial
from autograder.proving.outcome import Mark


def judge_at(lab: Lab, setup: Sequence[str], seconds: float) -> Judge:
    """Return a judge of `lab` with these setup cells; `seconds` limits a test cell."""
    limits = JudgeLimits(call_s=seconds, test_s=seconds, interrupt_s=1.0)
    return Judge(setup, exercise_names(lab), limits)


def judged_marks(
    judge: Judge,
    lab: Lab,
    trial: Trial,
    tests: Sequence[Cell],
    exercises: Sequence[Cell],
    namespace: dict[str, Any],
    run_cell: Callable[[str], Any],
) -> tuple[Mark, ...]:
    """Return a trial's mark at each of `tests`, whatever happens to its process.

    Parameters
    ----------
    exercises : sequence of Cell
        The exercise cells that are run, in the lab's order with the tests.
    namespace : dict of str to object
        Where the setup cells have run, in this process.
    run_cell : callable
        Runs a cell in `namespace`.
    """
    steps: list[str | None] = []
    for cell in lab.cells:
        if cell in exercises:
            swapped = cell.exercise == trial.exercise
            steps.append(trial.source if swapped else cell.source)
        elif cell in tests:
            steps.append(None)
    marks, sitting = [], judge.sitting()
    with ForkedStudent(steps, namespace, run_cell) as student:
        for cell, channel in zip(tests, student.channels, strict=True):
            verdict = judge.run(
                cell.source, cell.points, channel, student.interrupt, sitting
            )
            if verdict.stuck:
                student.kill()
            where, points = (cell.grade_id, cell.exercise), verdict.points
            marks.append(Mark(*where, points, cell.points, verdict.message))
    return tuple(marks)
