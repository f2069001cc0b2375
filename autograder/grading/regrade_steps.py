"""The two ends of a regrade: a scratch copy, and its results taken over."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.authoring.generate import generate
from autograder.authoring.lab import Lab
from autograder.grading.ledger import (
    Ledger,
    move_into_place,
    new_folder,
    read_ledger,
    write_ledger,
)
from autograder.grading.record import open_gradebook
from autograder.grading.regraded_marks import copy_marks
from autograder.nbgrader_config import course_config, gradebook_url

Kept = Mapping[str, float | None]
"""Grade id -> the mark of before, where it is not lowered."""


@contextlib.contextmanager
def scratch_copy(root: Path) -> Iterator[Path]:
    """Make a course folder with the same submissions, gradebook and rules.

    Submissions are not copied: grading only reads them, and they stay exactly those
    whose fingerprint the results will carry.
    """
    with tempfile.TemporaryDirectory(prefix="regrade-") as folder:
        scratch = Path(folder).resolve() / "course"
        scratch.mkdir()
        with (
            contextlib.closing(sqlite3.connect(root / "gradebook.db")) as source,
            contextlib.closing(sqlite3.connect(scratch / "gradebook.db")) as copy,
        ):
            source.backup(copy)
        if (root / "submitted").is_dir():
            (scratch / "submitted").symlink_to(root / "submitted")
        if (root / "course.yaml").exists():
            shutil.copyfile(root / "course.yaml", scratch / "course.yaml")
        yield scratch


def take_over(
    root: Path,
    scratch: Path,
    lab: Lab,
    students: Sequence[str],
    kept: Mapping[str, Kept],
) -> None:
    """Take over scratch results, one student after the other; run it again if killed.

    The released notebook and the gradebook's cells come first, as in grading. Then
    each student's marks, and the folder that says that they are done.

    Parameters
    ----------
    kept : mapping of str to Kept
        Student -> the marks that stay as they are.
    """
    generate(lab, root, gradebook_url(root))
    with (
        open_gradebook(course_config(root)) as target,
        open_gradebook(course_config(scratch)) as source,
    ):
        for student in students:
            stays = kept.get(student, {})
            copy_marks(source, target, lab.name, student, stays)
            _take_over_folder(root, scratch, lab.name, student, stays)


def _take_over_folder(
    root: Path, scratch: Path, lab: str, student: str, kept: Kept
) -> None:
    place = root / "autograded" / student / lab
    made = scratch / "autograded" / student / lab
    prepared = new_folder(place)
    shutil.copytree(made, prepared, dirs_exist_ok=True, symlinks=True)
    ledger = read_ledger(made)
    if ledger is not None and kept:
        write_ledger(prepared, _with_kept(ledger, kept))
    move_into_place(prepared, place)


def _with_kept(ledger: Ledger, kept: Kept) -> Ledger:
    """Return the ledger with a note on every mark that was not lowered."""
    notes = [
        f"`{name}` was graded again; the earlier mark {points:g} was kept"
        for name, points in kept.items()
        if points is not None
    ]
    messages = {n: text for n, text in ledger.messages.items() if n not in kept}
    mistakes = {n: t for n, t in ledger.misconceptions.items() if n not in kept}
    return replace(
        ledger,
        notes=[*ledger.notes, *notes],
        messages=messages,
        misconceptions=mistakes,
    )
