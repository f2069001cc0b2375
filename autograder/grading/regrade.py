"""Grade a class again after a test was corrected, and say who changes by how much.

The class is graded in a scratch copy of the course, where nothing can go wrong with the
real one. The difference between the two gradebooks is the answer. Applying it copies
the scratch results over, one student in one transaction: what was shown is what comes.

`never_lower` holds cell by cell: a mark that a student has been given for a check is
never taken away, even if another of the student's checks gains more than it loses.
Marks that a person gave stay, always.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.lab import Lab
from autograder.errors import UserError
from autograder.grading.grade import Progress, grade
from autograder.grading.ledger import read_ledger
from autograder.grading.marks import GradeReport, StudentMarks
from autograder.grading.record import open_gradebook
from autograder.grading.regrade_steps import scratch_copy, take_over
from autograder.grading.regraded_marks import AutoMark, auto_marks
from autograder.nbgrader_config import course_config


@dataclass(frozen=True)
class Change:
    """One cell of one student whose mark changes.

    Parameters
    ----------
    old, new : float or None
        The points before and after; None where a person has to mark, or where there was
        no mark.
    why : str
        What the check says now.
    is_kept : bool
        True if the lower mark is not applied, because no mark may be lowered.
    """

    student: str
    grade_id: str
    old: float | None
    new: float | None
    why: str
    is_kept: bool = False

    @property
    def difference(self) -> float:
        """By how many points the student's total changes."""
        return 0.0 if self.is_kept else (self.new or 0.0) - (self.old or 0.0)


@dataclass(frozen=True)
class Regrade:
    """What grading again changes.

    Parameters
    ----------
    num_students : int
        How many were graded.
    changes : tuple of Change
        By student, then in the order of the lab.
    failed : tuple of StudentMarks
        Whose grading failed: nothing of theirs is changed.
    is_applied : bool
        False after a dry run.
    """

    lab: str
    num_students: int
    changes: tuple[Change, ...]
    failed: tuple[StudentMarks, ...]
    is_applied: bool


def regrade(
    course_root: Path,
    lab: Lab,
    *,
    apply: bool = False,
    never_lower: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Regrade:
    """Grade all submissions of `lab` again; report what changes, and maybe apply it.

    Parameters
    ----------
    course_root : Path
        A course folder in which the lab was graded before.
    apply : bool
        Change the gradebook, the autograded folders, the feedback and grades.csv.
    never_lower : bool
        Keep the old mark of every check that would lose points.
    **options
        As for `grade`: workers, ray, unsafe, limits.

    Raises
    ------
    UserError
        If the lab was not graded there before, or cells were added to it or removed
        since: nbgrader's gradebook cannot follow that.
    """
    root = course_root.resolve()
    if not (root / "gradebook.db").is_file():
        raise UserError(
            f"expected a graded course in {root}, found no gradebook.db: run "
            f"`autograder grade {lab.name}` first"
        )
    with scratch_copy(root) as scratch:
        report = grade(scratch, lab, force=True, progress=progress, **options)
        failed = tuple(one for one in report.students if one.status == "failed")
        changes = _changes(root, scratch, report, never_lower=never_lower)
        if apply:
            done = [s.student for s in report.students if s.status != "failed"]
            take_over(root, scratch, lab, done, _kept(changes))
            grade(root, lab, **options)  # all is done: only pages and tables follow
    return Regrade(lab.name, len(report.students), changes, failed, apply)


def _changes(
    root: Path, scratch: Path, report: GradeReport, *, never_lower: bool
) -> tuple[Change, ...]:
    changes = []
    with (
        open_gradebook(course_config(root)) as before,
        open_gradebook(course_config(scratch)) as after,
    ):
        for one in report.students:
            if one.status != "failed":
                old = auto_marks(before, report.lab, one.student)
                new = auto_marks(after, report.lab, one.student)
                why = _reasons(root, scratch, report.lab, one)
                changes += _changes_of(one.student, old, new, why, never_lower)
    return tuple(changes)


def _changes_of(
    student: str,
    old: Mapping[str, AutoMark],
    new: Mapping[str, AutoMark],
    why: Mapping[str, str],
    never_lower: bool,
) -> list[Change]:
    changes = []
    for name, now in new.items():
        was = old.get(name, AutoMark(None, is_by_hand=False))
        before, after = was.points, now.points
        if before == after or was.is_by_hand:
            continue
        is_lower = before is not None and (after is None or after < before)
        is_kept = never_lower and is_lower
        changes.append(Change(student, name, before, after, why[name], is_kept))
    return changes


def _reasons(
    root: Path, scratch: Path, lab: str, marks: StudentMarks
) -> dict[str, str]:
    """Return grade id -> what is said of the mark now."""
    old = read_ledger(root / "autograded" / marks.student / lab)
    new = read_ledger(scratch / "autograded" / marks.student / lab)
    resubmitted = ""
    if old and new and old.submission != new.submission:
        resubmitted = "the submission changed since it was graded; "
    return {
        mark.grade_id: resubmitted + (mark.message or _without_message(marks))
        for mark in marks.marks
    }


def _without_message(marks: StudentMarks) -> str:
    if marks.status == "unreadable":
        return "; ".join(marks.notes)
    return "the check passes now"


def _kept(changes: Sequence[Change]) -> dict[str, dict[str, float | None]]:
    kept: dict[str, dict[str, float | None]] = defaultdict(dict)
    for change in changes:
        if change.is_kept:
            kept[change.student][change.grade_id] = change.old
    return kept
