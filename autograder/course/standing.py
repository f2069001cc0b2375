"""How a student stands in each lab, and the file that tells the student.

`standing` looks into the exchange and the course folder. `publish` writes it to
`<exchange>/<id>/standing/<student>.json`, readable by that student alone; the start
page of a student's server shows it:

    {"course": "fl101", "title": "...", "student": "ada", "labs": [
      {"lab": "lab01_first_round", "is_released": true,
       "release": null, "deadline": "2026-11-20T17:00:00+00:00",
       "own_deadline": "2026-11-22T17:00:00+00:00", "was_fetched": true,
       "submitted_at": "2026-11-20T16:02:11.123456+00:00",
       "is_graded": true, "has_feedback": false}]}

Whether a lab was fetched is known where the homes are on this machine; else it is null.
"""

import datetime
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.course.inbound import HandedIn, feedback_name, handed_in
from autograder.course.place import Place, uid_of
from autograder.course.placing import read_timestamp


@dataclass(frozen=True)
class LabStanding:
    """One lab of one student.

    Parameters
    ----------
    release, deadline : datetime or None
        The course's; None where `course.yaml` says nothing.
    own_deadline : datetime or None
        With the student's extension; the same as `deadline` without one.
    was_fetched : bool or None
        None if nobody can know.
    submitted_at : datetime or None
        Of the newest hand-in.
    is_graded : bool
        True if the newest hand-in has marks.
    has_feedback : bool
        True if the newest hand-in's page waits in the exchange.
    """

    lab: str
    is_released: bool
    release: datetime.datetime | None
    deadline: datetime.datetime | None
    own_deadline: datetime.datetime | None
    was_fetched: bool | None
    submitted_at: datetime.datetime | None
    is_graded: bool
    has_feedback: bool

    @property
    def is_late(self) -> bool:
        """True if the newest hand-in came after the student's own deadline."""
        due, at = self.own_deadline, self.submitted_at
        return due is not None and at is not None and at > due


def standing(
    place: Place,
    student: str,
    own: Iterable[HandedIn] | None = None,
    labs: Iterable[str] | None = None,
) -> list[LabStanding]:
    """Return how a student stands, in the order of the labs' deadlines.

    Parameters
    ----------
    own : iterable of HandedIn or None
        The student's hand-ins, if the exchange was looked through before.
    labs : iterable of str or None
        Those asked for; None for all.
    """
    if own is None:
        own = handed_in(place)
    newest = {one.lab: one for one in own if not one.problem and one.student == student}
    labs = labs_of(place) if labs is None else labs
    return [_of_lab(place, lab, student, newest.get(lab)) for lab in labs]


def by_student(handins: Iterable[HandedIn]) -> dict[str, list[HandedIn]]:
    """Return student -> hand-ins, in the same order."""
    found: defaultdict[str, list[HandedIn]] = defaultdict(list)
    for one in handins:
        found[one.student].append(one)
    return found


def labs_of(place: Place) -> list[str]:
    """Return the labs that `course.yaml` names or that were released, by deadline."""
    due = {name: lab.deadline for name, lab in place.settings.labs.items()}
    named = sorted(due, key=lambda name: (due[name], name))
    released = sorted(p.name for p in place.outbound.glob("*") if p.is_dir())
    return [*named, *(name for name in released if name not in due)]


def publish(place: Place, students: Iterable[str]) -> list[str]:
    """Write the students' files where they changed; return whose did.

    Only the student can read the file, as far as this machine can tell students apart.
    """
    handins, labs = by_student(handed_in(place)), labs_of(place)
    place.standing.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:  # the staff's server may have made it
        os.chown(place.standing, 0, 0)
    place.standing.chmod(0o711)
    changed = []
    for student in students:
        own = handins.get(student, [])
        text = _as_json(place, student, standing(place, student, own, labs))
        path = place.standing / f"{student}.json"
        if not _has(path, text):
            changed.append(student)
            _write(path, text)
        _give(place, path, student)
    return changed


def _of_lab(
    place: Place, lab: str, student: str, handin: HandedIn | None
) -> LabStanding:
    settings = place.settings.labs.get(lab)
    collected = read_timestamp(place.root / "submitted" / student / lab)
    at = handin.at if handin else collected
    is_newest = handin is None or collected == handin.at
    autograded = place.root / "autograded" / student / lab
    page = feedback_name(handin.secret, lab) if handin else ""
    return LabStanding(
        lab,
        is_released=(place.outbound / lab).is_dir(),
        release=settings.release if settings else None,
        deadline=settings.deadline if settings else None,
        own_deadline=place.settings.deadline_of(lab, student) if settings else None,
        was_fetched=_was_fetched(place, lab, student),
        submitted_at=at,
        is_graded=is_newest and (autograded / f"{lab}.ipynb").is_file(),
        has_feedback=bool(page) and (place.feedback / page).is_file(),
    )


def _was_fetched(place: Place, lab: str, student: str) -> bool | None:
    if not place.homes.is_dir():
        return None
    for name in (lab, f"{place.settings.id}/{lab}"):
        try:
            (place.homes / student / name).lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:  # another user's home, and this user is not the hub's
            return None
        return True
    return False


def _as_json(place: Place, student: str, labs: list[LabStanding]) -> str:
    def plain(value: Any) -> str:
        assert isinstance(value, datetime.datetime), "the only value JSON has not"
        return value.isoformat()

    content = {
        "course": place.settings.id,
        "title": place.settings.title or place.settings.id,
        "student": student,
        "labs": [asdict(lab) for lab in labs],
    }
    return json.dumps(content, default=plain, indent=1)


def _has(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _write(path: Path, text: str) -> None:
    prepared = path.with_name(f".{path.name}.{os.getpid()}")
    prepared.unlink(missing_ok=True)
    file = os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
    prepared.replace(path)


def _give(place: Place, path: Path, student: str) -> None:
    """Make the file the student's, where this user may give files away."""
    uid = uid_of(place, student)
    if os.geteuid() == 0 and uid is not None and path.stat().st_uid != uid:
        os.chown(path, uid, -1)
