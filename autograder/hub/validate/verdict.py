"""What Validate says about a notebook that has run: a sentence for each failed check.

The answer has the form that nbgrader's dialog expects: `type_changed`, `changed`, or
`failed`, each a list of cells with what is to be shown of them; or nothing, which the
dialog calls a success.
"""

from collections.abc import Iterator
from html import escape
from textwrap import wrap
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from autograder.judging.wording import failure_message

Verdict = dict[str, list[dict[str, str]]]
_MAX_SHOWN = 2_000
_WIDTH = 88  # of the dialog; it does not break lines
_NOT_RUN = "not run: an earlier cell stopped the notebook"


def changed_cells(notebook: NotebookNode) -> Verdict:
    """Return which checks are no longer what was given out; {} if none."""
    retyped, edited = [], []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        was = about.get("cell_type")
        if about.get("locked") or about.get("grade") or about.get("solution"):
            if was and was != cell.cell_type:
                types = {"old_type": was, "new_type": cell.cell_type}
                retyped.append({"source": _shown(cell.source), **types})
            elif about.get("locked") and _is_edited(cell):
                edited.append({"source": _shown(cell.source)})
    if retyped:
        return {"type_changed": retyped}
    return {"changed": edited} if edited else {}


def verdict(notebook: NotebookNode, stopped: str) -> Verdict:
    """Return which checks failed and why; {} if none.

    Parameters
    ----------
    stopped : str
        Why the notebook did not run to its end; "" if it did.
    """
    failed, broken = [], ""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        error = _error_of(cell)
        if utils.is_grade(cell) and not utils.is_solution(cell):
            if error is None and cell.execution_count is None and cell.source.strip():
                error = {"ename": "NotRun", "evalue": stopped or _NOT_RUN}
            if error is not None:
                failed.append(_said(cell, error, broken))
            broken = ""
        elif error is not None:
            broken = failure_message(error["ename"], error["evalue"])
    return {"failed": failed} if failed else {}


def _said(cell: NotebookNode, error: Any, broken: str) -> dict[str, str]:
    """Return what is shown of a failed check: its name, and the sentence."""
    sentence = failure_message(error["ename"], error["evalue"])
    if broken and error["ename"] == "NameError":
        # The check misses a name, because the cell that was to define it failed.
        sentence = f"a cell above failed: {broken}"
    name = str(cell.metadata.nbgrader.get("grade_id", "")).removeprefix("test-")
    intention = "\n".join(_first_comment(cell.source))
    return {
        "source": f"{name}\n{intention}".strip(),
        "error": escape("\n".join(wrap(sentence, _WIDTH))),
        "raw_error": sentence,
    }


def _first_comment(source: str) -> Iterator[str]:
    for line in source.splitlines():
        if not line.startswith("#"):
            return
        yield line


def _error_of(cell: NotebookNode) -> Any:
    """Return the cell's error, None if it ran to its end."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return output
    return None


def _is_edited(cell: NotebookNode) -> bool:
    checksum = cell.metadata.nbgrader.get("checksum")
    return checksum is not None and checksum != utils.compute_checksum(cell)


def _shown(source: str) -> str:
    return source.strip()[:_MAX_SHOWN]
