"""The marks that grading gives, to compare and copy, apart from those a person gave.

nbgrader keeps both beside each other in one row: `auto_score` is ours, `manual_score`
a person's, and the person's counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook

from autograder.grading.rows import submitted_notebook


@dataclass(frozen=True)
class AutoMark:
    """What the gradebook holds of one cell.

    Parameters
    ----------
    points : float or None
        What counts; None while a person has to mark.
    is_by_hand : bool
        True if a person gave it.
    """

    points: float | None
    is_by_hand: bool


def auto_marks(gradebook: Gradebook, lab: str, student: str) -> dict[str, AutoMark]:
    """Return grade id -> mark, in the order of the gradebook; {} for no submission."""
    try:
        submitted = gradebook.find_submission_notebook(lab, lab, student)
    except MissingEntry:
        return {}
    marks = {}
    for grade in submitted.grades:
        is_by_hand = grade.manual_score is not None
        is_marked = is_by_hand or grade.auto_score is not None
        points = float(grade.score) if is_marked else None
        marks[str(grade.cell.name)] = AutoMark(points, is_by_hand)
    return marks


def copy_marks(
    source: Gradebook,
    target: Gradebook,
    lab: str,
    student: str,
    kept: Mapping[str, float | None],
) -> None:
    """Copy what grading found from one gradebook to another, in one transaction.

    Parameters
    ----------
    kept : mapping of str to float or None
        Grade id -> the mark that the target keeps.
    """
    made = source.find_submission_notebook(lab, lab, student)
    try:
        submitted = submitted_notebook(target, lab, student)
        submitted.assignment.timestamp = made.assignment.timestamp
        _copy_grades(made, submitted, kept)
        comments = {comment.cell.name: comment for comment in submitted.comments}
        for comment in made.comments:
            comments[comment.cell.name].auto_comment = comment.auto_comment
        target.db.commit()
    except BaseException:
        target.db.rollback()
        raise


def _copy_grades(
    made: SubmittedNotebook,
    submitted: SubmittedNotebook,
    kept: Mapping[str, float | None],
) -> None:
    grades = {grade.cell.name: grade for grade in submitted.grades}
    for new in made.grades:
        grade = grades[new.cell.name]
        if new.cell.name in kept:
            continue
        is_by_hand = grade.manual_score is not None
        if is_by_hand and grade.auto_score == new.auto_score:
            continue  # nothing new for the person who marked it
        grade.auto_score = new.auto_score
        grade.needs_manual_grade = new.needs_manual_grade or is_by_hand
