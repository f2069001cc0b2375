"""A lab source: one jupytext percent file, read into typed cells with line numbers.

What an author writes after the marker says what a cell is for:

    # %% [markdown]                                prose
    # %% setup="imports"                           runs before everything, locked
    # %%                                           an exploration: training, figures
    # %% exercise="weighted-mean"                  a stub; the answer stands in a
                                                   BEGIN/END SOLUTION region
    # %% test="weighted-mean" points=5             a check that students see
    # %% test="weighted-mean" case="empty" points=3 hidden=true
    # %% [markdown] question="meaning" points=5    words, marked by a person

An exercise's tests may use names from setup cells, exercise cells and themselves,
never from an exploration or from another test. So a test can be run after the setup
and the exercises alone, which is what makes proving a lab fast, and a student's broken
training cell cannot cost a mark twice.

Bank files (`mutants.py`) have the same format; see `bank.py`.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from autograder.authoring.percent import AuthoringError, RawCell, read_cells

Kind = Literal["prose", "setup", "explore", "exercise", "test", "question"]

_GRADE_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_ROLES: tuple[Kind, ...] = ("setup", "exercise", "test", "question")
# Which roles may carry a key.
_KEYS: dict[str, tuple[Kind, ...]] = {
    "case": ("test",),
    "hidden": ("test",),
    "points": ("test", "question"),
}


@dataclass(frozen=True)
class Cell:
    """One cell of a lab.

    Parameters
    ----------
    kind : Kind
        What the cell is for.
    source : str
        The author's text, answers and hidden tests included.
    line : int
        The marker's line in the source file, from 1.
    grade_id : str
        nbgrader's name for the cell; empty for prose and explorations.
    exercise : str
        The exercise that the cell states or tests; empty for other kinds.
    points : int
        The marks of a test or a question, 0 for other kinds.
    hidden : bool
        True for a test that students do not receive.
    """

    kind: Kind
    source: str
    line: int
    grade_id: str = ""
    exercise: str = ""
    points: int = 0
    hidden: bool = False

    @property
    def is_code(self) -> bool:
        """True unless the cell is prose or a question."""
        return self.kind not in ("prose", "question")


@dataclass(frozen=True)
class Lab:
    """A lab as its author wrote it.

    Parameters
    ----------
    name : str
        The folder's name, for instance "lab01_first_round".
    path : Path
        The percent file.
    cells : tuple of Cell
        In the order of the file.
    """

    name: str
    path: Path
    cells: tuple[Cell, ...]

    def of_kind(self, *kinds: Kind) -> tuple[Cell, ...]:
        """Return the cells of these kinds, in the order of the file."""
        return tuple(cell for cell in self.cells if cell.kind in kinds)

    @cached_property
    def exercises(self) -> tuple[str, ...]:
        """The exercises' names, in the order of the file."""
        return tuple(cell.exercise for cell in self.of_kind("exercise"))

    def exercise_cell(self, exercise: str) -> Cell:
        """Return the cell that states `exercise`; KeyError names what there is."""
        for cell in self.of_kind("exercise"):
            if cell.exercise == exercise:
                return cell
        raise KeyError(f"no exercise {exercise!r} in {self.name}: {self.exercises}")

    def tests_of(self, exercise: str) -> tuple[Cell, ...]:
        """Return the tests that mark `exercise`, in the order of the file."""
        return tuple(c for c in self.of_kind("test") if c.exercise == exercise)

    @property
    def points(self) -> int:
        """All marks of the lab, questions included."""
        return sum(cell.points for cell in self.cells)


def read_lab(path: Path) -> Lab:
    """Read the lab source at `path`.

    Only what a cell *is* gets decided here; whether the lab is sound is the business of
    `checks.py`.

    Raises
    ------
    AuthoringError
        If a marker line has an unknown or contradictory meaning.
    FileNotFoundError
        If there is no such file.
    """
    cells = []
    for raw in read_cells(path):
        try:
            cells.append(_interpret(raw))
        except ValueError as error:
            raise AuthoringError(path, raw.line, str(error)) from None
    return Lab(path.parent.name, path, tuple(cells))


def _interpret(raw: RawCell) -> Cell:
    """Give a cell its meaning; ValueError says what is wrong with its marker line."""
    meta = raw.metadata
    role = _role(meta)
    is_markdown = raw.cell_type == "markdown"
    if role is None:
        return Cell("prose" if is_markdown else "explore", raw.source, raw.line)
    if is_markdown != (role == "question"):
        expected = "[markdown]" if role == "question" else "code"
        raise ValueError(
            f"expected a {expected} cell for a {role}, got {raw.cell_type}"
        )
    name, points, hidden = _slug(meta, role), _points(meta), _hidden(meta)
    if role == "setup":
        return Cell(role, raw.source, raw.line, f"setup-{name}")
    if role == "question":
        return Cell(role, raw.source, raw.line, name, points=points)
    if role == "exercise":
        return Cell(role, raw.source, raw.line, name, exercise=name)
    case = f"-{_slug(meta, 'case')}" if "case" in meta else ""
    return Cell(role, raw.source, raw.line, f"test-{name}{case}", name, points, hidden)


def _role(meta: dict[str, Any]) -> Kind | None:
    """Return the one role that a marker line gives, or None for a plain cell."""
    known = sorted({*_ROLES, *_KEYS})
    for key in meta:
        if key not in known:
            raise ValueError(
                f"expected only {', '.join(known)} on a marker line, got {key!r}"
            )
    roles = [role for role in _ROLES if role in meta]
    if len(roles) > 1:
        raise ValueError(f"expected one role for a cell, got {' and '.join(roles)}")
    role = roles[0] if roles else None
    for key, bearers in _KEYS.items():
        if key in meta and role not in bearers:
            raise ValueError(
                f"expected {key} only on a {' or '.join(bearers)}, got it on a "
                f"{role or 'plain'} cell"
            )
    return role


def _slug(meta: dict[str, Any], key: str) -> str:
    name = meta[key]
    if not isinstance(name, str) or not _GRADE_ID.match(name):
        raise ValueError(
            f'expected {key}="a-slug" of lower-case letters, digits and hyphens, got '
            f"{name!r}"
        )
    return name


def _points(meta: dict[str, Any]) -> int:
    points = meta.get("points", 0)
    if not isinstance(points, int) or isinstance(points, bool) or points < 0:
        raise ValueError(f"expected points to be a whole number >= 0, got {points!r}")
    return points


def _hidden(meta: dict[str, Any]) -> bool:
    hidden = meta.get("hidden", False)
    if not isinstance(hidden, bool):
        raise ValueError(f"expected hidden=true or hidden=false, got {hidden!r}")
    return hidden
