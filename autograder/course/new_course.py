"""A new course folder: the two files that people write, with comments."""

from pathlib import Path

from autograder.course import roster, settings
from autograder.errors import UserError

COURSE_YAML = """\
# The course's name in the exchange and in addresses, and in sentences.
id: {id}
title: {title}

# Of moments that name no time zone.
time_zone: {zone}

# Who teaches, by the names under which they log in.
staff:
  instructors: []
  assistants: []

# How people log in (native: with a password of their own; pam: the system's), and what
# one server may use.
hub:
  authenticator: native
  # memory: 2G
  # cpus: 1
  # idle: 1h

# A lab is not given out before its release, which may be left out.
labs: {{}}
#  lab01_first_round:
#    release: 2026-11-06 09:00
#    deadline: 2026-11-20 17:00

# Who has longer: by a span, or until a moment.
extensions: {{}}
#  ada: {{lab01_first_round: +48h}}

# What lateness costs, once a hand-in is later than that.
penalties: []
#  - {{after: 0h, percent: 5}}
#  - {{after: 7d, percent: 100}}

# Report on each hand-in within a minute or so, this often for a student and lab.
# grade_on_submit: {{per_hour: 3}}
"""
STUDENTS_CSV = "id,name,email,track,group\n"


def init_course(
    root: Path, course_id: str, title: str = "", zone: str = "UTC", *, dry_run: bool
) -> list[Path]:
    """Make the files that are missing; return which. What is there stays as it is.

    Raises
    ------
    UserError
        If something that is no folder stands there.
    """
    if root.exists() and not root.is_dir():
        raise UserError(f"expected a folder {root}, got a file")
    content = COURSE_YAML.format(id=course_id, title=_quoted(title), zone=zone)
    files = {settings.FILE: content, roster.FILE: STUDENTS_CSV}
    missing = [root / name for name in files if not (root / name).exists()]
    if missing and not dry_run:
        root.mkdir(parents=True, exist_ok=True)
        for path in missing:
            path.write_text(files[path.name], encoding="utf-8")
    return missing


def _quoted(text: str) -> str:
    """Return any text as a YAML scalar on one line."""
    return "'" + " ".join(text.split()).replace("'", "''") + "'"
