"""Marks into nbgrader's gradebook, and back out of it.

One submission is one transaction: a run that is killed leaves all of its marks or none.
The rows are those that nbgrader's own autograde would write, so formgrader, exports and
the exchange work on them. A mark that a person gave is never touched; nbgrader's rule
holds that it counts instead of ours.
"""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.grading.marks import CellMark
from autograder.grading.release import Release


@dataclass(frozen=True)
class Recorded:
    """What the gradebook says about one submission.

    Parameters
    ----------
    marks : tuple of CellMark
        In the order of the lab, without messages. `review` is True where a mark still
        waits for a person although it has points.
    penalty : float
        Points taken off for lateness.
    comments : dict of str to str
        Grade id -> what a person (or nbgrader) wrote under the answer.
    """

    marks: tuple[CellMark, ...]
    penalty: float
    comments: dict[str, str]


@contextmanager
def open_gradebook(config: Config) -> Iterator[Gradebook]:
    """Open the course's gradebook; close it afterwards."""
    course = config.CourseDirectory
    with Gradebook(course.db_url, course.course_id) as gradebook:
        yield gradebook


def record(
    gradebook: Gradebook,
    release: Release,
    student: str,
    marks: Sequence[CellMark],
    *,
    unanswered: frozenset[str] = frozenset(),
    handed_in: datetime.datetime | None = None,
    config: Config | None = None,
) -> None:
    """Write all marks of one submission, in one transaction.

    Parameters
    ----------
    unanswered : frozenset of str
        Exercises and questions left as they were released.
    handed_in : datetime or None
        In UTC, without a time zone; None keeps what the gradebook has.
    config : Config or None
        Names the course's rule for late submissions; None is nbgrader's own rule,
        which takes nothing off.
    """
    try:
        submitted = _submitted_notebook(gradebook, release, student)
        if handed_in is not None:
            submitted.assignment.timestamp = handed_in
        grades = {grade.cell.name: grade for grade in submitted.grades}
        for mark in marks:
            grade = grades[mark.grade_id]
            grade.auto_score = None if mark.pending else mark.points
            is_marked_by_hand = grade.manual_score is not None
            grade.needs_manual_grade = mark.pending or mark.review or is_marked_by_hand
        for comment in submitted.comments:
            is_empty = comment.cell.name in unanswered
            comment.auto_comment = "No response." if is_empty else None
        gradebook.db.flush()
        _take_off_lateness(gradebook, submitted, config or Config())
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise


def read_record(
    gradebook: Gradebook, release: Release, student: str
) -> Recorded | None:
    """Return what the gradebook says, None if it has no such submission."""
    try:
        submitted = gradebook.find_submission_notebook(
            release.lab, release.lab, student
        )
    except MissingEntry:
        return None
    gradebook.db.refresh(submitted)
    grades = {grade.cell.name: grade for grade in submitted.grades}
    marks = []
    for cell in release.of_kind("test", "question"):
        grade = grades[cell.grade_id]
        is_open = bool(grade.needs_manual_grade) and grade.manual_score is None
        is_pending = is_open and grade.auto_score is None
        marks.append(
            CellMark(
                cell.grade_id,
                cell.exercise,
                float(grade.score),
                cell.maximum,
                review=is_open and not is_pending,
                pending=is_pending,
            )
        )
    comments = {c.cell.name: str(c.comment) for c in submitted.comments if c.comment}
    return Recorded(tuple(marks), submitted.late_submission_penalty or 0.0, comments)


def _submitted_notebook(
    gradebook: Gradebook, release: Release, student: str
) -> SubmittedNotebook:
    """Find or add the rows of a submission without committing them.

    nbgrader's own `add_submission` commits, which would leave a submission without
    marks behind if the run were killed just then.
    """
    try:
        return gradebook.find_submission_notebook(release.lab, release.lab, student)
    except MissingEntry:
        pass
    notebook = gradebook.find_notebook(release.lab, release.lab)
    if gradebook.db.get(Student, student) is None:
        gradebook.db.add(Student(id=student))
        gradebook.db.flush()
    assignment = SubmittedAssignment(
        assignment_id=notebook.assignment_id, student_id=student
    )
    gradebook.db.add(assignment)
    gradebook.db.flush()
    submitted = SubmittedNotebook(notebook_id=notebook.id, assignment_id=assignment.id)
    gradebook.db.add(submitted)
    gradebook.db.flush()
    for cell in notebook.grade_cells:
        gradebook.db.add(Grade(cell_id=cell.id, notebook_id=submitted.id))
    for cell in notebook.solution_cells:
        gradebook.db.add(Comment(cell_id=cell.id, notebook_id=submitted.id))
    gradebook.db.flush()
    return submitted


def _take_off_lateness(
    gradebook: Gradebook, submitted: SubmittedNotebook, config: Config
) -> None:
    """Apply the course's rule for late submissions, as nbgrader's autograde does."""
    submitted.late_submission_penalty = None
    seconds = submitted.assignment.total_seconds_late
    if seconds <= 0:
        return
    rule = AssignLatePenalties(config=config)
    rule.init_plugin()
    gradebook.db.refresh(submitted, ["score"])
    penalty = rule.plugin_inst.late_submission_penalty(
        submitted.assignment.student_id, submitted.score, seconds
    )
    if penalty is not None:
        submitted.late_submission_penalty = min(max(penalty, 0.0), submitted.score)
