"""Results of a tiny lab, made by hand: no kernel, no gradebook."""

from autograder.grading import CellMark, StudentMarks
from autograder.grading.ledger import Ledger
from autograder.grading.release import ReleasedCell
from autograder.reports.results import Results, StudentResult


def cell(grade_id, exercise, maximum):
    kind = "test" if exercise else "question"
    return ReleasedCell(grade_id, kind, "code", "", "", "", maximum, {}, exercise)


CELLS = (
    cell("test-mean", "mean", 2.0),
    cell("test-mean-many", "mean", 3.0),
    cell("test-largest", "largest", 4.0),
    cell("meaning", "", 3.0),
)


def student(name, points, *, pending=True, messages=(), status="kept", **options):
    """Return a student with these points for the tests, in the order of the lab."""
    found = dict(messages)
    mistakes = options.pop("misconceptions", {})
    review = options.pop("review", ())
    marks = tuple(
        CellMark(
            c.grade_id,
            c.exercise,
            float(p),
            c.maximum,
            found.get(c.grade_id, ""),
            review=c.grade_id in review,
            misconception=mistakes.get(c.grade_id, ""),
        )
        for c, p in zip(CELLS, points, strict=False)
    )
    words = CellMark("meaning", "", 0.0 if pending else 2.0, 3.0, pending=pending)
    usage = options.pop("usage", {})
    ledger = options.pop("ledger", Ledger("", "", **usage))
    return StudentResult(StudentMarks(name, (*marks, words), status, **options), ledger)


def results(*students, waiting=()):
    return Results("means", ("mean", "largest"), CELLS, students, tuple(waiting))
