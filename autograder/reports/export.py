"""Marks into the sheet that a platform exported, so that it imports them.

The platform's sheet goes in, and comes back with one column filled in: no row and no
other cell is lost or changed. Who could not be matched is told on both sides, and whose
grade is not final too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from autograder.course.roster import FILE as ROSTER
from autograder.reports.canvas import read_gradebook
from autograder.reports.matching import RowIdentity, match, people_of
from autograder.reports.moodle import read_worksheet
from autograder.reports.results import Results
from autograder.reports.sheets import Sheet, read_sheet

_MAX_NAMES = 10


class Gradesheet(Protocol):
    """A platform's sheet in which the column of a lab's grade is known."""

    @property
    def sheet(self) -> Sheet:
        """The file."""

    @property
    def maximum(self) -> float:
        """The points of the lab on the platform."""

    @property
    def rows(self) -> list[RowIdentity]:
        """Whom the rows are about."""

    def is_locked(self, index: int) -> bool:
        """Return True if the platform keeps this row's grade."""

    def fill_in(self, index: int, points: float) -> None:
        """Write a grade."""


@dataclass(frozen=True)
class Export:
    """What became of an export.

    Parameters
    ----------
    num_filled : int
        How many grades were written.
    sentences : tuple of str
        What a person should know before importing the file.
    """

    path: Path
    num_filled: int
    sentences: tuple[str, ...]


def export_grades(
    course: Path,
    results: Results,
    platform: Literal["moodle", "canvas"],
    sheet_path: Path,
    target: Path,
    *,
    column: str | None = None,
    skip_pending: bool = False,
) -> Export:
    """Fill the marks of a lab into a platform's own sheet.

    Parameters
    ----------
    sheet_path : Path
        What the platform exported. It is not changed.
    target : Path
        Where the filled sheet is written.
    column : str or None
        Names the column of the grade where that is not certain.
    skip_pending : bool
        Leave out students with answers that nobody has marked yet.

    Raises
    ------
    UserError
        If the sheet is not the platform's.
    """
    sheet = read_sheet(sheet_path)
    filled: Gradesheet = (
        read_worksheet(sheet, column)
        if platform == "moodle"
        else read_gradebook(sheet, results.lab, column)
    )
    marks = {one.marks.student: one.marks for one in results.students}
    rows = match(people_of(course, results.lab, marks, platform), filled.rows)
    locked = [s for s, index in rows.items() if filled.is_locked(index)]
    pending = [s for s in rows if marks[s].num_pending]
    left_out = {*locked, *(pending if skip_pending else ())}
    scale = filled.maximum / results.maximum if results.maximum else 0.0
    for student, index in rows.items():
        if student not in left_out:
            filled.fill_in(index, marks[student].total * scale)
    sheet.write(target)
    sentences = [
        *_unmatched(marks, rows, filled.rows, results),
        *_scaling(filled.maximum, results.maximum),
        *_unfinished(pending, skip_pending),
        *_sentence("{} kept: the platform does not let it be changed", "grade", locked),
        *_sentence(
            "{} not final: somebody should look at the marks first",
            "grade",
            [s for s in rows if s not in left_out and marks[s].needs_review],
        ),
    ]
    return Export(target, len(rows) - len(left_out), tuple(sentences))


def _unmatched(
    marks: Mapping[str, object],
    rows: dict[str, int],
    everyone: Sequence[RowIdentity],
    results: Results,
) -> list[str]:
    ours = [student for student in marks if student not in rows]
    matched = set(rows.values())
    theirs = [row.name or row.number for row in everyone if row.index not in matched]
    return [
        *_sentence(f"{{}} without a row in the sheet (see {ROSTER})", "student", ours),
        *_sentence("{} without a graded submission, left as it was", "row", theirs),
        *_sentence("{} handed in but not graded", "student", results.waiting),
    ]


def _scaling(platform: float, lab: float) -> list[str]:
    if platform == lab:
        return []
    return [
        f"the lab has {lab:g} points and the platform {platform:g}: grades are scaled"
    ]


def _unfinished(pending: Sequence[str], skip_pending: bool) -> list[str]:
    what = "left out" if skip_pending else "counted without them"
    return _sentence(f"{{}} with answers not yet marked, {what}", "student", pending)


def _sentence(text: str, noun: str, names: Sequence[str]) -> list[str]:
    """Return one sentence that counts and names, none if there is nobody."""
    if not names:
        return []
    count = f"{len(names)} {noun}{'s' if len(names) != 1 else ''}"
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return [f"{text.format(count)}: {', '.join(names[:_MAX_NAMES])}{more}"]
