"""Which of a student's files is the notebook to grade.

The one with the lab's name, of several attempts the last ("lab01-2.ipynb"), else the
newest. A student's own archive is opened if there is no notebook beside it.
"""

import datetime
import re
from pathlib import PurePosixPath

from autograder.course.archive import File, RefusedError, files_of_zip, open_zip
from autograder.course.handins import HandIn, is_junk


def notebook_of(handin: HandIn, lab: str) -> tuple[File, list[File], str]:
    """Return the notebook to grade, the data files beside it, and what to note.

    Raises
    ------
    RefusedError
        If there is no notebook; the sentence says what there is.
    """
    files = handin.files
    notebooks = _notebooks(files)
    archives = [f for f in files if f.parts[-1].lower().endswith(".zip")]
    if not notebooks and len(archives) == 1:
        inner = list(files_of_zip(open_zip(archives[0].read())))
        files = [f for f in inner if isinstance(f, File) and not is_junk(f.parts)]
        notebooks = _notebooks(files)
    if not notebooks:
        names = ", ".join(f.parts[-1] for f in handin.files[:3])
        raise RefusedError(f"expected a notebook {lab}.ipynb, got {names}")
    chosen = max(notebooks, key=lambda file: _preference(file, lab))
    note = ""
    if len(notebooks) > 1:
        note = f"{len(notebooks)} notebooks; {chosen.parts[-1]} was taken"
    elif PurePosixPath(chosen.parts[-1]).stem != lab:
        note = f"the notebook was called {chosen.parts[-1]}"
    base = chosen.parts[:-1]
    data = [
        File(f.parts[len(base) :], f.changed, f.open)
        for f in files
        if f.parts[: len(base)] == base and f not in notebooks
    ]
    return chosen, data, note


def _notebooks(files: list[File]) -> list[File]:
    return [f for f in files if f.parts[-1].lower().endswith(".ipynb")]


def _preference(file: File, lab: str) -> tuple[bool, int, datetime.datetime]:
    """Rank a notebook: of the lab's name first, then the later attempt, the newer."""
    stem = PurePosixPath(file.parts[-1]).stem
    match = re.fullmatch(rf"(?i){re.escape(lab)}(?:[-_ ]?\(?(\d+)\)?)?", stem)
    attempt = int(match[1] or 0) if match else 0
    return match is not None, attempt, file.changed.replace(tzinfo=None)
