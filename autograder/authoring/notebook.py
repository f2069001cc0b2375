"""A lab as nbgrader's source notebook: answers included, every cell id from the text.

nbgrader's cell metadata, by kind of cell (`task` is always false):

    kind       grade   solution   locked   points
    setup      -       -          yes      -
    exercise   -       yes        -        -
    test       yes     -          yes      the test's
    question   yes     yes        -        the question's

Prose and explorations have none: students may change them.
"""

import hashlib
from collections import Counter
from typing import Any

import nbformat

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.regions import leading_comment

_LONGEST_ID = 64  # nbformat's limit on a cell id


def instructor_notebook(lab: Lab) -> nbformat.NotebookNode:
    """Return `lab` as a notebook (nbformat 4.5) that nbgrader can generate from."""
    cells = []
    seen: Counter[str] = Counter()
    for cell in lab.cells:
        source = _source(cell)
        text = f"{cell.kind}\n{source}"
        seen[text] += 1
        fields = {
            "id": _cell_id(cell.grade_id, f"{text}\n{seen[text]}"),
            "metadata": _metadata(cell),
        }
        if cell.is_code:
            cells.append(nbformat.v4.new_code_cell(source, **fields))
        else:
            cells.append(nbformat.v4.new_markdown_cell(source, **fields))
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "generated_from": f"solutions/{lab.name}/{lab.name}.py",
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {
                "file_extension": ".py",
                "mimetype": "text/x-python",
                "name": "python",
            },
        },
    )
    return notebook


def as_bytes(notebook: nbformat.NotebookNode) -> bytes:
    """Return the notebook's file: sorted keys, one trailing newline, UTF-8."""
    return f"{nbformat.writes(notebook).rstrip()}\n".encode()


def _cell_id(grade_id: str, identity: str) -> str:
    """Return the grade id where there is one, else a name made from the text.

    The text's occurrence is part of `identity`, so that two equal cells differ, and a
    new cell changes no id but its own.
    """
    if grade_id and len(grade_id) <= _LONGEST_ID:
        return grade_id
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _source(cell: Cell) -> str:
    if not (cell.kind == "test" and cell.hidden):
        return cell.source
    comment, tests = leading_comment(cell)
    return "\n".join(
        [
            *(comment or [f"# Hidden checks of {cell.exercise}."]),
            "### BEGIN HIDDEN TESTS",
            *tests,
            "### END HIDDEN TESTS",
        ]
    )


def _metadata(cell: Cell) -> dict[str, Any]:
    if not cell.grade_id:
        return {}
    nbgrader: dict[str, Any] = {
        "grade": cell.kind in ("test", "question"),
        "grade_id": cell.grade_id,
        "locked": cell.kind in ("setup", "test"),
        "schema_version": 3,
        "solution": cell.kind in ("exercise", "question"),
        "task": False,
    }
    if nbgrader["grade"]:
        nbgrader["points"] = cell.points
    return {"nbgrader": nbgrader}
