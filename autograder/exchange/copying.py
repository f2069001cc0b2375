"""Copy a hand-in out of the exchange, as if its owner wished us ill.

nbgrader's own collect follows links with the rights of whoever collects: a link to the
gradebook would bring it into the submission, and from there into the feedback. It
gives up on the whole class where one folder is larger than 100 MB. Here a link, a pipe,
a file of somebody else's and what is too large are left out, each with a note, and
every folder is opened from the one above it, so that nothing can be swapped meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading.limits import Limits

_SKIPPED = (".ipynb_checkpoints", "__pycache__")
_MAX_DEPTH = 16
_CHUNK = 2**20
_MAX_NOTES = 10


@dataclass
class _Budget:
    limits: Limits
    files_left: int
    bytes_left: int
    entries_left: int
    notes: list[str] = field(default_factory=list)


def copy_hand_in(source: Path, target: Path, limits: Limits) -> list[str]:
    """Copy the ordinary files of the folder `source` into the new folder `target`.

    Parameters
    ----------
    limits : Limits
        The bytes of notebooks and of other files, and their number.

    Returns
    -------
    list of str
        What was left out and why, a sentence each.

    Raises
    ------
    OSError
        If the folder cannot be read, is a link, or there is no room for the copy.
    """
    budget = _Budget(limits, limits.num_files, limits.files_bytes, 2 * limits.num_files)
    top = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        owner = os.fstat(top).st_uid
        target.mkdir(parents=True)
        for folder, name, path in _entries(top, Path(), budget):
            _copy(folder, name, target / path, path, owner, budget)
    finally:
        os.close(top)
    notes = budget.notes
    if budget.entries_left < 0:
        notes.insert(0, "more files and folders than can be looked at, left out")
    more = len(notes) - _MAX_NOTES
    return notes if more <= 0 else [*notes[:_MAX_NOTES], f"and {more} more left out"]


def _entries(
    folder: int, below: Path, budget: _Budget
) -> Iterator[tuple[int, str, Path]]:
    """Yield (open folder, name, path) of what is no folder, notebooks first."""
    with os.scandir(folder) as scan:
        entries = sorted((not e.name.endswith(".ipynb"), e.name) for e in scan)
    for _, name in entries:
        budget.entries_left -= 1
        if budget.entries_left < 0:  # of folders in folders there may be millions
            return
        path = below / name
        mode = os.lstat(name, dir_fd=folder).st_mode
        if not stat.S_ISDIR(mode):
            yield folder, name, path
        elif name in _SKIPPED:
            continue
        elif len(path.parts) > _MAX_DEPTH:
            budget.notes.append(f"{path}: too deep a folder, left out")
        else:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            inner = os.open(name, flags, dir_fd=folder)
            try:
                yield from _entries(inner, path, budget)
            finally:
                os.close(inner)


def _copy(
    folder: int, name: str, target: Path, path: Path, owner: int, budget: _Budget
) -> None:
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        file = os.open(name, flags, dir_fd=folder)
    except OSError:
        budget.notes.append(f"{path}: a link or a file that cannot be read, left out")
        return
    with os.fdopen(file, "rb") as opened:
        status = os.fstat(file)
        problem = _problem(status, owner, path, budget)
        if problem:
            budget.notes.append(f"{path}: {problem}, left out")
            return
        budget.files_left -= 1
        if path.suffix != ".ipynb":
            budget.bytes_left -= status.st_size
        target.parent.mkdir(parents=True, exist_ok=True)
        left = status.st_size  # a file that grows meanwhile is cut there
        with target.open("xb") as copy:
            while left > 0 and (chunk := opened.read(min(left, _CHUNK))):
                left -= len(chunk)
                copy.write(chunk)


def _problem(status: os.stat_result, owner: int, path: Path, budget: _Budget) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "no ordinary file"
    # A hard link gives a name to a file that the student may not even read.
    if status.st_uid != owner:
        return "a file of another user's"
    if budget.files_left <= 0:
        return f"more than {budget.limits.num_files:,} files"
    is_notebook = path.suffix == ".ipynb"
    limit = budget.limits.notebook_bytes if is_notebook else budget.bytes_left
    if status.st_size > limit:
        most = (
            budget.limits.notebook_bytes if is_notebook else budget.limits.files_bytes
        )
        kind = "a notebook" if is_notebook else "files together"
        return f"{status.st_size / 1e6:,.0f} MB, {kind} may have {most / 1e6:g} MB"
    return ""
