"""From a download to `submitted/<student>/<lab>/`, one student after the other.

    taken       it is new
    replaced    it is newer than what was there, which now stands in `replaced/`
    unchanged   it is what was there
    older       it is not newer than what was there, and left alone
    refused     it could not be taken; the note says why

Running it again changes nothing. A student's folder comes into its place complete, in
one step, and nothing is ever deleted. Whose files they are is told by `students.csv`
if there is one (by the platform's number, then by name), else by the platform's name;
`intake.json` remembers it for the next download and for exports.
"""

import datetime
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.course.archive import File, Refused, RefusedError
from autograder.course.handins import HandIn, read_download
from autograder.course.identity import Identities, read_identities
from autograder.course.notebooks import notebook_of
from autograder.course.placing import (
    TIMESTAMP,
    Placed,
    place_files,
    read_timestamp,
)
from autograder.course.settings import read_settings
from autograder.errors import UserError

Status = Placed | Literal["refused"]
_MAX_NOTEBOOK_BYTES = 20_000_000
_MAX_DATA_BYTES = 100_000_000


@dataclass(frozen=True)
class Taken:
    """What became of one student's files.

    Parameters
    ----------
    student : str
        The student's folder; the platform's name if the files were refused.
    handed_in : datetime or None
        In UTC; None if the download does not say.
    """

    student: str
    status: Status
    handed_in: datetime.datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class IntakeReport:
    """What became of a download.

    Parameters
    ----------
    refused : tuple of Refused
        Files that belong to nobody or could not be read.
    """

    lab: str
    taken: tuple[Taken, ...]
    refused: tuple[Refused, ...]

    @property
    def num_without_time(self) -> int:
        """For how many students it is not known when they handed in."""
        return sum(t.handed_in is None and t.status != "refused" for t in self.taken)


def take_in_download(
    course: Path,
    lab: str,
    download: Path,
    *,
    times: dict[str, datetime.datetime] | None = None,
    trust_archive: bool = False,
) -> IntakeReport:
    """Put what is in a download where grading finds it.

    Parameters
    ----------
    course : Path
        The course folder.
    download : Path
        A platform's zip archive, a folder of files or of archives, or one notebook.
    times : dict of str to datetime or None
        The platform's number -> when this student handed in; it beats the archive.
    trust_archive : bool
        Take the archive's times for those of handing in even if they all look like the
        moment of the download.

    Raises
    ------
    UserError
        If there is nothing to take.
    """
    settings = read_settings(course)
    zone = (settings.time_zone if settings else None) or datetime.UTC
    identities = read_identities(course)
    taken = []
    with ExitStack() as stack:
        handins, refused = read_download(download, lab, stack)
        if not handins:
            why = f": {refused[0].name}: {refused[0].reason}" if refused else ""
            raise UserError(f"expected submissions in {download}, found none{why}")
        identities.expect(lab, [handin.source for handin in handins])
        for handin in handins:
            handin.has_times |= trust_archive
            known = (times or {}).get(handin.source.number)
            taken.append(_take(course, lab, handin, identities, known, zone))
    identities.write()
    order = sorted(taken, key=lambda one: (one.status == "refused", one.student))
    return IntakeReport(lab, tuple(order), tuple(refused))


def _take(
    course: Path,
    lab: str,
    handin: HandIn,
    identities: Identities,
    known: datetime.datetime | None,
    zone: datetime.tzinfo,
) -> Taken:
    """Take one student's files; whatever is wrong with them is this student's alone."""
    shown = handin.source.name or handin.source.number or handin.origin
    try:
        student, notes = identities.student_of(lab, handin.source)
        notebook, data, note = notebook_of(handin, lab)
        content = {Path(f"{lab}.ipynb"): notebook.read(_MAX_NOTEBOOK_BYTES)}
        content |= _data(data, Path(f"{lab}.ipynb"))
        changed = _aware(notebook, zone)
        handed_in = known or (changed if handin.has_times else None)
        place = course / "submitted" / student / lab
        status = place_files(
            place, content, changed, handed_in, is_sure=known is not None
        )
    except (RefusedError, OSError) as error:
        return Taken(shown, "refused", note=str(error))
    if handin.source.is_late:
        notes.append("Canvas says it was late")
    if status == "older":
        handed_in = read_timestamp(place)
        notes.append("it is not newer than what is there")
    identities.remember(lab, student, handin.source)
    return Taken(student, status, handed_in, "; ".join(filter(None, [*notes, note])))


def _aware(file: File, zone: datetime.tzinfo) -> datetime.datetime:
    changed = file.changed
    if changed.tzinfo is None:
        changed = changed.replace(tzinfo=zone)
    return changed.astimezone(datetime.UTC)


def _data(files: list[File], notebook: Path) -> dict[Path, bytes]:
    """Read the data files; a time of handing in is not the student's to write."""
    content: dict[Path, bytes] = {}
    left = _MAX_DATA_BYTES
    for file in files:
        path = Path(*file.parts)
        if path in (notebook, Path(TIMESTAMP)):
            continue
        content[path] = file.read(left)
        left -= len(content[path])
    return content
