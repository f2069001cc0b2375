"""Run trials in forks of one warm process.

The setup cells (imports, data) run once per process. Every trial is then a fork of that
process, which sets each seed in turn, runs the exercise cells with one of them swapped,
runs the tests that the swapped cell can reach, and dies, so that no trial can reach the
next. A test that hangs ends its trial: the tests before it keep their marks, the rest
have none.

A test cell runs in two places: in the judge, which marks submissions, and in the
student's own kernel, before they hand in. It must say the same in both. So the first
seed is proven in the judge (`judged`), and the others in IPython, where they take less
time, scored as a kernel's outputs are (`autograder.grading.score.score_cell`).
"""

import importlib
import multiprocessing
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from autograder.authoring.lab import Cell, Lab
from autograder.errors import UserError
from autograder.grading.score import score_cell
from autograder.proving.answers import Trial
from autograder.proving.judged import judge_at, judged_marks
from autograder.proving.outcome import Mark, Outcome
from autograder.proving.reach import Reach
from autograder.sandbox.forking import prepare_to_fork

_SEED = re.compile(r"^SEED\s*=\s*\d+", re.MULTILINE)


class _QuietShell(InteractiveShell):
    """Draw no tracebacks: nobody reads them, and one takes longer than most tests."""

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        pass


def run_trials(
    lab: Lab, seeds: Sequence[int], trials: Sequence[Trial], *, seconds: float
) -> Iterator[Outcome]:
    """Grade `trials` one after the other, each in a fork; yield as they finish.

    Parameters
    ----------
    seeds : sequence of int
        Each replaces the number on the setup's `SEED = ...` line in turn. At the first
        one a trial is judged by all tests that it can reach, at the others by its own
        exercise's, in its own process.
    seconds : float
        How long one test cell may take before its trial is killed.

    Raises
    ------
    UserError
        If a setup cell raises: then nothing can be graded.
    """
    shell = _new_shell()
    _set_up(shell, lab, seeds[0])
    prepare_to_fork()
    reach = Reach(lab)
    with judge_at(lab, setup_at(lab, seeds[0]), seconds) as judge:
        for trial in trials:
            _import_once(trial)
            tests = reach.tests(trial)
            exercises = reach.exercises(trial, tests)
            run = partial(_run, shell)
            yield Outcome(
                trial,
                seeds[0],
                judged_marks(judge, lab, trial, tests, exercises, shell.user_ns, run),
            )
            own = [c for c in tests if trial.exercise in ("", c.exercise)]
            plan = [(seed, cell) for seed in seeds[1:] for cell in own]
            if not plan:
                continue
            marks = list(_graded_in_fork(shell, lab, reach, trial, plan, seconds))
            for seed in seeds[1:]:
                given = [m for (s, _), m in zip(plan, marks, strict=True) if s == seed]
                yield Outcome(trial, seed, tuple(given))


def setup_at(lab: Lab, seed: int) -> list[str]:
    """Return the setup cells' sources with another seed."""
    sources = [cell.source for cell in lab.of_kind("setup")]
    return [_SEED.sub(f"SEED = {seed}", source) for source in sources]


def _set_up(shell: InteractiveShell, lab: Lab, seed: int) -> None:
    cells = lab.of_kind("setup")
    for cell, source in zip(cells, setup_at(lab, seed), strict=True):
        error = _run(shell, source)[1]
        if error is not None:
            raise UserError(
                f"{lab.path}:{cell.line}: the setup cell raised "
                f"{type(error).__name__}: {error}"
            )


def _new_shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False  # its thread would not survive a fork
    _QuietShell.clear_instance()
    return _QuietShell.instance(config=config)


def _import_once(trial: Trial) -> None:
    """Import here what the answer imports, so that only one fork's parent pays."""
    before = len(sys.modules)
    for name in trial.imports():
        with suppress(ImportError):  # then the answer finds out itself
            importlib.import_module(name)
    if len(sys.modules) > before:
        prepare_to_fork()


def _run(shell: InteractiveShell, source: str) -> tuple[Any, BaseException | None]:
    """Run a cell quietly; return its last expression's value and what it raised."""
    with capture_output():
        result = shell.run_cell(source, store_history=False)
    return result.result, result.error_before_exec or result.error_in_exec


Plan = list[tuple[int, Cell]]  # which test at which seed, in order


def _graded_in_fork(
    shell: InteractiveShell,
    lab: Lab,
    reach: Reach,
    trial: Trial,
    plan: Plan,
    seconds: float,
) -> Iterator[Mark]:
    """Yield one mark per step of the plan, whatever happens to the fork."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    child = fork.Process(
        target=_grade, args=(shell, lab, reach, trial, plan, theirs), daemon=True
    )
    child.start()
    theirs.close()
    reason = "the process of the answer died"
    num_done = 0
    try:
        while num_done < len(plan):
            if not ours.poll(seconds):
                reason = f"no result within {seconds:.0f} s"
                break
            yield ours.recv()
            num_done += 1
    except EOFError:
        pass
    finally:
        child.kill()
        child.join()
        ours.close()
    for _, cell in plan[num_done:]:
        yield Mark(cell.grade_id, cell.exercise, 0.0, cell.points, reason)


def _grade(
    shell: InteractiveShell,
    lab: Lab,
    reach: Reach,
    trial: Trial,
    plan: Plan,
    out: Connection,
) -> None:
    sys.stdin.close()
    # A test may start processes, as it may in a kernel and in the judge.
    multiprocessing.current_process().daemon = False
    for seed in dict.fromkeys(seed for seed, _ in plan):
        _set_up(shell, lab, seed)
        tests = [cell for s, cell in plan if s == seed]
        exercises = reach.exercises(trial, tests)
        for cell in lab.cells:
            if cell in exercises:
                swapped = cell.exercise == trial.exercise
                _run(shell, trial.source if swapped else cell.source)
            elif cell in tests:
                out.send(_mark(shell, cell))
    out.close()


def _mark(shell: InteractiveShell, cell: Cell) -> Mark:
    value, error = _run(shell, cell.source)
    outputs = []
    if error is not None:
        name, text = type(error).__name__, str(error)
        outputs = [
            nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[])
        ]
    elif value is not None:
        data = {"text/plain": repr(value)}
        outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    executed = nbformat.v4.new_code_cell(
        cell.source,
        execution_count=1,
        outputs=outputs,
        metadata={"nbgrader": {"grade_id": cell.grade_id, "points": cell.points}},
    )
    score = score_cell(executed)
    return Mark(cell.grade_id, cell.exercise, score.points, cell.points, score.message)
