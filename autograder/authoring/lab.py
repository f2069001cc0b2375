"""A lab source: one jupytext percent file, read into typed cells with line numbers.

What an author writes after the marker says what a cell is for:

    # %% [markdown]                                       prose
    # %% setup="imports"                                  runs before everything, locked
    # %%                                                  an exploration: training, figures
    # %% exercise="weighted-mean"                         a stub; the answer stands in a
                                                          BEGIN/END SOLUTION region
    # %% test="weighted-mean" points=5                    a check that students see
    # %% test="weighted-mean" case="empty" points=3 hidden=true
    # %% [markdown] question="meaning" points=5           words, marked by a person

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

import jupytext

from autograder.errors import UserError

Kind = Literal["prose", "setup", "explore", "exercise", "test", "question"]

_MARKER = re.compile(r"^# %%")
_GRADE_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


class AuthoringError(UserError):
    """A fault in a source file, as one sentence with its file and line."""

    def __init__(self, path: Path, line: int, fault: str) -> None:
        super().__init__(f"{path}:{line}: {fault}")
        self.path, self.line, self.fault = path, line, fault


@dataclass(frozen=True)
class RawCell:
    """One cell of a percent file, before it is given a meaning.

    Parameters
    ----------
    cell_type : str
        "code" or "markdown".
    source : str
        The cell's text, without its marker line.
    metadata : dict
        What the marker line says, for instance `{"test": "mean", "points": 2}`.
    line : int
        The marker's line in the file, from 1.
    """

    cell_type: str
    source: str
    metadata: dict[str, Any]
    line: int


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


def read_cells(path: Path) -> list[RawCell]:
    """Read a percent file's cells with the line on which each one starts.

    Raises
    ------
    AuthoringError
        If the file is not in percent format, or a marker line is one that jupytext
        would silently read as something else.
    """
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    markers = [i for i, line in enumerate(lines, start=1) if _MARKER.match(line)]
    for line in markers:
        if re.search(r"=.*\[(markdown|md|raw)\]", lines[line - 1]):
            raise AuthoringError(
                path,
                line,
                "expected [markdown] straight after '# %%', got it after the "
                "metadata, which jupytext would read as a code cell",
            )
    notebook = jupytext.reads(text, fmt="py:percent")
    cells = notebook.cells
    if len(cells) != len(markers):
        raise AuthoringError(
            path,
            1,
            f"expected every cell to start with '# %%', got {len(markers)} markers "
            f"for {len(cells)} cells: is there text before the first marker?",
        )
    return [
        RawCell(cell.cell_type, cell.source, dict(cell.metadata), line)
        for cell, line in zip(cells, markers, strict=True)
    ]


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
    cells = tuple(_interpret(path, raw) for raw in read_cells(path))
    return Lab(path.parent.name, path, cells)


def _interpret(path: Path, raw: RawCell) -> Cell:
    def refuse(fault: str) -> AuthoringError:
        return AuthoringError(path, raw.line, fault)

    known = {"setup", "exercise", "test", "case", "points", "hidden", "question"}
    meta = {
        k: v for k, v in raw.metadata.items() if k not in ("tags", "lines_to_next_cell")
    }
    unknown = sorted(set(meta) - known)
    if unknown:
        raise refuse(
            f"expected only {', '.join(sorted(known))} on a marker line, got {unknown[0]}"
        )
    roles = [role for role in ("setup", "exercise", "test", "question") if role in meta]
    if len(roles) > 1:
        raise refuse(f"expected one role for a cell, got {' and '.join(roles)}")
    role = roles[0] if roles else ""
    for key, needs in (("case", ("test",)), ("hidden", ("test",))):
        if key in meta and role not in needs:
            raise refuse(
                f"expected {key} only on a test, got it on a {role or 'plain'} cell"
            )
    if "points" in meta and role not in ("test", "question"):
        raise refuse(
            f"expected points only on tests and questions, got them on a {role or 'plain'} cell"
        )
    is_markdown = raw.cell_type == "markdown"
    if role and is_markdown != (role == "question"):
        expected = "[markdown]" if role == "question" else "code"
        raise refuse(f"expected a {expected} cell for a {role}, got {raw.cell_type}")
    if not role:
        return Cell("prose" if is_markdown else "explore", raw.source, raw.line)

    name, points = meta[role], meta.get("points", 0)
    if not isinstance(name, str) or not _GRADE_ID.match(name):
        raise refuse(
            f'expected {role}="a-slug" of lower-case letters, digits and hyphens, got {name!r}'
        )
    if not isinstance(points, int) or isinstance(points, bool) or points < 0:
        raise refuse(f"expected points to be a whole number >= 0, got {points!r}")
    if role == "setup":
        return Cell("setup", raw.source, raw.line, f"setup-{name}")
    if role == "exercise":
        return Cell("exercise", raw.source, raw.line, name, name)
    if role == "question":
        return Cell("question", raw.source, raw.line, name, "", points)
    case, hidden = meta.get("case", ""), meta.get("hidden", False)
    if case and (not isinstance(case, str) or not _GRADE_ID.match(case)):
        raise refuse(f'expected case="a-slug", got {case!r}')
    if not isinstance(hidden, bool):
        raise refuse(f"expected hidden=true or hidden=false, got {hidden!r}")
    grade_id = f"test-{name}-{case}" if case else f"test-{name}"
    return Cell("test", raw.source, raw.line, grade_id, name, points, hidden)
