"""What the course says to one student: its title, deadlines, what was graded.

On one machine it is the file that `autograder.course.standing` writes into the exchange
for this student; on a cluster the hub puts the same JSON into `COURSE_STANDING`.
"""

import datetime
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VARIABLE = "COURSE_STANDING"


@dataclass(frozen=True)
class LabStanding:
    """One lab; None is what the course does not say."""

    deadline: datetime.datetime | None = None
    own_deadline: datetime.datetime | None = None
    is_graded: bool = False


@dataclass(frozen=True)
class Standing:
    """The course and its labs, by name, in the course's order."""

    title: str = ""
    labs: Mapping[str, LabStanding] = field(default_factory=dict)


def read_standing(exchange: Path, course_id: str, student: str) -> Standing:
    """Return what is known; nothing, where the course has published nothing.

    Parameters
    ----------
    exchange : Path
        nbgrader's exchange, as this server sees it.
    """
    text = os.environ.get(VARIABLE, "")
    if not text and course_id:
        file = exchange / course_id / "standing" / f"{student}.json"
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return Standing()
    try:
        content = json.loads(text)
        labs = {str(entry["lab"]): _lab(entry) for entry in content["labs"]}
        return Standing(str(content["title"]), labs)
    except (ValueError, KeyError, TypeError):
        return Standing()


def _lab(entry: Mapping[str, Any]) -> LabStanding:
    deadline = _moment(entry.get("deadline"))
    own = _moment(entry.get("own_deadline"))
    return LabStanding(deadline, own or deadline, entry.get("is_graded") is True)


def _moment(text: str | None) -> datetime.datetime | None:
    if text is None:
        return None
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
