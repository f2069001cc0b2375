"""What `course.yaml` says of a course on a hub: its name, its staff, its services.

id: fl101                           in the exchange, in addresses, in formgrader
title: Federated Learning 2026
staff:
  instructors: [grace]
  assistants: [alan, kay]
exchange: /srv/exchange             hub/exchange of the course folder if not said
hub: {authenticator: native, memory: 2G, cpus: 1, idle: 1h}
grade_on_submit: {labs: [lab01_first_round], per_hour: 3}

All of it may be missing: a course that takes hand-ins from Moodle needs none.
"""

import re
from dataclasses import dataclass

from autograder.course.moments import Span, parse_span
from autograder.course.names import is_folder_name
from autograder.course.yaml_file import Node

AUTHENTICATORS = ("native", "pam", "dummy")
_BYTES = {"M": 2**20, "G": 2**30}


@dataclass(frozen=True)
class Staff:
    """Who teaches: ids, as they log in.

    Parameters
    ----------
    instructors : tuple of str
        May do everything.
    assistants : tuple of str
        May grade.
    """

    instructors: tuple[str, ...] = ()
    assistants: tuple[str, ...] = ()

    @property
    def everyone(self) -> tuple[str, ...]:
        """Return instructors and assistants, each once."""
        return tuple(dict.fromkeys((*self.instructors, *self.assistants)))


@dataclass(frozen=True)
class HubSettings:
    """How people log in, and what one server may use.

    Parameters
    ----------
    authenticator : str
        One of `AUTHENTICATORS`. "dummy" lets anybody in as anybody.
    memory_bytes : int or None
        Of one server with its kernels; None is no limit.
    cpus : float or None
        How many processors' time one server may take; None is no limit.
    idle_s : int, seconds
        After how long without a click a server is stopped; 0 is never.
    """

    authenticator: str = "native"
    memory_bytes: int | None = None
    cpus: float | None = None
    idle_s: int = 3600


@dataclass(frozen=True)
class GradeOnSubmit:
    """Which labs are graded as they come in, and how often for one student.

    Parameters
    ----------
    labs : tuple of str
        Empty where nothing is.
    per_hour : int
        Reports for one student and lab.
    """

    labs: tuple[str, ...] = ()
    per_hour: int = 3


def read_staff(node: Node) -> Staff:
    """Read `staff:`; whoever stands in both lists is a fault."""
    node.only(["instructors", "assistants"])
    instructors = _ids(node.get("instructors"))
    assistants = _ids(node.get("assistants"))
    for person in set(instructors) & set(assistants):
        node.fault(f"has {person!r} as instructor and as assistant: keep one")
    return Staff(instructors, assistants)


def read_hub(node: Node) -> HubSettings:
    """Read `hub:`."""
    node.only(["authenticator", "memory", "cpus", "idle"])
    cpus = node.get("cpus")
    idle = node.get("idle").parsed(parse_span, Span(0, 3600)) or Span(0, 3600)
    return HubSettings(
        node.get("authenticator").one_of(AUTHENTICATORS, "native"),
        node.get("memory").parsed(_bytes, None),
        None if cpus.is_missing else cpus.number(0.1, 1000),
        idle.days * 86_400 + idle.seconds,
    )


def read_grade_on_submit(node: Node, labs: list[str]) -> GradeOnSubmit:
    """Read `grade_on_submit:`; all labs where it names none."""
    if node.is_missing:
        return GradeOnSubmit()
    node.only(["labs", "per_hour"])
    chosen = node.get("labs")
    names = tuple(labs)
    if not chosen.is_missing:
        names = tuple(part.one_of(labs, "") for part in chosen.parts())
    per_hour = node.get("per_hour")
    often = 3 if per_hour.is_missing else int(per_hour.number(1, 1000))
    return GradeOnSubmit(tuple(filter(None, names)), often)


def parse_course_id(text: str) -> str:
    """Read a course's id; a ValueError says what was expected."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", text):
        raise ValueError("expected an id of letters, digits, _ and - such as fl101")
    return text


def _ids(node: Node) -> tuple[str, ...]:
    if node.is_missing:
        return ()
    found = [part.parsed(_person, None) for part in node.parts()]
    return tuple(dict.fromkeys(filter(None, found)))


def _person(text: str) -> str:
    if not is_folder_name(text):
        raise ValueError("expected an id of letters, digits, @ . _ and -")
    return text


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d{1,6})\s*([MG])B?", text.strip())
    if match is None or not int(match[1]):
        raise ValueError("expected an amount of memory such as 2G or 800M")
    return int(match[1]) * _BYTES[match[2]]
