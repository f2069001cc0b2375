"""Find what was handed in, and take in one submission.

    submitted/<student>/<lab>/<lab>.ipynb      and data files beside it

A layout that is not this one stops the run with a sentence, because then nothing of the
course can be graded. A single submission that cannot be read stops nobody else.
"""

import datetime
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from autograder.errors import UserError
from autograder.grading.data_files import TIMESTAMP, data_files, folder_entries
from autograder.grading.limits import Limits
from autograder.grading.reading import UnreadableError, read_notebook, read_text


@dataclass(frozen=True)
class Submission:
    """What one student handed in, read.

    Parameters
    ----------
    notebook : NotebookNode
        Clean cells, not yet repaired.
    files : tuple of str
        Data files to run with, relative to `folder`; ordinary files only.
    handed_in : datetime or None
        In UTC, without a time zone, as nbgrader keeps it.
    notes : tuple of str
        What a reader should know about the reading.
    """

    student: str
    folder: Path
    notebook: NotebookNode
    files: tuple[str, ...]
    handed_in: datetime.datetime | None
    notes: tuple[str, ...]


def find_submissions(submitted: Path, lab: str) -> list[Path]:
    """Return the folders submitted/<student>/<lab>, sorted by student.

    Raises
    ------
    UserError
        If there is none; the sentence says what was found instead.
    """
    expected = f"expected submissions at {submitted}/<student>/{lab}/{lab}.ipynb"
    if not submitted.is_dir():
        raise UserError(f"{expected}, got no folder {submitted.name}")
    entries = sorted(p for p in submitted.iterdir() if not p.name.startswith("."))
    folders = [p / lab for p in entries if os.path.lexists(p / lab)]
    if folders:
        return folders
    if not entries:
        raise UserError(f"{expected}, got an empty folder {submitted.name}")
    notebooks = [path.name for path in entries if path.suffix == ".ipynb"]
    if notebooks:
        raise UserError(f"{expected}, got {notebooks[0]} straight in {submitted.name}")
    if (submitted / lab).is_dir():
        raise UserError(f"{expected}, got {submitted.name}/{lab}/<student>")
    found = sorted(
        {p.name for entry in entries if entry.is_dir() for p in entry.iterdir()}
    )
    others = f" (there is {', '.join(found[:5])})" if found else ""
    raise UserError(f"{expected}, got no student with a folder {lab}{others}")


def take_in(folder: Path, lab: str, limits: Limits) -> Submission:
    """Read the submission in `folder`.

    Raises
    ------
    UnreadableError
        If there is nothing to run; the message is one sentence.
    """
    if not is_folder(folder):
        raise UnreadableError(f"expected a folder {folder.name}, got a link or a file")
    path, renamed = _notebook_path(folder, lab)
    handed_in = _timestamp(folder)
    notebook, notes = read_notebook(path, limits.notebook_bytes)
    files, left_out = data_files(folder, limits)
    return Submission(
        folder.parent.name,
        folder,
        notebook,
        tuple(files),
        handed_in,
        (*renamed, *notes, *left_out),
    )


def fingerprint(folder: Path, limits: Limits) -> str:
    """Return a digest that changes when anything handed in changes."""
    digest = hashlib.sha256()
    if not is_folder(folder):
        return digest.hexdigest()
    left = limits.files_bytes + limits.notebook_bytes
    for path in folder_entries(folder):
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
        try:
            status = path.lstat()
            digest.update(f"{status.st_mode:o} {status.st_size}\0".encode())
            if not stat.S_ISREG(status.st_mode):
                continue
            if status.st_size <= left and os.access(path, os.R_OK):
                left -= status.st_size
                digest.update(hashlib.sha256(path.read_bytes()).digest())
            else:
                digest.update(f"{status.st_mtime_ns}".encode())
        except OSError:  # its name is too long to look at it
            continue
    return digest.hexdigest()


def is_folder(folder: Path) -> bool:
    """Tell whether a submission is a folder, reached without following a link."""
    return folder.is_dir() and not (folder.is_symlink() or folder.parent.is_symlink())


def _notebook_path(folder: Path, lab: str) -> tuple[Path, list[str]]:
    path = folder / f"{lab}.ipynb"
    if os.path.lexists(path):
        return path, []
    others = sorted(p for p in folder.iterdir() if p.suffix == ".ipynb")
    if len(others) == 1:
        return others[0], [f"expected {path.name}; {others[0].name} was read instead"]
    got = f"{len(others)} others" if others else "none"
    raise UnreadableError(f"expected a notebook {path.name}, got {got}")


def _timestamp(folder: Path) -> datetime.datetime | None:
    path = folder / TIMESTAMP
    if not os.path.lexists(path):
        return None
    text = read_text(path, 1000).decode("utf-8", "replace").strip()
    try:
        return parse_utc(text)  # type: ignore[no-any-return]
    except (ValueError, OverflowError, AttributeError, TypeError):
        raise UnreadableError(
            f"expected a date and time in {TIMESTAMP}, got {text[:40]!r}"
        ) from None
