"""The marks of a whole notebook, test by test and question by question."""

from collections.abc import Mapping

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.grading.cells import grade_id_of
from autograder.grading.marks import CellMark
from autograder.grading.release import Release, ReleasedCell
from autograder.grading.score import score_cell, score_question
from autograder.judging.cell import Verdict


def score_notebook(
    executed: NotebookNode,
    release: Release,
    missing: frozenset[str],
    verdicts: Mapping[str, Verdict],
) -> tuple[list[CellMark], frozenset[str]]:
    """Return the marks in the lab's order, and what was left as it was released.

    Parameters
    ----------
    executed : NotebookNode
        Repaired and run: every test and question stands in it once.
    missing : frozenset of str
        The questions whose cells the student had deleted.
    verdicts : mapping of str to Verdict
        What the judge says of the tests; one that it was not asked about is marked by
        its outputs.
    """
    cells = {grade_id_of(cell): cell for cell in executed.cells}
    unanswered = frozenset(
        answer.grade_id
        for answer in release.of_kind("exercise", "question")
        if answer.grade_id in cells
        and compute_checksum(cells[answer.grade_id]) == answer.nbgrader["checksum"]
    )
    marks = []
    for cell in release.of_kind("test", "question"):
        name = cell.grade_id
        if cell.kind == "test" and name in verdicts:
            marks.append(_mark(cell, verdicts[name]))
        elif cell.kind == "test":
            marks.append(score_cell(cells[name], cell.exercise))
        else:
            marks.append(
                score_question(
                    name,
                    cell.maximum,
                    is_untouched=name in unanswered,
                    was_missing=name in missing,
                )
            )
    return marks, unanswered


def _mark(cell: ReleasedCell, verdict: Verdict) -> CellMark:
    return CellMark(
        cell.grade_id,
        cell.exercise,
        verdict.points,
        cell.maximum,
        verdict.message,
        verdict.review,
        misconception=verdict.misconception,
    )
