"""Tell ngshare who is in the course: its own tables decide who may do what."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.roster import Student
from autograder.errors import UserError
from autograder.hub.kubernetes.ngshare import Ngshare


@dataclass(frozen=True)
class Roster:
    """Who was new to ngshare, and who is there without being in the roster any more."""

    added: tuple[str, ...]
    left: tuple[str, ...]


def update_roster(
    ngshare: Ngshare,
    course_id: str,
    students: Sequence[Student],
    *,
    instructor: str = "desk",
) -> Roster:
    """Make the course where it is missing, and enter the students of the roster.

    It can be run again: what is there already stays, with its hand-ins. Whoever left
    the roster is named and stays too; a wrong file must not shut out a class.

    Raises
    ------
    UserError
        If ngshare refuses.
    """
    if course_id not in ngshare.ask("GET", "courses")["courses"]:
        names = json.dumps([instructor])
        ngshare.ask("POST", f"course/{course_id}", instructors=names)
    before = ngshare.ask("GET", f"students/{course_id}")["students"]
    there = {entry["username"] for entry in before}
    entries = [_entry(student) for student in students]
    if entries:
        asked = {"students": json.dumps(entries)}
        for one in ngshare.ask("POST", f"students/{course_id}", **asked)["status"]:
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
