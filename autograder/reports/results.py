"""What is recorded of a lab, read without grading anything.

Reports and exports read the gradebook, so they see what a person has marked since, and
the ledger beside each autograded notebook for the reasons. A course that is graded in
part, or not at all, has results too: who handed in and is not graded is named.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.authoring.lab import Lab
from autograder.errors import UserError
from autograder.grading.ledger import Ledger, read_ledger, with_reasons
from autograder.grading.marks import GradeReport, Status, StudentMarks
from autograder.grading.record import open_gradebook, read_record
from autograder.grading.release import Release, ReleasedCell, read_release
from autograder.nbgrader_config import course_config


@dataclass(frozen=True)
class StudentResult:
    """One student's marks and how they came about.

    Parameters
    ----------
    ledger : Ledger or None
        None if another program graded the submission.
    handed_in : datetime or None
        In UTC, without a time zone; None if nobody knows.
    """

    marks: StudentMarks
    ledger: Ledger | None
    handed_in: datetime.datetime | None = None


@dataclass(frozen=True)
class Results:
    """What is recorded of one lab.

    Parameters
    ----------
    lab : str
        Its name.
    exercises : tuple of str
        In the order of the lab.
    cells : tuple of ReleasedCell
        Tests and questions, in the order of the lab.
    students : tuple of StudentResult
        Sorted by name.
    waiting : tuple of str
        Who handed in and has no marks.
    """

    lab: str
    exercises: tuple[str, ...]
    cells: tuple[ReleasedCell, ...]
    students: tuple[StudentResult, ...]
    waiting: tuple[str, ...] = ()

    @property
    def maximum(self) -> float:
        """The points of a perfect submission."""
        return sum(cell.maximum for cell in self.cells)

    @property
    def report(self) -> GradeReport:
        """The marks alone, as tables and spreadsheets take them."""
        marks = tuple(student.marks for student in self.students)
        return GradeReport(self.lab, self.exercises, marks)


def read_results(course_root: Path, lab: Lab) -> Results:
    """Read all that is recorded of `lab` in a course folder.

    Raises
    ------
    UserError
        If the course or its gradebook is missing, or the lab was never graded there.
    """
    root = course_root.resolve()
    require_gradebook(root, lab.name)
    config = course_config(root)
    with open_gradebook(config) as gradebook:
        released = root / "release" / lab.name / f"{lab.name}.ipynb"
        release = read_release(released, lab, gradebook)
        handed_in = _times(gradebook, lab.name)
        students = []
        for student in sorted(handed_in):
            result = _result(root, gradebook, release, student)
            if result is not None:
                students.append(StudentResult(result[0], result[1], handed_in[student]))
    graded = {one.marks.student for one in students}
    folders = {path.parent.name for path in root.glob(f"submitted/*/{lab.name}")}
    waiting = sorted(s for s in folders - graded if not s.startswith("."))
    cells = release.of_kind("test", "question")
    return Results(lab.name, lab.exercises, cells, tuple(students), tuple(waiting))


def require_gradebook(root: Path, lab: str) -> None:
    """Refuse a course folder in which nothing was graded."""
    if not root.is_dir():
        raise UserError(f"expected a course folder {root}, found none")
    if not (root / "gradebook.db").is_file():
        raise UserError(
            f"expected a gradebook at {root / 'gradebook.db'}, found none: run "
            f"`autograder grade {lab} --course {root}` first"
        )


def _result(
    root: Path, gradebook: Gradebook, release: Release, student: str
) -> tuple[StudentMarks, Ledger | None] | None:
    config = course_config(root)
    recorded = read_record(gradebook, release, student, config)
    if recorded is None:
        return None
    ledger = read_ledger(root / "autograded" / student / release.lab)
    status: Status = "kept" if ledger is None or ledger.is_readable else "unreadable"
    marks = StudentMarks(
        student,
        with_reasons(recorded.marks, ledger),
        status,
        tuple(ledger.notes) if ledger else (),
        recorded.penalty,
        recorded.lateness,
    )
    return marks, ledger


def _times(gradebook: Gradebook, lab: str) -> dict[str, datetime.datetime | None]:
    """Return who has rows in the gradebook, and when they handed in."""
    return {
        submission.student_id: submission.timestamp
        for submission in gradebook.assignment_submissions(lab)
    }
