"""The roster into nbgrader's gradebook: who came, who changed, who left.

Nobody is ever removed: marks hang on a student's row. Who left is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, Student as Row

from autograder.course.roster import FILE, Student, read_roster
from autograder.course.settings import CourseSettings
from autograder.grading.record import open_gradebook
from autograder.nbgrader_config import course_config, gradebook_url
from autograder.new_gradebook import make_gradebook


@dataclass(frozen=True)
class RosterChanges:
    """What the roster changes in the gradebook.

    Parameters
    ----------
    added, left : tuple of str
        Ids; those who left stay in the gradebook.
    changed : tuple of (str, str, str)
        Id, and name and address before and after.
    num_unchanged : int
        How many are there as they should be.
    doubts : tuple of str
        What looks like a slip, a sentence each.
    """

    added: tuple[str, ...]
    changed: tuple[tuple[str, str, str], ...]
    left: tuple[str, ...]
    num_unchanged: int
    doubts: tuple[str, ...]


def update_roster(
    root: Path, settings: CourseSettings, *, dry_run: bool = False
) -> RosterChanges:
    """Bring the gradebook's students up to date with `students.csv`.

    Raises
    ------
    UserError
        If `students.csv` is missing or has a fault; nothing is changed then.
    """
    students = read_roster(root / FILE)
    if dry_run and not (root / "gradebook.db").is_file():
        return _changes({}, students, settings)
    make_gradebook(gradebook_url(root))
    with open_gradebook(course_config(root)) as gradebook:
        rows = {row.id: row for row in gradebook.students}
        changes = _changes(rows, students, settings)
        if not dry_run:
            _write(gradebook, rows, students)
    return changes


def _changes(
    rows: dict[str, Row], students: Sequence[Student], settings: CourseSettings
) -> RosterChanges:
    added, changed, ids = [], [], {student.id for student in students}
    for student in students:
        row = rows.get(student.id)
        if row is None:
            added.append(student.id)
        elif _shown(*_of_row(row)) != _shown(*_wanted(student, row)):
            before, after = _shown(*_of_row(row)), _shown(*_wanted(student, row))
            changed.append((student.id, before, after))
    return RosterChanges(
        tuple(added),
        tuple(changed),
        tuple(sorted(set(rows) - ids)),
        len(students) - len(added) - len(changed),
        tuple(_doubts(students, settings)),
    )


def _write(
    gradebook: Gradebook, rows: dict[str, Row], students: Sequence[Student]
) -> None:
    for student in students:
        row = rows.get(student.id)
        if row is None:
            row = Row(id=student.id)
            gradebook.db.add(row)
        name, address = _wanted(student, row)
        first, _, last = name.rpartition(" ")
        row.first_name, row.last_name, row.email = first, last, address
    gradebook.db.commit()


def _wanted(student: Student, row: Row) -> tuple[str, str]:
    """Return name and address as they should be: what the roster omits stays."""
    name, address = _of_row(row)
    return student.name or name, student.email or address


def _of_row(row: Row) -> tuple[str, str]:
    name = f"{row.first_name or ''} {row.last_name or ''}".strip()
    return name, row.email or ""


def _shown(name: str, address: str) -> str:
    return f"{name} <{address}>" if address else name


def _doubts(students: Sequence[Student], settings: CourseSettings) -> list[str]:
    found = [
        f"{student.id}: a hub logs people in by lower-case names, so the hand-ins of "
        f"this student will come from {student.id.lower()!r}"
        for student in students
        if student.id != student.id.lower()
    ]
    staff = set(settings.staff.everyone)
    found += [
        f"{student.id}: stands in {FILE} and in the staff of course.yaml"
        for student in students
        if student.id in staff
    ]
    ids = {student.id for student in students}
    found += [
        f"{name}: has an extension in course.yaml, but does not stand in {FILE}"
        for name in settings.extensions
        if name not in ids
    ]
    return found
