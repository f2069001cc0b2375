"""What students were given, and what their cells are marked with.

Two places together know it: the released notebook (order, cell ids, the text that
students see) and the gradebook (the same cells with their hidden tests, points and
checksums). Repairing, marking and feedback read this one description of both.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, Notebook

from autograder.authoring.lab import Lab
from autograder.errors import UserError

Kind = Literal["setup", "exercise", "test", "question"]


@dataclass(frozen=True)
class ReleasedCell:
    """A cell that nbgrader knows by name.

    Parameters
    ----------
    kind : Kind
        A setup or test is locked; an exercise or question is the student's to write.
    cell_type : str
        "code" or "markdown".
    cell_id : str
        nbformat's id of the cell.
    visible : str
        The text that students received.
    graded : str
        The text that grading runs: hidden tests included.
    maximum : float
        The points of a test or question, 0 for other kinds.
    nbgrader : dict
        nbgrader's metadata, with the checksum of `graded`.
    exercise : str
        The exercise that a test marks or an exercise states, else "".
    """

    grade_id: str
    kind: Kind
    cell_type: str
    cell_id: str
    visible: str
    graded: str
    maximum: float
    nbgrader: dict[str, Any]
    exercise: str

    @property
    def is_locked(self) -> bool:
        """True if students may not edit the cell."""
        return self.kind in ("setup", "test")

    @property
    def has_hidden_tests(self) -> bool:
        """True if students did not receive all of the cell."""
        return self.visible != self.graded

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the cell's whole metadata, a fresh copy."""
        locked: dict[str, Any] = {"deletable": False}
        if self.is_locked:
            locked["editable"] = False
        return {**locked, "nbgrader": dict(self.nbgrader)}

    @cached_property
    def hidden_lines(self) -> frozenset[str]:
        """The lines that students did not receive, stripped; short ones left out."""
        seen = {line.strip() for line in self.visible.splitlines()}
        lines = {line.strip() for line in self.graded.splitlines()}
        return frozenset(line for line in lines - seen if len(line) >= 8)


@dataclass(frozen=True)
class Release:
    """A lab as it was released.

    Parameters
    ----------
    lab : str
        The lab's name, which is also its notebook's.
    cells : tuple of ReleasedCell
        In the order of the released notebook.
    notebook : NotebookNode
        The released notebook. Never changed: copy it.
    digest : str
        Changes when what would be run or marked changes.
    """

    lab: str
    cells: tuple[ReleasedCell, ...]
    notebook: NotebookNode
    digest: str

    def of_kind(self, *kinds: Kind) -> tuple[ReleasedCell, ...]:
        """Return the cells of these kinds, in order."""
        return tuple(cell for cell in self.cells if cell.kind in kinds)

    @cached_property
    def by_grade_id(self) -> dict[str, ReleasedCell]:
        """The cells by nbgrader's names, in order."""
        return {cell.grade_id: cell for cell in self.cells}

    @cached_property
    def hidden_lines(self) -> frozenset[str]:
        """All lines that students did not receive."""
        return frozenset().union(*(cell.hidden_lines for cell in self.cells))


def read_release(path: Path, lab: Lab, gradebook: Gradebook) -> Release:
    """Read what was released of `lab`.

    Parameters
    ----------
    path : Path
        The released notebook.

    Raises
    ------
    UserError
        If the notebook is missing or is not what the gradebook was made with.
    """
    if not path.exists():
        raise UserError(f"expected the released notebook at {path}, found none")
    notebook = nbformat.read(path, as_version=4)
    try:
        registered = gradebook.find_notebook(lab.name, lab.name)
    except MissingEntry:
        raise UserError(
            f"expected the gradebook to know {lab.name}, but it was never generated"
        ) from None
    exercises = {cell.grade_id: cell.exercise for cell in lab.cells if cell.grade_id}
    cells = _cells(notebook, registered, exercises)
    if {cell.grade_id for cell in cells} != {c.name for c in registered.source_cells}:
        raise UserError(
            f"expected {path} to have the cells that the gradebook knows of "
            f"{lab.name}, got others: generate the lab again"
        )
    return Release(lab.name, cells, notebook, _digest(cells))


def _cells(
    notebook: NotebookNode, registered: Notebook, exercises: dict[str, str]
) -> tuple[ReleasedCell, ...]:
    sources = {cell.name: cell for cell in registered.source_cells}
    maxima = {cell.name: float(cell.max_score) for cell in registered.grade_cells}
    cells = []
    for cell in notebook.cells:
        nbgrader = dict(cell.metadata.get("nbgrader", {}))
        source = sources.get(nbgrader.get("grade_id", ""))
        if source is None:
            continue
        nbgrader["checksum"] = source.checksum
        cells.append(
            ReleasedCell(
                grade_id=source.name,
                kind=_kind(nbgrader),
                cell_type=cell.cell_type,
                cell_id=cell.get("id", ""),
                visible=cell.source,
                graded=source.source,
                maximum=maxima.get(source.name, 0.0),
                nbgrader=nbgrader,
                exercise=exercises.get(source.name, ""),
            )
        )
    return tuple(cells)


def _kind(nbgrader: dict[str, Any]) -> Kind:
    if nbgrader.get("grade"):
        return "question" if nbgrader.get("solution") else "test"
    return "exercise" if nbgrader.get("solution") else "setup"


def _digest(cells: tuple[ReleasedCell, ...]) -> str:
    content = [[c.grade_id, c.kind, c.cell_type, c.graded, c.maximum] for c in cells]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
