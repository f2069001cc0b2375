"""The course's rules for late hand-ins, applied to the gradebook.

Where `course.yaml` gives a lab's deadline, its rules replace nbgrader's: the deadline
and each student's extension go into nbgrader's own fields, and so does the penalty, so
that formgrader and nbgrader's exports show the same numbers. Without the file, or for a
lab that it does not name, nbgrader's own rule holds.

Grace days are spent in the order of the labs' deadlines, whatever is graded first.
"""

import datetime
from pathlib import Path

from nbgrader.api import (
    Gradebook,
    MissingEntry,
    SubmittedNotebook,
)
from traitlets.config import Config

from autograder.course.lateness import Penalty, late_penalty
from autograder.course.settings import CourseSettings, read_settings

_UNKNOWN = Penalty(reason="when it was handed in is not known: it counts as on time")


def settings_of(config: Config) -> CourseSettings | None:
    """Return what `course.yaml` of the configured course says, None if there is none.

    Raises
    ------
    UserError
        If something in it is wrong.
    """
    root = config.CourseDirectory.root
    return read_settings(Path(root)) if isinstance(root, str) else None


def penalty_of(
    gradebook: Gradebook, settings: CourseSettings | None, lab: str, student: str
) -> Penalty | None:
    """Return what a student's hand-in loses; None if the file has no such deadline."""
    if settings is None or lab not in settings.labs:
        return None
    in_order = sorted(settings.labs, key=lambda name: settings.labs[name].deadline)
    penalty, grace_used = _UNKNOWN, 0
    for name in in_order[: in_order.index(lab) + 1]:
        handed_in = _handed_in(gradebook, name, student)
        if handed_in is None:
            penalty = _UNKNOWN
            continue
        deadline = settings.deadline_of(name, student)
        penalty = late_penalty(
            handed_in, deadline, settings.labs[name].rules, grace_used
        )
        grace_used += penalty.grace_days
    return penalty


def take_off(
    gradebook: Gradebook, settings: CourseSettings, submitted: SubmittedNotebook
) -> bool:
    """Write deadline, extension and penalty of one submission; the caller commits.

    Returns
    -------
    bool
        False if `course.yaml` has no deadline for its lab; nothing is written then.
    """
    assignment = submitted.assignment
    lab, student = assignment.name, assignment.student_id
    penalty = penalty_of(gradebook, settings, lab, student)
    if penalty is None:
        return False
    deadline = settings.labs[lab].deadline
    assignment.assignment.duedate = _as_nbgrader(deadline)
    extension = _as_nbgrader(settings.deadline_of(lab, student)) - _as_nbgrader(
        deadline
    )
    assignment.extension = extension or None
    gradebook.db.flush()
    gradebook.db.refresh(submitted, ["score"])
    is_of_maximum = settings.labs[lab].rules.is_of_maximum
    base = submitted.max_score if is_of_maximum else submitted.score
    points = min(base * penalty.percent / 100, submitted.score)
    submitted.late_submission_penalty = max(points, 0.0) or None
    return True


def update_lateness(gradebook: Gradebook, config: Config, lab: str) -> None:
    """Apply the course's rules to all recorded submissions of a lab.

    An extension granted after grading, or a mark that a person has changed, counts
    without anything being run again.

    Raises
    ------
    UserError
        If something in `course.yaml` is wrong.
    """
    settings = settings_of(config)
    if settings is None or lab not in settings.labs:
        return
    try:
        for submission in gradebook.assignment_submissions(lab):
            for submitted in submission.notebooks:
                take_off(gradebook, settings, submitted)
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise


def _handed_in(
    gradebook: Gradebook, lab: str, student: str
) -> datetime.datetime | None:
    """Return when a lab was handed in, None if it was not or nobody knows."""
    try:
        submission = gradebook.find_submission(lab, student)
    except MissingEntry:
        return None
    stamp = submission.timestamp
    return None if stamp is None else stamp.replace(tzinfo=datetime.UTC)


def _as_nbgrader(moment: datetime.datetime) -> datetime.datetime:
    """Return a moment as nbgrader keeps it: in UTC, without a time zone."""
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)
