"""Tell ngshare who is in the course: its own tables decide who may do what.

ngshare knows courses, instructors and students by name, and people by the token of
their server. Only an admin of ngshare can make a course; ours is the staff's server,
the service `desk`, which is the course's instructor as well.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from autograder.course.roster import Student
from autograder.errors import UserError

_TIMEOUT_S = 30


@dataclass(frozen=True)
class Roster:
    """Who was new to ngshare, and who is there without being in the roster any more."""

    added: tuple[str, ...]
    left: tuple[str, ...]


def update_roster(
    url: str,
    token: str,
    course_id: str,
    students: Sequence[Student],
    *,
    instructor: str = "desk",
) -> Roster:
    """Make the course where it is missing, and enter the students of the roster.

    It can be run again: what is there already stays, with its hand-ins. Whoever left
    the roster is named and stays too; a wrong file must not shut out a class.

    Parameters
    ----------
    url : str
        ngshare's, such as http://ngshare:8080/services/ngshare.
    token : str
        Of an admin of ngshare.

    Raises
    ------
    UserError
        If ngshare cannot be reached, or refuses.
    """
    headers = {"Authorization": f"token {token}"}
    try:
        with httpx.Client(
            base_url=url.rstrip("/") + "/", headers=headers, timeout=_TIMEOUT_S
        ) as client:
            return _update(client, course_id, students, instructor)
    except httpx.HTTPError as error:
        raise UserError(
            f"expected ngshare at {url}, got {type(error).__name__}: is it up, and is "
            "this run inside the cluster?"
        ) from None


def _update(
    client: httpx.Client, course: str, students: Sequence[Student], instructor: str
) -> Roster:
    if course not in _asked(client, "GET", "courses")["courses"]:
        _asked(client, "POST", f"course/{course}", instructors=json.dumps([instructor]))
    before = _asked(client, "GET", f"students/{course}")["students"]
    there = {entry["username"] for entry in before}
    entries = [_entry(student) for student in students]
    if entries:
        asked = {"students": json.dumps(entries)}
        for one in _asked(client, "POST", f"students/{course}", **asked)["status"]:
            if not one["success"]:
                raise UserError(f"ngshare refused {one['username']}: {one['message']}")
    wanted = {entry["username"] for entry in entries}
    return Roster(tuple(sorted(wanted - there)), tuple(sorted(there - wanted)))


def _entry(student: Student) -> dict[str, str]:
    first, _, last = student.name.rpartition(" ")
    return {
        "username": student.id.lower(),  # as the hub spells names
        "first_name": first,
        "last_name": last,
        "email": student.email,
    }


def _asked(client: httpx.Client, method: str, path: str, **data: str) -> dict[str, Any]:
    """Return ngshare's answer to one request."""
    answer = client.request(method, path, data=data or None)
    try:
        content: dict[str, Any] = answer.json()
    except ValueError:
        content = {}
    if not content.get("success"):
        reason = content.get("message", f"status {answer.status_code}")
        raise UserError(
            f"expected ngshare to accept {method} {path}, got {reason!r}: is the token "
            "that of an admin (--admins)?"
        )
    return content
