"""Who is who on the hub: roster and staff, and which user of the system each is.

As root every person is a user of their own: the system's user of that name where there
is one, else a number that is given once and kept in `hub/users.json`. Otherwise
everybody is the user who started the hub, and the numbers are only what servers see.
"""

import json
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.course import roster
from autograder.course.settings import CourseSettings, read_settings
from autograder.errors import UserError
from autograder.hub.folders import HubFolders

Role = Literal["student", "staff", "grader"]
_FIRST_UID = 200_000
_FIRST_ORDINARY_UID = 1_000


@dataclass(frozen=True)
class Person:
    """One user of the hub, or the staff's shared server.

    Parameters
    ----------
    uid, gid : int
        As which the server runs, or (without root) believes to run.
    """

    name: str
    role: Role
    uid: int
    gid: int

    @property
    def owner(self) -> tuple[int, int]:
        """To whom this person's files belong on the machine."""
        return (self.uid, self.gid) if os.getuid() == 0 else (os.getuid(), os.getgid())


def settings_of(course: Path) -> CourseSettings:
    """Return what course.yaml says, with the id that a hub needs.

    Raises
    ------
    UserError
        If there is no course.yaml, or no id in it.
    """
    settings = read_settings(course)
    if settings is None:
        raise UserError(
            f"expected a course folder with a course.yaml, got {course}: make one with "
            "`autograder course init`"
        )
    if not settings.id:
        raise UserError(
            f"expected {course / 'course.yaml'} to name the course, such as "
            "`id: fl101`, found no id"
        )
    return settings


def grader_name(course_id: str) -> str:
    """Return the name of the user as whom the staff's shared server runs."""
    return f"grader-{course_id}"


def people(course: Path) -> dict[str, Person]:
    """Return everybody who may log in, and the grader, by name; number the new ones.

    Raises
    ------
    UserError
        If course.yaml or students.csv is at fault, or names clash.
    """
    settings = settings_of(course)
    roles: dict[str, Role] = dict.fromkeys(settings.staff.everyone, "staff")
    path = course / roster.FILE
    for student in roster.read_roster(path) if path.exists() else ():
        if student.id in roles:
            raise UserError(
                f"expected {student.id!r} in students.csv or among the staff of "
                "course.yaml, got both: keep one"
            )
        roles[student.id] = "student"
    grader = grader_name(settings.id)
    if grader in roles:
        raise UserError(
            f"expected no one to be called {grader!r}, which is the course's own "
            "user: choose another id"
        )
    _refuse_same_login(roles)
    roles[grader] = "grader"
    return {
        name: Person(name, roles[name], *numbers)
        for name, numbers in _numbered(HubFolders(course).users, roles).items()
    }


def _refuse_same_login(names: Iterable[str]) -> None:
    """Names that differ in capitals only would be one login."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise UserError(
                f"expected ids that differ in more than capitals, got {other!r} and "
                f"{name!r}: change one"
            )


def _numbered(path: Path, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return uid and gid of each name; write down those that are new."""
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    before = dict(known)
    numbers = {}
    for name in names:
        system = _system_user(name)
        if system is not None:
            known[name], gid = system
        else:
            if known.get(name, 0) < _FIRST_UID:
                known[name] = max([_FIRST_UID - 1, *known.values()]) + 1
            gid = known[name]
        numbers[name] = (known[name], gid)
    if known != before:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
        new.replace(path)
    return numbers


def _system_user(name: str) -> tuple[int, int] | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    if entry.pw_uid < _FIRST_ORDINARY_UID:
        raise UserError(
            f"expected the ids of people, got {name!r}, a user of the system's own: "
            "choose another id"
        )
    return entry.pw_uid, entry.pw_gid
