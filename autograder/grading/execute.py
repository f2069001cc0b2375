"""Run a repaired notebook, cell by cell, and survive whatever is in it.

A cell that raises stops nobody: later cells run. A cell that takes too long is
interrupted. A kernel that died, or did not react, is not started again: cells before
it keep their outputs, and the rest get a `NotRun` error with the reason, so that their
tests are marked zero and say why.
"""

import contextlib
import copy
import time
from typing import Protocol

from nbformat import NotebookNode

from autograder.grading.cells import grade_id_of
from autograder.grading.intake import Submission
from autograder.grading.kernel import Ending, Kernel, KernelStartError, Message
from autograder.grading.limits import Limits
from autograder.grading.outputs import CellOutputs, OutputBudget, error_output
from autograder.grading.workspace import workspace
from autograder.sandbox import Place, Sandbox

_NUM_STARTS = 3  # a kernel that does not start is the machine's fault: try again


class Executor(Protocol):
    """Runs notebooks: the seam at which another kind of kernel can be put in."""

    def execute(
        self, notebook: NotebookNode, submission: Submission
    ) -> tuple[NotebookNode, str]:
        """Return an executed copy of `notebook` and why it was stopped, if it was."""


class KernelExecutor:
    """Runs each notebook in a kernel process and a place of its own.

    Parameters
    ----------
    limits : Limits
        When to stop, and how much output to keep.
    sandbox : Sandbox
        Starts the kernels.
    """

    def __init__(self, limits: Limits, sandbox: Sandbox) -> None:
        self.limits, self.sandbox = limits, sandbox

    def execute(
        self, notebook: NotebookNode, submission: Submission
    ) -> tuple[NotebookNode, str]:
        """Return an executed copy of `notebook` and why it was stopped, if it was.

        Raises
        ------
        KernelStartError
            If no kernel could be started.
        """
        executed = copy.deepcopy(notebook)
        with workspace(submission) as place, self._kernel(place) as kernel:
            return executed, _run_cells(kernel, executed, self.limits)

    def _kernel(self, place: Place) -> Kernel:
        for _ in range(_NUM_STARTS - 1):
            with contextlib.suppress(KernelStartError):
                return self._start(place)
        return self._start(place)

    def _start(self, place: Place) -> Kernel:
        limits = self.limits
        return Kernel(self.sandbox, place, limits.machine, limits.start_s)


def _run_cells(kernel: Kernel, notebook: NotebookNode, limits: Limits) -> str:
    """Run the code cells of `notebook` in place; return why it was stopped."""
    stopped = ""
    deadline = time.monotonic() + limits.notebook_s
    budget = OutputBudget(limits.cell_output_bytes, limits.notebook_output_bytes)
    number = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell["outputs"], cell["execution_count"] = [], None
        if not cell.source.strip():
            continue
        if not stopped and time.monotonic() >= deadline:
            stopped = f"the notebook took longer than {limits.notebook_s:g} s"
        if stopped:
            cell["outputs"] = [_not_run(stopped)]
            continue
        number += 1
        cell["execution_count"] = number
        stopped = _run_cell(kernel, cell, budget, limits, deadline)
    return stopped


def _run_cell(
    kernel: Kernel,
    cell: NotebookNode,
    budget: OutputBudget,
    limits: Limits,
    deadline: float,
) -> str:
    """Run one cell; return a reason if none can be run after it."""
    outputs = CellOutputs(budget)
    seconds = min(limits.cell_s, max(0.1, deadline - time.monotonic()))
    ending, reply = kernel.run(
        cell.source,
        timeout_s=seconds,
        interrupt_s=limits.interrupt_s,
        in_history=not cell.metadata.get("nbgrader", {}).get("grade", False),
        on_output=outputs.add,
    )
    cell["outputs"] = outputs.outputs
    if isinstance(reply.get("execution_count"), int):  # the number in its tracebacks
        cell["execution_count"] = reply["execution_count"]
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output["execution_count"] = cell.execution_count
    problem = _problem(ending, seconds, kernel.cause_of_death)
    if ending == "incomplete":
        cell["execution_count"] = None  # marked as if it had not run, and flagged
    if problem:
        cell.outputs.append(_not_run(problem))
    elif reply.get("status") != "ok" and not _has_error(cell):
        cell.outputs.append(error_output(reply))
    if ending in ("stuck", "dead"):
        return f"{_name(cell)} was the last cell that ran: {problem}"
    return ""


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
