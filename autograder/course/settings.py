"""`course.yaml`: when labs are due, what lateness costs, who has longer.

    time_zone: Europe/London            of moments that name none
    penalties:                          of labs that have none of their own
      - {after: 0h, percent: 5}
      - {after: 24h, percent: 20}
      - {after: 7d, percent: 100}
    percent_of: earned                  or maximum
    grace_days: {total: 5, per_lab: 2}
    labs:
      lab01_first_round:
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
from functools import lru_cache, partial
from pathlib import Path

from autograder.course.lateness import GraceDays, LateRules, Tier
from autograder.course.moments import Span, parse_moment, parse_span, parse_zone
from autograder.course.yaml_file import Node, read_yaml
from autograder.errors import UserError

FILE = "course.yaml"


@dataclass(frozen=True)
class LabSettings:
    """When one lab is due and what lateness costs."""

    deadline: datetime.datetime
    rules: LateRules


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
    """

    labs: Mapping[str, LabSettings] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, datetime.datetime]] = field(
        default_factory=dict
    )
    time_zone: zoneinfo.ZoneInfo | None = None

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
    known = "time_zone penalties percent_of grace_days labs extensions"
    top.only(known.split())
    zone = top.get("time_zone").parsed(parse_zone, None)
    grace = _grace(top.get("grace_days"))
    tiers = _tiers(top.get("penalties"), ())
    percent_of = top.get("percent_of").one_of(("earned", "maximum"), "earned")
    top.get("labs").only(None)
    top.get("extensions").only(None)
    labs = {}
    for name, node in top.get("labs").items():
        node.only(["deadline", "penalties"])
        due = node.get("deadline", is_needed=True)
        deadline = due.parsed(partial(parse_moment, default=zone), None)
        own = _tiers(node.get("penalties"), tiers)
        if deadline is not None:
            rules = LateRules(own, grace, is_of_maximum=percent_of == "maximum")
            labs[name] = LabSettings(deadline, rules)
    names = [name for name, _ in top.get("labs").items()]
    extensions = {
        student: _extensions(node, labs, names, zone)
        for student, node in top.get("extensions").items()
    }
    return CourseSettings(labs, extensions, zone)


def _grace(node: Node) -> GraceDays:
    if node.is_missing:
        return GraceDays()
    node.only(["total", "per_lab"])
    total = node.get("total", is_needed=True).whole(1000)
    per_lab = node.get("per_lab")
    return GraceDays(total, total if per_lab.is_missing else per_lab.whole(1000))


def _tiers(node: Node, default: tuple[Tier, ...]) -> tuple[Tier, ...]:
    if node.is_missing:
        return default
    tiers = []
    for part in node.parts():
        part.only(["after", "percent"])
        after = part.get("after", is_needed=True).parsed(parse_span, Span())
        percent = part.get("percent", is_needed=True).number(0, 100)
        tiers.append(Tier(after or Span(), percent))
    return tuple(tiers)


def _extensions(
    node: Node,
    labs: Mapping[str, LabSettings],
    names: list[str],
    zone: zoneinfo.ZoneInfo | None,
) -> dict[str, datetime.datetime]:
    node.only(names)
    own = {}
    for name, value in node.items():
        lab = labs.get(name)
        if lab is None:
            continue
        deadline = value.parsed(partial(_extended, lab, zone), None)
        if deadline is not None:
            own[name] = deadline
    return own


def _extended(
    lab: LabSettings, zone: zoneinfo.ZoneInfo | None, text: str
) -> datetime.datetime:
    """Return a student's own deadline: a span after the lab's, or a moment."""
    try:
        return parse_span(text).after(lab.deadline)
    except ValueError:
        pass
    try:
        moment = parse_moment(text, zone)
    except ValueError as fault:
        raise ValueError(f"{fault}, or a span such as +48h") from None
    if moment < lab.deadline:
        raise ValueError(
            f"expected a moment after the lab's deadline {lab.deadline:%Y-%m-%d %H:%M}"
        )
    return moment
