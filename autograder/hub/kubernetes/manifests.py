"""What Kubernetes is told, made from a course folder.

    values.yaml        for the chart Zero to JupyterHub: login, servers, limits
    ngshare.yaml       the exchange
    desk.yaml          the staff's server with the course folder
    grade-<lab>.yaml   one lab graded as a job on Ray

Whatever comes from the course enters a template as JSON, which YAML reads as it is
meant: a title may hold colons, quotes and line breaks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from autograder.course import roster
from autograder.course.settings import CourseSettings, read_settings
from autograder.errors import UserError

RAY_VERSION = "2.55.1"
"""That of the staff's image."""

# Of one student's server with one lab open; README.md says from which measurement.
_MEMORY_GUARANTEE = "800M"
_MEMORY_LIMIT = 2 * 2**30
_CPU_GUARANTEE = 0.1
_CPU_LIMIT = 2


@dataclass(frozen=True)
class Images:
    """Where the images were pushed to.

    Parameters
    ----------
    registry : str
        Such as registry.example.org/fl101; `/student`, `/staff`, `/exchange` follow.
    """

    registry: str
    tag: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?", self.registry):
            raise UserError(
                "expected a registry such as registry.example.org/fl101, got "
                f"{self.registry!r}"
            )
        if not re.fullmatch(r"\w[\w.-]{0,127}", self.tag, re.ASCII):
            raise UserError(f"expected a tag such as 2026.1, got {self.tag!r}")


def manifests(course: Path, images: Images, *, workers: int = 4) -> dict[str, str]:
    """Return each file's text by its name.

    Parameters
    ----------
    course : Path
        The course folder: its course.yaml and students.csv are read.
    workers : int
        How many pods of four cores mark submissions.

    Raises
    ------
    UserError
        If the folder has no course.yaml, or no id in it.
    """
    settings = read_settings(course)
    if settings is None or not settings.id:
        raise UserError(
            f"expected {course / 'course.yaml'} with an id such as `id: fl101`, found "
            "none: `autograder course init` makes one"
        )
    students = _students(course)
    values = _values(settings, students) | {
        "registry": images.registry,
        "tag": images.tag,
        "workers": workers,
    }
    templates = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # YAML is no HTML; values pass through `tojson`
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    made = {
        name: templates.get_template(name).render(values)
        for name in ("values.yaml", "ngshare.yaml", "desk.yaml")
    }
    grade = templates.get_template("grade.yaml")
    for lab in settings.labs:
        made[f"grade-{lab}.yaml"] = grade.render(values, lab=lab)
    return made


def _template(name: str) -> str:
    return (files(__package__) / f"{name}.j2").read_text(encoding="utf-8")


def _students(course: Path) -> list[str]:
    path = course / roster.FILE
    # As the hub spells names.
    return [s.id.lower() for s in roster.read_roster(path)] if path.exists() else []


def _values(settings: CourseSettings, students: list[str]) -> dict[str, Any]:
    memory = settings.hub.memory_bytes or _MEMORY_LIMIT
    return {
        "course_id": settings.id,
        "students": students,
        "instructors": [name.lower() for name in settings.staff.instructors],
        "staff": [name.lower() for name in settings.staff.everyone],
        "deadlines": _deadlines(settings),
        "memory_guarantee": _MEMORY_GUARANTEE,
        "memory_limit": f"{memory // 2**20}M",
        "cpu_guarantee": _CPU_GUARANTEE,
        "cpu_limit": settings.hub.cpus or _CPU_LIMIT,
        "idle_s": settings.hub.idle_s,
        "placeholders": max(1, len(students) // 10),
        "exchange_storage": "10Gi",
        "course_storage": "20Gi",
        "ray_version": RAY_VERSION,
    }


def _deadlines(settings: CourseSettings) -> Mapping[str, Any]:
    """Return what a start page shows, by student; "" is everybody without extensions.

    The form is that of `autograder.course.standing`, with what is known beforehand.
    """

    def labs(student: str) -> list[dict[str, Any]]:
        due = {name: settings.deadline_of(name, student) for name in settings.labs}
        return [
            {
                "lab": name,
                "deadline": settings.labs[name].deadline.isoformat(),
                "own_deadline": due[name].isoformat(),
            }
            for name in sorted(due, key=lambda name: settings.labs[name].deadline)
        ]

    common = {"course": settings.id, "title": settings.title or settings.id}
    return {
        student.lower(): {**common, "labs": labs(student)}
        for student in ("", *settings.extensions)
    }
