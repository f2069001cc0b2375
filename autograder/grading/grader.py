"""Grade one submission: every step of the pipeline, in order, once.

The class holds what all submissions of a batch share. It decides what is kept and what
is graded; each step's work is in the step's own module.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.grading.cells import new_cell
from autograder.grading.execute import Executor
from autograder.grading.feedback import update_page
from autograder.grading.intake import Submission, fingerprint, take_in
from autograder.grading.ledger import (
    Ledger,
    move_into_place,
    new_folder,
    read_ledger,
    write_ledger,
)
from autograder.grading.limits import Limits
from autograder.grading.marks import CellMark, Status, StudentMarks
from autograder.grading.reading import UnreadableError
from autograder.grading.record import read_record, record
from autograder.grading.release import Release
from autograder.grading.repair import repair
from autograder.grading.scoring import score_notebook
from autograder.grading.workspace import copy_files

_MAX_NOTES = 20


@dataclass(frozen=True)
class SubmissionGrader:
    """What the submissions of one batch share.

    Parameters
    ----------
    root : Path
        The course folder.
    executor : Executor
        Runs the repaired notebooks.
    """

    root: Path
    release: Release
    gradebook: Gradebook
    config: Config
    limits: Limits
    executor: Executor

    def grade(self, folder: Path, *, force: bool) -> StudentMarks:
        """Grade submitted/<student>/<lab>, or keep its marks if they are good.

        Whatever goes wrong here must not stop the batch: it becomes the status
        "failed", nothing counts as done, and the next run tries again.
        """
        student = folder.parent.name
        try:
            status, changed = self._standing(folder)
            if force or status == "graded":
                status, changed = self._grade_now(folder), ""
            result = self._result(student, status)
            if changed:
                note = f"{changed} since it was graded; --force grades it again"
                return replace(result, notes=(*result.notes, note))
            return result
        except Exception as error:
            self.gradebook.db.rollback()
            reason = (str(error).splitlines() or [""])[0][:200]
            note = f"grading failed, run it again: {type(error).__name__}: {reason}"
            return StudentMarks(student, (), "failed", (note,))

    def _standing(self, folder: Path) -> tuple[Status, str]:
        """Return "graded" if it is to be graded now, else what is to be said of it.

        The second value says what changed, if anything did.
        """
        place = self._place("autograded", folder.parent.name)
        if not place.exists():
            return "graded", ""
        if read_record(self.gradebook, self.release, folder.parent.name) is None:
            return "graded", ""
        ledger = read_ledger(place)
        if ledger is None:
            return "changed", "another program wrote here"
        has_changed = ledger.submission != fingerprint(folder, self.limits)
        if not has_changed and ledger.release == self.release.digest:
            return "kept", ""
        if not ledger.is_readable:
            return "graded", ""  # its zero was nobody's mark
        return "changed", "the submission changed" if has_changed else "the lab changed"

    def _grade_now(self, folder: Path) -> Status:
        digest = fingerprint(folder, self.limits)
        try:
            submission = take_in(folder, self.release.lab, self.limits)
        except UnreadableError as unreadable:
            self._finish_unreadable(folder.parent.name, digest, str(unreadable))
            return "unreadable"
        repaired = repair(submission.notebook, self.release)
        executed, stopped = self.executor.execute(repaired.notebook, submission)
        notes = [stopped] if stopped else []
        notes += _shortened([*submission.notes, *repaired.notes])
        marks, unanswered = score_notebook(executed, self.release, repaired.missing)
        messages = {mark.grade_id: mark.message for mark in marks if mark.message}
        ledger = Ledger(digest, self.release.digest, True, notes, messages)
        record(
            self.gradebook,
            self.release,
            submission.student,
            marks,
            unanswered=unanswered,
            handed_in=submission.handed_in,
            config=self.config,
        )
        self._finish(submission.student, executed, ledger, submission)
        return "graded"

    def _finish_unreadable(self, student: str, digest: str, reason: str) -> None:
        """Record a zero for every cell, flagged, and the release with the reason."""
        marks = [
            CellMark(cell.grade_id, cell.exercise, 0.0, cell.maximum, review=True)
            for cell in self.release.of_kind("test", "question")
        ]
        record(self.gradebook, self.release, student, marks, config=self.config)
        cells = [new_cell(cell, cell.graded) for cell in self.release.cells]
        warning = nbformat.v4.new_markdown_cell(f"**Not graded:** {reason}", id="why")
        notebook = nbformat.v4.new_notebook(
            cells=[warning, *cells], metadata=self.release.notebook.metadata
        )
        ledger = Ledger(digest, self.release.digest, False, [reason])
        self._finish(student, notebook, ledger)

    def _finish(
        self,
        student: str,
        notebook: NotebookNode,
        ledger: Ledger,
        submission: Submission | None = None,
    ) -> None:
        """Write the autograded folder, complete, in one step."""
        place = self._place("autograded", student)
        folder = new_folder(place)
        if submission is not None:
            copy_files(submission, folder)
            timestamp = submission.folder / "timestamp.txt"
            if submission.handed_in is not None:
                shutil.copyfile(timestamp, folder / timestamp.name)
        nbformat.write(notebook, folder / f"{self.release.lab}.ipynb")
        write_ledger(folder, ledger)
        move_into_place(folder, place)

    def _result(self, student: str, status: Status) -> StudentMarks:
        """Read back what is recorded, and bring the feedback page up to date."""
        place = self._place("autograded", student)
        ledger = read_ledger(place)  # none if another program graded it
        notes, messages = (ledger.notes, ledger.messages) if ledger else ([], {})
        recorded = read_record(self.gradebook, self.release, student)
        assert recorded is not None, "recorded above, or it would not be kept"
        marks = tuple(
            replace(mark, message=messages.get(mark.grade_id, ""))
            for mark in recorded.marks
        )
        result = StudentMarks(student, marks, status, tuple(notes), recorded.penalty)
        if ledger is not None:
            page = self._place("feedback", student) / f"{self.release.lab}.html"
            notebook = place / f"{self.release.lab}.ipynb"
            update_page(page, self.release, result, recorded.comments, ledger, notebook)
        return result

    def _place(self, step: str, student: str) -> Path:
        return self.root / step / student / self.release.lab


def _shortened(notes: list[str]) -> list[str]:
    """Return the first notes: a hostile notebook can ask for thousands of repairs."""
    if len(notes) <= _MAX_NOTES:
        return notes
    return [*notes[:_MAX_NOTES], f"and {len(notes) - _MAX_NOTES} more of this kind"]
