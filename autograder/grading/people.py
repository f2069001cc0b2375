"""Names from `students.csv` in the gradebook, for formgrader to show."""

from collections.abc import Iterable
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.course.roster import FILE, Student, read_roster


def roster_of(course: Path) -> tuple[Student, ...]:
    """Return who is in the course, as far as `students.csv` says; nobody without one.

    Raises
    ------
    UserError
        If the file is there and cannot be read.
    """
    path = course / FILE
    return read_roster(path) if path.exists() else ()


def name_students(gradebook: Gradebook, roster: Iterable[Student]) -> None:
    """Give the gradebook's students their names; those not in the roster keep theirs.

    nbgrader keeps a first and a last name; the last word is taken for the last name.
    """
    names = {student.id: student.name for student in roster}
    for entry in gradebook.students:
        name = names.get(entry.id)
        if name:
            entry.first_name, _, entry.last_name = name.rpartition(" ")
    gradebook.db.commit()
