"""Collect hand-ins from the exchange into `submitted/`.

    inbound/<student>+<lab>+<time>+<random>/  -->  submitted/<student>/<lab>/

Of a student's hand-ins the newest counts, and one after the deadline costs what
`course.yaml` says; `is_on_time` takes the newest that was on time from whoever has one.
All of them stay in the exchange, and what stood in `submitted/` moves to `replaced/`.
What was graded of an older hand-in is no mark of the new one: it is graded again.
"""

import datetime
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

from autograder.course.inbound import HandedIn, handed_in
from autograder.course.moments import said
from autograder.course.place import Place
from autograder.course.placing import read_timestamp, set_aside, write_timestamp
from autograder.errors import is_full_disk
from autograder.exchange.copying import copy_hand_in
from autograder.exchange.room import room_for
from autograder.grading.limits import Limits

Status = Literal["collected", "updated", "unchanged", "left out"]
_CLOCKS = datetime.timedelta(minutes=10)  # how far two clocks may be apart


@dataclass(frozen=True)
class Collected:
    """What became of one student's hand-ins, or of one that was left out.

    Parameters
    ----------
    at : datetime
        When it was handed in.
    notes : tuple of str
        That it is late, and whatever a TA should look at.
    """

    student: str
    status: Status
    at: datetime.datetime
    notes: tuple[str, ...] = ()


def collect(
    place: Place,
    lab: str,
    *,
    known: Iterable[str] = (),
    is_on_time: bool = False,
    dry_run: bool = False,
    limits: Limits | None = None,
) -> list[Collected]:
    """Collect the hand-ins of `lab`; return what was done, by student.

    Parameters
    ----------
    known : iterable of str
        The students of the roster; others are noted. Empty knows everybody.
    is_on_time : bool
        Prefer the newest hand-in before the student's deadline to a later one.

    Raises
    ------
    UserError
        If the exchange may not be read, or the disk is full.
    """
    rows, roster = [], set(known)
    handins = sorted(handed_in(place, lab), key=lambda one: one.student)  # stable
    for student, group in groupby(handins, key=lambda one: one.student):
        own = list(group)
        sound = [one for one in own if not one.problem]
        rows += [_left_out(one) for one in own if one.problem]
        if not sound:
            continue
        chosen = _chosen(place, sound, is_on_time=is_on_time)
        row = _take(place, chosen, limits or Limits(), dry_run=dry_run)
        notes = [*row.notes, *_remarks(place, chosen, sound)]
        if roster and student not in roster:
            notes.append("not in students.csv")
        rows.append(replace(row, notes=tuple(notes)))
    return rows


def _chosen(place: Place, sound: list[HandedIn], *, is_on_time: bool) -> HandedIn:
    """Return which of a student's hand-ins counts; they come oldest first."""
    due = _due(place, sound[-1])
    in_time = [one for one in sound if due is None or one.at <= due]
    return in_time[-1] if is_on_time and in_time else sound[-1]


def _take(
    place: Place, handin: HandedIn, limits: Limits, *, dry_run: bool
) -> Collected:
    target = place.root / "submitted" / handin.student / handin.lab
    before = read_timestamp(target)
    status: Status = "collected"
    if target.exists():
        if before == handin.at:
            return Collected(handin.student, "unchanged", handin.at)
        status = "updated"
    if dry_run:
        return Collected(handin.student, status, handin.at)
    prepared = target.with_name(f".{target.name}.taken")
    shutil.rmtree(prepared, ignore_errors=True)
    with room_for(f"the hand-in of {handin.student}", prepared):
        try:
            notes = copy_hand_in(handin.path, prepared, limits)
        except OSError as error:  # whatever its owner made of it stops nobody else
            if is_full_disk(error):
                raise
            shutil.rmtree(prepared, ignore_errors=True)
            reason = f"cannot be read: {error.strerror}"
            return Collected(handin.student, "left out", handin.at, (reason,))
        (prepared / "timestamp.txt").unlink(missing_ok=True)
        write_timestamp(prepared, handin.at)
    _forget_marks_of(place, handin)  # first: a run that is cut off leaves none behind
    if status == "updated":
        set_aside(target)
    prepared.rename(target)
    return Collected(handin.student, status, handin.at, tuple(notes))


def _forget_marks_of(place: Place, handin: HandedIn) -> None:
    """Remove what was graded before; the gradebook's marks by hand stay to look at."""
    old = place.root / "autograded" / handin.student / handin.lab
    if old.exists():
        aside = old.with_name(f".{old.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        old.rename(aside)
        shutil.rmtree(aside)


def _left_out(handin: HandedIn) -> Collected:
    problem = handin.problem
    if handin.is_young:
        problem = "is still being handed in, or was cut off: collect again in a while"
    return Collected(handin.student, "left out", handin.at, (problem,))


def _remarks(place: Place, chosen: HandedIn, sound: list[HandedIn]) -> list[str]:
    """Return what to note of the hand-in that counts."""
    due = _due(place, chosen)
    if due is None:
        return []
    notes = []
    if chosen.at > due:
        notes.append(f"{said(chosen.at - due)} late")
    elif _changed(chosen.path / f"{chosen.lab}.ipynb") > due + _CLOCKS:
        notes.append("says it was on time, but its notebook was written after that")
    if sound[-1] is not chosen:
        notes.append(f"a later one, {said(sound[-1].at - due)} late, was left")
    return notes


def _changed(path: Path) -> datetime.datetime:
    """Return when the system last touched a file, which its owner cannot forge."""
    try:
        return datetime.datetime.fromtimestamp(path.lstat().st_ctime, datetime.UTC)
    except OSError:
        return datetime.datetime.fromtimestamp(0, datetime.UTC)


def _due(place: Place, handin: HandedIn) -> datetime.datetime | None:
    if handin.lab not in place.settings.labs:
        return None
    return place.settings.deadline_of(handin.lab, handin.student)
