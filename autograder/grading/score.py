"""From what a test cell put out to a mark.

    an error                        0, and its message says why
    no error                        full points
    no error, and a last value      that many points, if it is a plain number in
                                    [0, maximum]; anything else is 0 and flagged
    never run                       0 and flagged

Prints, warnings and stderr never change a mark. nbgrader's own rule differs in two
places: any text on stderr costs all points, and a last value that it cannot read
(`nan`, `-1`, `np.float64(2.5)`, `True`) earns all points.
"""

import math
import re

from nbformat import NotebookNode

from autograder.grading.marks import CellMark
from autograder.judging.wording import failure_message, shortened

_PLAIN_NUMBER = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def score_cell(cell: NotebookNode, exercise: str = "") -> CellMark:
    """Return the mark of an executed test cell.

    Parameters
    ----------
    cell : NotebookNode
        A code cell with nbgrader's `grade_id` and `points`, and with the outputs and
        the execution count that running it left.
    exercise : str
        The exercise that the cell tests.
    """
    nbgrader = cell.metadata["nbgrader"]
    maximum = float(nbgrader["points"])

    def mark(points: float, message: str = "", *, review: bool = False) -> CellMark:
        return CellMark(
            nbgrader["grade_id"], exercise, points, maximum, message, review
        )

    errors = [out for out in cell.outputs if out.output_type == "error"]
    if cell.execution_count is None:
        why = error_message(errors[-1]) if errors else "this check was not run"
        return mark(0.0, why, review=True)
    if errors:
        return mark(0.0, error_message(errors[-1]))
    values = [out for out in cell.outputs if out.output_type == "execute_result"]
    if not values:
        return mark(maximum)
    text = values[0].get("data", {}).get("text/plain")
    points = _plain_number(text)
    if len(values) > 1 or points is None or points > maximum:
        return mark(
            0.0,
            f"expected a number from 0 to {maximum:g} as the check's last value, got "
            f"{shortened(str(text))}",
            review=True,
        )
    if points == maximum:
        return mark(points)
    return mark(points, f"the check gave {points:g} of {maximum:g} points")


def score_question(
    grade_id: str, maximum: float, *, is_untouched: bool, was_missing: bool = False
) -> CellMark:
    """Return the mark of an answer in words: pending, or zero if there is none.

    Parameters
    ----------
    is_untouched : bool
        True if the cell is as it was released.
    was_missing : bool
        True if the student's cell was gone; an answer may stand elsewhere.
    """
    if was_missing:
        message = "the cell of this question was missing"
        return CellMark(grade_id, "", 0.0, maximum, message, review=True)
    if is_untouched:
        return CellMark(grade_id, "", 0.0, maximum, "no answer")
    return CellMark(grade_id, "", 0.0, maximum, pending=True)


def error_message(error: NotebookNode) -> str:
    """Return an error output as a student should read it, at most three lines."""
    name = str(error.get("ename", "")) or "Error"
    return failure_message(name, str(error.get("evalue", "")))


def _plain_number(text: object) -> float | None:
    if not isinstance(text, str) or not _PLAIN_NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None
