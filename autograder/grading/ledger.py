"""What was graded, from what: the memory that makes a batch resumable.

`grading.json` lies in a student's autograded folder and comes into being with it: the
folder is written beside its place and moved there in one step, after the gradebook has
the marks. So whoever finds it knows that everything else is done.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autograder.grading.marks import CellMark

LEDGER = "grading.json"


@dataclass(frozen=True)
class Ledger:
    """How one submission came to its marks.

    Parameters
    ----------
    submission, release : str
        Digests of what was handed in and of what it was marked with.
    is_readable : bool
        False if nothing could be run.
    notes : list of str
        What was repaired or could not be read.
    messages, misconceptions : dict of str to str
        Grade id -> why marks were lost, and the mistake that it looks like.
    seconds, cpu_seconds : float or None, seconds
        How long the notebook ran, and the processor time that it took; None if that
        was not measured.
    max_rss_bytes : int or None
        The most memory that it held at once.
    """

    submission: str
    release: str
    is_readable: bool = True
    notes: list[str] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)
    misconceptions: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None


def ledger_of(
    submission: str, release: str, notes: list[str], marks: Sequence[CellMark]
) -> Ledger:
    """Return the ledger of a submission that was run and got these marks."""
    messages = {m.grade_id: m.message for m in marks if m.message}
    mistakes = {m.grade_id: m.misconception for m in marks if m.misconception}
    return Ledger(submission, release, True, notes, messages, mistakes)


def with_reasons(
    marks: Iterable[CellMark], ledger: Ledger | None
) -> tuple[CellMark, ...]:
    """Return marks out of the gradebook with the ledger's reasons for them."""
    if ledger is None:
        return tuple(marks)
    return tuple(
        replace(
            mark,
            message=ledger.messages.get(mark.grade_id, ""),
            misconception=ledger.misconceptions.get(mark.grade_id, ""),
        )
        for mark in marks
    )


def read_ledger(folder: Path) -> Ledger | None:
    """Return the ledger of an autograded folder, None if there is no sound one."""
    try:
        return Ledger(**json.loads((folder / LEDGER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """Write the ledger into a folder that is not yet in its place."""
    text = json.dumps(asdict(ledger), indent=1)
    (folder / LEDGER).write_text(text, encoding="utf-8")


def new_folder(place: Path) -> Path:
    """Return an empty folder in which to prepare what shall stand at `place`.

    It has a leading dot, which nbgrader's tools skip; a leftover of a killed run is
    removed.
    """
    folder = place.with_name(f".{place.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def move_into_place(folder: Path, place: Path) -> None:
    """Put a prepared folder where it belongs; what stood there is removed."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    folder.rename(place)
    shutil.rmtree(old, ignore_errors=True)
