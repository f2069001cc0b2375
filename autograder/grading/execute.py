"""Run a repaired notebook, cell by cell, and survive whatever is in it.

The student's cells run in their kernel. Test cells do not: the judge runs them on our
side, with the kernel's names as proxies, and its verdicts are the marks.

A cell that raises stops nobody: later cells run. A cell that takes too long is
interrupted. After a kernel that died, or did not react, no cell is run: cells before
keep their outputs, and the rest get a `NotRun` error with the reason, so that their
tests are marked zero and say why.

What stands below the last cell that is marked is not run: no mark depends on it, and a
lab ends with its longest cells, which are optional.

A kernel that died although it kept within all bounds may have been the machine's fault
or that of a library (the interpreter of Python 3.12.1 was seen to crash in one). Such
a notebook is run a second time, and that run counts. Nobody gains by dying: of a test
that both runs have judged, the lower mark counts.
"""

import contextlib
import copy
import time
from dataclasses import dataclass, field
from typing import Protocol

from nbformat import NotebookNode

from autograder.grading.cells import grade_id_of, is_marked, is_test, maximum_of
from autograder.grading.intake import Submission
from autograder.grading.kernel import Ending, Kernel, KernelStartError
from autograder.grading.limits import Limits
from autograder.grading.messages import Message
from autograder.grading.outputs import (
    CellOutputs,
    OutputBudget,
    error_output,
    text_output,
    verdict_outputs,
)
from autograder.grading.workspace import workspace
from autograder.judging.cell import Verdict
from autograder.judging.judge import Judge
from autograder.sandbox import Place, Sandbox

_NO_NEED = "Not run for the marks: none of them depends on this cell.\n"
_MAX_COUNT = 1_000_000  # of executed cells; a forged reply says anything
_NUM_STARTS = 3  # a kernel that does not start is the machine's fault: try again


@dataclass
class Executed:
    """What running a notebook gave.

    Parameters
    ----------
    notebook : NotebookNode
        The executed copy.
    stopped : str
        Why it was stopped before its end; empty if it was not.
    verdicts : dict of str to Verdict
        By grade id, what the judge says of the tests that it was asked about.
    cpu_s : float, seconds
        Processor time of everything that ran in the kernel.
    """

    notebook: NotebookNode
    stopped: str = ""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    cpu_s: float = 0.0


class Executor(Protocol):
    """Runs notebooks: the seam at which another kind of kernel can be put in."""

    def execute(self, notebook: NotebookNode, submission: Submission) -> Executed:
        """Run a copy of `notebook`."""


class KernelExecutor:
    """Runs each notebook in a kernel process and a place of its own.

    Parameters
    ----------
    limits : Limits
        When to stop, and how much output to keep.
    sandbox : Sandbox
        Starts the kernels.
    judge : Judge or None
        Runs the test cells. Without one they run in the kernel like any other cell:
        as students validate, and as nbgrader grades.
    """

    def __init__(
        self, limits: Limits, sandbox: Sandbox, judge: Judge | None = None
    ) -> None:
        self.limits, self.sandbox, self.judge = limits, sandbox, judge

    def execute(self, notebook: NotebookNode, submission: Submission) -> Executed:
        """Run a copy of `notebook`.

        Raises
        ------
        KernelStartError
            If no kernel could be started.
        """
        executed, was_lost = self._run(notebook, submission, {})
        if was_lost:
            judged = executed.verdicts.items()
            first = {name: verdict for name, verdict in judged if not verdict.cut_off}
            executed, _ = self._run(notebook, submission, first)
        return executed

    def _run(
        self, notebook: NotebookNode, submission: Submission, first: dict[str, Verdict]
    ) -> tuple[Executed, bool]:
        """Run it once; return also whether the kernel died and nobody knows why.

        Parameters
        ----------
        first : dict of str to Verdict
            What a run before it has given: no test gets more now.
        """
        executed = Executed(copy.deepcopy(notebook))
        with workspace(submission) as place:
            with self._kernel(place) as kernel:
                run = _Run(kernel, self.limits, self.judge, executed, first)
                run.all_cells()
            executed.cpu_s = kernel.cpu_s
        return executed, run.was_lost

    def _kernel(self, place: Place) -> Kernel:
        for _ in range(_NUM_STARTS - 1):
            with contextlib.suppress(KernelStartError):
                return self._start(place)
        return self._start(place)

    def _start(self, place: Place) -> Kernel:
        limits = self.limits
        return Kernel(self.sandbox, place, limits.machine, limits.start_s)


class _Run:
    """One notebook being run."""

    def __init__(
        self,
        kernel: Kernel,
        limits: Limits,
        judge: Judge | None,
        executed: Executed,
        first: dict[str, Verdict],
    ) -> None:
        self.kernel, self.limits, self.judge = kernel, limits, judge
        self.executed, self.first = executed, first
        self.sitting = judge.sitting() if judge is not None else 0
        self.was_lost = False
        self.deadline = time.monotonic() + limits.notebook_s
        self.budget = OutputBudget(
            limits.cell_output_bytes, limits.notebook_output_bytes
        )

    def all_cells(self) -> None:
        """Run the code cells in place; note why they were stopped."""
        number = 0
        num_needed = _num_needed(self.executed.notebook)
        for position, cell in enumerate(self.executed.notebook.cells):
            if cell.cell_type != "code":
                continue
            cell["outputs"], cell["execution_count"] = [], None
            if not cell.source.strip():
                continue
            if position >= num_needed:
                cell["outputs"] = [text_output(_NO_NEED)]
                continue
            if not self.executed.stopped and time.monotonic() >= self.deadline:
                self.executed.stopped = (
                    f"the notebook took longer than {self.limits.notebook_s:g} s"
                )
            if self.executed.stopped:
                cell["outputs"] = [_not_run(self.executed.stopped)]
                continue
            number += 1
            cell["execution_count"] = number
            if self.judge is not None and is_test(cell):
                self.executed.stopped = self._judge_cell(self.judge, cell)
            else:
                self.executed.stopped = self._run_cell(cell)

    def _judge_cell(self, judge: Judge, cell: NotebookNode) -> str:
        """Have a test cell judged; return a reason if none can be run after it."""
        outputs = CellOutputs(self.budget)
        found, ending = self.kernel.judged(
            judge,
            cell.source,
            maximum_of(cell),
            sitting=self.sitting,
            on_output=outputs.add_shown,
        )
        name = grade_id_of(cell)
        verdict = min(found, self.first.get(name, found), key=lambda v: v.points)
        self.executed.verdicts[name] = verdict
        cell["outputs"] = outputs.outputs + verdict_outputs(verdict)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output["execution_count"] = cell.execution_count
        cause = self.kernel.cause_of_death or found.message or "the kernel died"
        is_known = self.kernel.cause_of_death or found.stuck  # then it was killed
        self.was_lost |= ending == "dead" and not is_known
        if ending in ("stuck", "dead"):
            return f"{_name(cell)} was the last cell that ran: {cause}"
        return ""

    def _run_cell(self, cell: NotebookNode) -> str:
        """Run one cell; return a reason if none can be run after it."""
        outputs = CellOutputs(self.budget)
        left = self.deadline - time.monotonic()
        seconds = min(self.limits.cell_s, max(0.1, left))
        ending, reply = self.kernel.run(
            cell.source,
            timeout_s=seconds,
            interrupt_s=self.limits.interrupt_s,
            in_history=not cell.metadata.get("nbgrader", {}).get("grade", False),
            on_output=outputs.add,
        )
        cell["outputs"] = outputs.outputs
        count = reply.get("execution_count")  # that of its tracebacks
        if type(count) is int and 0 < count < _MAX_COUNT:
            cell["execution_count"] = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output["execution_count"] = cell.execution_count
        problem = _problem(ending, seconds, self.kernel.cause_of_death)
        if ending == "incomplete":
            cell["execution_count"] = None  # marked as if it had not run, and flagged
        if problem:
            cell.outputs.append(_not_run(problem))
        elif reply.get("status") != "ok" and not _has_error(cell):
            cell.outputs.append(error_output(reply))
        self.was_lost |= ending == "dead" and not self.kernel.cause_of_death
        if ending in ("stuck", "dead"):
            return f"{_name(cell)} was the last cell that ran: {problem}"
        return ""


def _num_needed(notebook: NotebookNode) -> int:
    """Return how many cells to run: up to the last one that is marked."""
    marked = [is_marked(cell) for cell in notebook.cells]
    return len(marked) - marked[::-1].index(True) if True in marked else len(marked)


def _name(cell: NotebookNode) -> str:
    """Name a cell: by nbgrader's name, else by its first line."""
    return f"`{grade_id_of(cell) or cell.source.strip().splitlines()[0][:40]}`"


def _problem(ending: Ending, seconds: float, cause_of_death: str) -> str:
    return {
        "finished": "",
        "timeout": f"it took longer than {seconds:.3g} s and was stopped",
        "stuck": f"it took longer than {seconds:.3g} s and could not be stopped",
        "dead": cause_of_death or "the kernel died",
        "incomplete": "not all of its outputs arrived",
    }[ending]


def _has_error(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def _not_run(reason: str) -> NotebookNode:
    message: Message = {"ename": "NotRun", "evalue": reason, "traceback": [reason]}
    return error_output(message)
