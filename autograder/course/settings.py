"""`course.yaml`: when labs are due, what lateness costs, who has longer.

    id: fl101                           what concerns a hub: see `classroom`
    time_zone: Europe/London            of moments that name none
    penalties:                          of labs that have none of their own
      - {after: 0h, percent: 5}
      - {after: 24h, percent: 20}
      - {after: 7d, percent: 100}
    percent_of: earned                  or maximum
    grace_days: {total: 5, per_lab: 2}
    labs:
      lab01_first_round:
        release: 2026-11-06 09:00       it is not given out before
        deadline: 2026-11-20 17:00 Europe/London
        penalties: [{after: 0h, percent: 10}]
    extensions:
      ada: {lab01_first_round: +48h}
      bob: {lab01_first_round: 2026-11-25 12:00}

Every scalar is read as text: YAML's own guesses would turn an id 007 into 7 and a time
17:00 into 1020. Whatever is wrong is listed, one sentence a fault, with its place.
"""

import datetime
import difflib
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from autograder.course.classroom import (
    GradeOnSubmit,
    HubSettings,
    Staff,
    parse_course_id,
    read_grade_on_submit,
    read_hub,
    read_staff,
)
from autograder.course.deadlines import LabSettings, read_extensions, read_labs
from autograder.course.moments import parse_zone
from autograder.course.yaml_file import Node, read_yaml
from autograder.errors import UserError

FILE = "course.yaml"


@dataclass(frozen=True)
class CourseSettings:
    """What `course.yaml` says.

    Parameters
    ----------
    labs : mapping of str to LabSettings
        By the lab's name.
    extensions : mapping of str to mapping of str to datetime
        Student -> lab -> the student's own deadline.
    time_zone : ZoneInfo or None
        The course's.
    id, title : str
        The course's name in the exchange, and in sentences; "" if not said.
    exchange : Path or None
        Where nbgrader's exchange stands; None if not said.
    """

    labs: Mapping[str, LabSettings] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, datetime.datetime]] = field(
        default_factory=dict
    )
    time_zone: zoneinfo.ZoneInfo | None = None
    id: str = ""
    title: str = ""
    staff: Staff = field(default_factory=Staff)
    hub: HubSettings = field(default_factory=HubSettings)
    grade_on_submit: GradeOnSubmit = field(default_factory=GradeOnSubmit)
    exchange: Path | None = None

    def deadline_of(self, lab: str, student: str) -> datetime.datetime:
        """Return when `lab` is due for this student."""
        own = self.extensions.get(student, {}).get(lab)
        return own or self.labs[lab].deadline


def read_settings(root: Path) -> CourseSettings | None:
    """Read `course.yaml` in the course folder `root`; None if there is none.

    Raises
    ------
    UserError
        If something in it is wrong: one sentence a fault, a line each.
    """
    path = root / FILE
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _mtime_ns: int, _size: int) -> CourseSettings:
    """Read the file once as long as it does not change."""
    faults: list[str] = []
    settings = _settings(read_yaml(path, faults))
    if faults:
        raise UserError("\n".join(faults))
    return settings


def doubts(
    settings: CourseSettings, labs: Sequence[str], students: Sequence[str]
) -> list[str]:
    """Return what looks like a slip, a sentence each: a name that nobody has.

    Parameters
    ----------
    labs, students : sequence of str
        The labs that there are, and who has handed in. A student without a hand-in is
        no slip, unless another one has nearly the same name.
    """
    found = []
    for name in settings.labs:
        if name not in labs:
            close = difflib.get_close_matches(name, labs, n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            found.append(f"{FILE}: labs.{name}: there is no such lab{hint}")
    for name in settings.extensions:
        close = difflib.get_close_matches(name, students, n=1)
        if name not in students and close:
            found.append(
                f"{FILE}: extensions.{name}: nobody of that name handed in: did you "
                f"mean {close[0]!r}?"
            )
    return found


def _settings(top: Node) -> CourseSettings:
    known = "id title time_zone staff hub exchange grade_on_submit "
    known += "penalties percent_of grace_days labs extensions"
    top.only(known.split())
    zone = top.get("time_zone").parsed(parse_zone, None)
    labs = read_labs(top, zone)
    return CourseSettings(
        labs,
        read_extensions(top, labs, zone),
        zone,
        id=top.get("id").parsed(parse_course_id, "") or "",
        title=top.get("title").parsed(str, "") or "",
        staff=read_staff(top.get("staff")),
        hub=read_hub(top.get("hub")),
        grade_on_submit=read_grade_on_submit(top.get("grade_on_submit"), list(labs)),
        exchange=top.get("exchange").parsed(_folder, None),
    )


def _folder(text: str) -> Path:
    if not Path(text).is_absolute():
        raise ValueError("expected a path from the root such as /srv/exchange")
    return Path(text)
