"""A course to try the hub with: an instructor, an assistant, four students, lab 1.

Made once; what is there already is left as it is.
"""

import datetime
from pathlib import Path

from autograder.authoring.catalog import find_lab
from autograder.course.place import place_of
from autograder.exchange.release import release_lab

COURSE_ID = "fl101"
PASSWORD = "fedavg"
INSTRUCTOR, ASSISTANT = "grace", "alan"
STUDENTS = {
    "ada": "Ada Lovelace",
    "bob": "Bob Kahn",
    "chandra": "Chandra Bose",
    "eve": "Ève Zoë",
}
LAB = "lab01_first_round"

_COURSE = """\
id: {id}
title: Federated learning (demo)
time_zone: Europe/London
staff:
  instructors: [{instructor}]
  assistants: [{assistant}]
hub: {{authenticator: dummy}}        # native or pam for a real course
penalties:
  - {{after: 0h, percent: 5}}
  - {{after: 24h, percent: 20}}
labs:
  {lab}: {{deadline: {deadline:%Y-%m-%d} 17:00}}
"""


def make_demo_course(course: Path) -> None:
    """Write course.yaml and students.csv where they are missing."""
    course.mkdir(parents=True, exist_ok=True)
    deadline = datetime.date.today() + datetime.timedelta(days=14)
    _write(
        course / "course.yaml",
        _COURSE.format(
            id=COURSE_ID,
            instructor=INSTRUCTOR,
            assistant=ASSISTANT,
            lab=LAB,
            deadline=deadline,
        ),
    )
    rows = [f"{id_},{name},{id_}@example.org" for id_, name in STUDENTS.items()]
    _write(course / "students.csv", "\n".join(["id,name,email", *rows]) + "\n")


def _write(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8")


def release(course: Path, root: Path) -> None:
    """Give out lab 1, if it is not given out yet."""
    place = place_of(course)
    if not (place.outbound / LAB).exists():
        release_lab(place, find_lab(root, LAB))
