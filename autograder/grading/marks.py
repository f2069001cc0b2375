"""What grading gives: a mark per cell, marks per student, a report per lab.

Plain frozen values, so that every later step (gradebook, feedback, tables) reads the
same numbers and none of them can change a mark.
"""

from dataclasses import dataclass
from typing import Literal

Status = Literal["graded", "kept", "changed", "unreadable", "failed"]
"""What happened to a submission in this run.

graded      it was run and marked now
kept        nothing changed since an earlier run; its marks stand
changed     it (or the lab) changed since it was graded; its old marks stand
unreadable  nothing could be run: zero, flagged for review
failed      grading itself failed: nothing was recorded, grade again
"""


@dataclass(frozen=True)
class CellMark:
    """The mark of one test cell or question.

    Parameters
    ----------
    grade_id : str
        nbgrader's name for the cell.
    exercise : str
        The exercise that the cell tests; empty for a question.
    points, maximum : float
        0 <= points <= maximum, unless a person gave extra credit.
    message : str
        Why marks were lost; empty if none were.
    review : bool
        True if a person should look before the mark counts.
    pending : bool
        True for an answer in words that nobody has marked yet; points is then 0.
    misconception : str
        The mistake that the answer looks like, a sentence for its author; empty if it
        looks like none that is known.
    """

    grade_id: str
    exercise: str
    points: float
    maximum: float
    message: str = ""
    review: bool = False
    pending: bool = False
    misconception: str = ""


@dataclass(frozen=True)
class StudentMarks:
    """All marks of one submission.

    Parameters
    ----------
    marks : tuple of CellMark
        In the order of the lab; empty only if grading failed.
    status : Status
        What happened in this run.
    notes : tuple of str
        What was repaired or could not be read, a sentence each.
    penalty : float
        Points taken off for lateness.
    lateness : str
        How late it was and what that costs, a sentence; empty if it was on time.
    """

    student: str
    marks: tuple[CellMark, ...]
    status: Status
    notes: tuple[str, ...] = ()
    penalty: float = 0.0
    lateness: str = ""

    @property
    def total(self) -> float:
        """All points, less the penalty for lateness."""
        return sum(mark.points for mark in self.marks) - self.penalty

    @property
    def maximum(self) -> float:
        """The points of a perfect submission."""
        return sum(mark.maximum for mark in self.marks)

    @property
    def num_pending(self) -> int:
        """How many answers in words still wait for a person."""
        return sum(mark.pending for mark in self.marks)

    @property
    def needs_review(self) -> bool:
        """True if a person should look before the marks count."""
        flagged = any(mark.review for mark in self.marks)
        return flagged or self.status in ("changed", "failed")

    def of_exercise(self, exercise: str) -> tuple[CellMark, ...]:
        """Return the marks of one exercise; "" gives those of the questions."""
        return tuple(mark for mark in self.marks if mark.exercise == exercise)


@dataclass(frozen=True)
class GradeReport:
    """One run of the grader over one lab.

    Parameters
    ----------
    lab : str
        The lab's name.
    exercises : tuple of str
        In the order of the lab.
    students : tuple of StudentMarks
        Sorted by name.
    """

    lab: str
    exercises: tuple[str, ...]
    students: tuple[StudentMarks, ...]
