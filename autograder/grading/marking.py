"""One submission, from its folder to its marks: the unit of work of a batch.

    intake    read it, whatever it is
    repair    give it back the cells that it was released with
    execute   run it, in a sandbox; the judge runs the tests on our side
    score     a mark per test, from the judge's verdict

Nothing here touches the gradebook or the course folder, so any process on any machine
can do it, twice if need be, with the same result.
"""

import datetime
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat

from autograder.grading.cells import new_cell
from autograder.grading.execute import Executor
from autograder.grading.intake import fingerprint, take_in
from autograder.grading.ledger import Ledger, ledger_of
from autograder.grading.limits import Limits
from autograder.grading.marks import CellMark
from autograder.grading.reading import UnreadableError
from autograder.grading.release import Release
from autograder.grading.repair import repair
from autograder.grading.scoring import score_notebook
from autograder.judging.signatures import Signatures
from autograder.judging.wording import readable

_MAX_NOTES = 20


@dataclass(frozen=True)
class Marked:
    """What one submission earned, and how; values only, so that it can travel.

    Parameters
    ----------
    student : str
        Whose it is.
    marks : tuple of CellMark
        In the order of the lab.
    ledger : Ledger
        From what the marks were made.
    notebook : str
        The executed notebook as a file's text; for an unreadable submission the
        release with the reason on top.
    unanswered : frozenset of str
        Exercises and questions left as they were released.
    files : tuple of str
        Data files of the submission that belong beside the notebook.
    handed_in : datetime or None
        In UTC, without a time zone.
    """

    student: str
    marks: tuple[CellMark, ...]
    ledger: Ledger
    notebook: str
    unanswered: frozenset[str] = frozenset()
    files: tuple[str, ...] = field(default=())
    handed_in: datetime.datetime | None = None


@dataclass(frozen=True)
class Marker:
    """Marks submissions, one after the other.

    Parameters
    ----------
    release : Release
        What they are marked against.
    executor : Executor
        Runs the repaired notebooks.
    signatures : Signatures
        What the lab's wrong answers say, to name a student's mistake.
    """

    release: Release
    limits: Limits
    executor: Executor
    signatures: Signatures

    def mark(self, folder: Path) -> Marked:
        """Return the marks of the submission in `folder`, <student>/<lab>.

        A submission that cannot be read gets a zero for every cell, flagged. Any other
        exception is a failure of grading itself.
        """
        digest = fingerprint(folder, self.limits)
        try:
            submission = take_in(folder, self.release.lab, self.limits)
        except UnreadableError as unreadable:
            return self._unreadable(folder.parent.name, digest, str(unreadable))
        repaired = repair(submission.notebook, self.release)
        started = time.monotonic()
        executed = self.executor.execute(repaired.notebook, submission)
        seconds = round(time.monotonic() - started, 2)
        stopped = [executed.stopped] if executed.stopped else []
        notes = _shortened([*stopped, *submission.notes, *repaired.notes])
        verdicts = {
            test: self.signatures.explained(test, verdict)
            for test, verdict in executed.verdicts.items()
        }
        marks, unanswered = score_notebook(
            executed.notebook, self.release, repaired.missing, verdicts
        )
        ledger = ledger_of(digest, self.release.digest, notes, marks)
        cpu_s = round(executed.cpu_s, 2)
        return Marked(
            submission.student,
            tuple(marks),
            replace(ledger, seconds=seconds, cpu_seconds=cpu_s),
            nbformat.writes(executed.notebook),
            unanswered,
            submission.files,
            submission.handed_in,
        )

    def _unreadable(self, student: str, digest: str, reason: str) -> Marked:
        marks = tuple(
            CellMark(cell.grade_id, cell.exercise, 0.0, cell.maximum, review=True)
            for cell in self.release.of_kind("test", "question")
        )
        cells = [new_cell(cell, cell.graded) for cell in self.release.cells]
        warning = nbformat.v4.new_markdown_cell(f"**Not graded:** {reason}", id="why")
        notebook = nbformat.v4.new_notebook(
            cells=[warning, *cells], metadata=self.release.notebook.metadata
        )
        notes = _shortened([reason])
        ledger = Ledger(digest, self.release.digest, False, notes)
        return Marked(student, marks, ledger, nbformat.writes(notebook))


def _shortened(notes: list[str]) -> list[str]:
    """Return the first notes: a hostile notebook can ask for thousands of repairs."""
    first = [readable(note) for note in notes[:_MAX_NOTES]]
    if len(notes) <= _MAX_NOTES:
        return first
    return [*first, f"and {len(notes) - _MAX_NOTES} more of this kind"]
