"""The labs of `course.yaml`: when they are given out and due, and who has longer.

`read_labs` and `read_extensions` take the file's parts and leave faults in them.
"""

import datetime
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from autograder.course.lateness import GraceDays, LateRules, Tier
from autograder.course.moments import Span, parse_moment, parse_span
from autograder.course.yaml_file import Node

Extensions = dict[str, dict[str, datetime.datetime]]
"""Student -> lab -> the student's own deadline."""


@dataclass(frozen=True)
class LabSettings:
    """When one lab is due and what lateness costs.

    Parameters
    ----------
    release : datetime or None
        Before it the lab is not given out; None if any time will do.
    """

    deadline: datetime.datetime
    rules: LateRules
    release: datetime.datetime | None = None


def read_labs(top: Node, zone: zoneinfo.ZoneInfo | None) -> dict[str, LabSettings]:
    """Read `labs:` and the rules for all of them from the whole file `top`."""
    top.get("labs").only(None)
    grace = _grace(top.get("grace_days"))
    tiers = _tiers(top.get("penalties"), ())
    percent_of = top.get("percent_of").one_of(("earned", "maximum"), "earned")
    moment = partial(parse_moment, default=zone)
    labs = {}
    for name, node in top.get("labs").items():
        node.only(["release", "deadline", "penalties"])
        deadline = node.get("deadline", is_needed=True).parsed(moment, None)
        release = node.get("release").parsed(moment, None)
        own = _tiers(node.get("penalties"), tiers)
        if deadline is None:
            continue
        if release is not None and release >= deadline:
            node.get("release").fault("should be a moment before the deadline")
        rules = LateRules(own, grace, is_of_maximum=percent_of == "maximum")
        labs[name] = LabSettings(deadline, rules, release)
    return labs


def read_extensions(
    top: Node, labs: Mapping[str, LabSettings], zone: zoneinfo.ZoneInfo | None
) -> Extensions:
    """Read `extensions:` of the whole file `top`, as the students' own deadlines."""
    top.get("extensions").only(None)
    names = [name for name, _ in top.get("labs").items()]
    return {
        student: _extensions(node, labs, names, zone)
        for student, node in top.get("extensions").items()
    }


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
