"""The marks of a batch as a spreadsheet, one row per student.

Columns: student, one per exercise, questions (those that are marked), questions
pending, total, maximum, review, notes, penalty (taken off the total for lateness) and
lateness. Text that a spreadsheet program would take for a formula is prefixed with an
apostrophe: a student chooses the names of their files.
"""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.reports.sheets import as_text

if TYPE_CHECKING:  # grading writes this file: it imports us
    from autograder.grading.marks import GradeReport, StudentMarks


def write_grades_csv(report: "GradeReport", path: Path) -> None:
    """Write the marks to `path`, UTF-8, all fields quoted.

    The file is replaced in one step: who reads it sees the old marks or the new ones.
    """
    header = ["student", *report.exercises, "questions", "questions pending"]
    header += ["total", "maximum", "review", "notes", "penalty", "lateness"]
    prepared = path.with_name(f".{path.name}.new")
    # A folder's name need not be UTF-8; it is then shown with escapes.
    with prepared.open(
        "w", newline="", encoding="utf-8", errors="backslashreplace"
    ) as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        for student in report.students:
            writer.writerow(_row(student, report.exercises))
    prepared.replace(path)


def _row(student: "StudentMarks", exercises: tuple[str, ...]) -> list[str]:
    columns = [*exercises, ""]  # "" stands for the questions
    points = [sum(m.points for m in student.of_exercise(name)) for name in columns]
    return [
        as_text(student.student),
        *(f"{number:g}" for number in points),
        f"{student.num_pending}",
        f"{student.total:g}",
        f"{student.maximum:g}",
        "yes" if student.needs_review else "",
        as_text("; ".join(student.notes)),
        f"{student.penalty:g}",
        as_text(student.lateness),
    ]
