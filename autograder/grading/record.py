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
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.course.lateness import Penalty
from autograder.grading.lateness import penalty_of, settings_of, take_off
from autograder.grading.marks import CellMark
from autograder.grading.release import Release
from autograder.grading.rows import rows_by_cell, submitted_notebook


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
    lateness : str
        How late it was and what that costs, a sentence; empty if it was on time.
    """

    marks: tuple[CellMark, ...]
    penalty: float
    comments: dict[str, str]
    lateness: str = ""


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
        Names the course's folder, whose `course.yaml` has the rules for late
        submissions, or else nbgrader's rule; None is nbgrader's own, which takes
        nothing off.
    """
    try:
        submitted = submitted_notebook(gradebook, release.lab, student)
        if handed_in is not None:
            submitted.assignment.timestamp = handed_in
        grades = rows_by_cell(gradebook, submitted, Grade)
        for mark in marks:
            grade = grades[mark.grade_id]
            grade.auto_score = None if mark.pending else mark.points
            is_marked_by_hand = grade.manual_score is not None
            grade.needs_manual_grade = mark.pending or mark.review or is_marked_by_hand
        for name, comment in rows_by_cell(gradebook, submitted, Comment).items():
            comment.auto_comment = "No response." if name in unanswered else None
        gradebook.db.flush()
        _take_off_lateness(gradebook, submitted, config or Config())
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise


def read_record(
    gradebook: Gradebook, release: Release, student: str, config: Config | None = None
) -> Recorded | None:
    """Return what the gradebook says, None if it has no such submission.

    `config` names the course's folder, whose `course.yaml` explains lateness.
    """
    try:
        submitted = gradebook.find_submission_notebook(
            release.lab, release.lab, student
        )
    except MissingEntry:
        return None
    gradebook.db.refresh(submitted)
    grades = rows_by_cell(gradebook, submitted, Grade)
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
    rows = rows_by_cell(gradebook, submitted, Comment)
    comments = {name: str(row.comment) for name, row in rows.items() if row.comment}
    settings = settings_of(config or Config())
    late = penalty_of(gradebook, settings, release.lab, student) or Penalty()
    points = submitted.late_submission_penalty or 0.0
    return Recorded(tuple(marks), points, comments, late.reason)


def _take_off_lateness(
    gradebook: Gradebook, submitted: SubmittedNotebook, config: Config
) -> None:
    """Apply the course's own rules, or else do as nbgrader's autograde does."""
    submitted.late_submission_penalty = None
    settings = settings_of(config)
    if settings is not None and take_off(gradebook, settings, submitted):
        return
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
