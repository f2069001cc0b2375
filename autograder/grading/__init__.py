"""From submitted notebooks to marks: repair, run, score, record, feedback."""

from autograder.grading.grade import Progress, grade
from autograder.grading.limits import Limits
from autograder.grading.marks import CellMark, GradeReport, Status, StudentMarks
from autograder.grading.score import score_cell

__all__ = [
    "CellMark",
    "GradeReport",
    "Limits",
    "Progress",
    "Status",
    "StudentMarks",
    "grade",
    "score_cell",
]
