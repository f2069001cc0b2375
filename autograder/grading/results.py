"""A course's results of one lab: what stands, and putting new marks in their place.

There is one writer: the gradebook and the autograded folders are changed here, in one
process, a submission at a time, and durably before the next. It decides what is kept
and what is graded; marking is done elsewhere.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.grading.feedback import update_page
from autograder.grading.intake import fingerprint
from autograder.grading.ledger import (
    move_into_place,
    new_folder,
    read_ledger,
    with_reasons,
    write_ledger,
)
from autograder.grading.limits import Limits
from autograder.grading.marking import Marked
from autograder.grading.marks import Status, StudentMarks
from autograder.grading.record import read_record, record
from autograder.grading.release import Release
from autograder.grading.workspace import copy_files


@dataclass(frozen=True)
class Results:
    """The results of a lab in a course folder.

    Parameters
    ----------
    root : Path
        The course folder.
    """

    root: Path
    release: Release
    gradebook: Gradebook
    config: Config
    limits: Limits

    def standing(self, folder: Path, *, force: bool) -> StudentMarks | None:
        """Return the marks of submitted/<student>/<lab> that stand, None if none do."""
        if force:
            return None
        status, changed = self._standing(folder)
        if status == "graded":
            return None
        result = self._result(folder.parent.name, status)
        if changed:
            note = f"{changed} since it was graded; --force grades it again"
            return replace(result, notes=(*result.notes, note))
        return result

    def put(self, folder: Path, marked: Marked) -> StudentMarks:
        """Put the marks of one submission into the gradebook and the course folder."""
        record(
            self.gradebook,
            self.release,
            marked.student,
            marked.marks,
            unanswered=marked.unanswered,
            handed_in=marked.handed_in,
            config=self.config,
        )
        self._write_autograded(folder, marked)
        is_readable = marked.ledger.is_readable
        return self._result(marked.student, "graded" if is_readable else "unreadable")

    def failed(self, student: str, error: BaseException) -> StudentMarks:
        """Return what is said of a submission that could not be graded.

        Nothing counts as done then, and the next run tries again.
        """
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

    def _write_autograded(self, folder: Path, marked: Marked) -> None:
        """Write the autograded folder, complete, in one step."""
        place = self._place("autograded", marked.student)
        prepared = new_folder(place)
        copy_files(folder, marked.files, prepared)
        if marked.handed_in is not None:
            timestamp = folder / "timestamp.txt"
            shutil.copyfile(timestamp, prepared / timestamp.name)
        notebook = prepared / f"{self.release.lab}.ipynb"
        notebook.write_text(marked.notebook, encoding="utf-8")
        write_ledger(prepared, marked.ledger)
        move_into_place(prepared, place)

    def _result(self, student: str, status: Status) -> StudentMarks:
        """Read back what is recorded, and bring the feedback page up to date."""
        place = self._place("autograded", student)
        ledger = read_ledger(place)  # none if another program graded it
        notes = ledger.notes if ledger else []
        recorded = read_record(self.gradebook, self.release, student, self.config)
        assert recorded is not None, "recorded above, or it would not be kept"
        marks = with_reasons(recorded.marks, ledger)
        result = StudentMarks(
            student, marks, status, tuple(notes), recorded.penalty, recorded.lateness
        )
        if ledger is not None:
            page = self._place("feedback", student) / f"{self.release.lab}.html"
            notebook = place / f"{self.release.lab}.ipynb"
            update_page(page, self.release, result, recorded.comments, ledger, notebook)
        return result

    def _place(self, step: str, student: str) -> Path:
        return self.root / step / student / self.release.lab
