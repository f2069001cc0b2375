"""The marks of a batch as a table in the terminal, at most 80 columns wide.

Exercises are numbered across the top; their names, what was noted of whom, and who was
late, stand below the table, where there is room for sentences.
"""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.terminal import plain

if TYPE_CHECKING:  # grading writes reports: it imports us
    from autograder.grading.marks import CellMark, GradeReport, StudentMarks

_MAX_NAMES = 3  # beside a note; the spreadsheet has them all


def marks_table(report: "GradeReport") -> Table:
    """Return students by exercises; a mark that somebody should look at ends in "?".

    The caption counts what happened ("11 graded, 1 unreadable") and lists the notes.
    """
    table = Table(title=report.lab, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.caption, table.caption_justify = _caption(report), "left"
    table.add_column("student", overflow="fold")
    for number, exercise in enumerate((*report.exercises, ""), start=1):
        maximum = max((_maximum(s, exercise) for s in report.students), default=0.0)
        header = f"{number}" if exercise else "words"
        table.add_column(f"{header}\n/{maximum:g}", justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for student in report.students:
        table.add_row(*_row(student, report.exercises))
    return table


def _row(student: "StudentMarks", exercises: tuple[str, ...]) -> list[Text]:
    """Return one row as plain text: a student's folder name may look like markup."""
    cells = [student.student]
    cells += [_points(student.of_exercise(exercise)) for exercise in exercises]
    is_pending = student.num_pending > 0
    cells.append("pending" if is_pending else _points(student.of_exercise("")))
    flag = "?" if student.needs_review else ""
    cells.append(f"{student.total:g}/{student.maximum:g}{flag}")
    return [plain(cell) for cell in [*cells, student.status]]


def _points(marks: "tuple[CellMark, ...]") -> str:
    if not marks:
        return "-"
    flag = "?" if any(mark.review for mark in marks) else ""
    return f"{sum(mark.points for mark in marks):g}{flag}"


def _maximum(student: "StudentMarks", exercise: str) -> float:
    return sum(mark.maximum for mark in student.of_exercise(exercise))


def _caption(report: "GradeReport") -> Text:
    counts = Counter(student.status for student in report.students)
    lines = [", ".join(f"{count} {status}" for status, count in counts.items())]
    numbered = enumerate(report.exercises, start=1)
    lines.append("   ".join(f"{number} {name}" for number, name in numbered))
    who = defaultdict(list)
    for student in report.students:
        for note in filter(None, (*student.notes, student.lateness)):
            who[note].append(student.student)
    for note, students in who.items():
        several = len(students) > _MAX_NAMES
        names = f"{len(students)} students" if several else ", ".join(students)
        lines.append(f"{names}: {note}")
    return plain("\n".join(lines))
