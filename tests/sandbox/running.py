"""Run cells in a sandbox, as grading does, and look at the machine from outside."""

import nbformat
import psutil

from autograder.grading.execute import KernelExecutor
from autograder.grading.intake import Submission
from autograder.grading.limits import Limits


def run(sandbox, folder, *sources, files=(), **limits):
    """Run code cells in one kernel; return the executed cells and why it stopped."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    submission = Submission("ada", folder, notebook, tuple(files), None, ())
    limits = Limits(**{"cell_s": 10, "interrupt_s": 1, **limits})
    executed = KernelExecutor(limits, sandbox).execute(notebook, submission)
    return executed.notebook.cells, executed.stopped


def text(cell):
    return "".join(out.get("text", "") for out in cell.outputs)


def errors(cell):
    return [out.evalue for out in cell.outputs if out.output_type == "error"]


def is_running(*command):
    """Return whether a process with this command line lives on this machine."""
    processes = psutil.process_iter(["cmdline", "status"])
    return any(
        process.info["cmdline"] == list(command)
        and process.info["status"] != psutil.STATUS_ZOMBIE
        for process in processes
    )
