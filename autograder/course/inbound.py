"""What lies in the exchange's inbound folder: hand-ins, told from what is none.

    inbound/<student>+<lab>+<timestamp>+<random>/
        <lab>.ipynb              and data files beside it
        timestamp.txt            written when all of that is copied
        submission_secret.txt    written last

Any user of the hub can make a folder there, with any name and any content. So a name is
read strictly, an owner who is not the student is told, and a folder whose secret is
missing was cut off in the middle of a hand-in.
"""

import datetime
import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.course.names import is_folder_name
from autograder.course.place import Place, uid_of
from autograder.errors import UserError

SECRET = "submission_secret.txt"
_NAME = re.compile(
    r"(?P<student>[^+/]+)\+(?P<lab>[^+/]+)"
    r"\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC)(\+[\w-]*)?"
)
_SETTLED = datetime.timedelta(minutes=2)


@dataclass(frozen=True)
class HandedIn:
    """One hand-in of one student.

    Parameters
    ----------
    path : Path
        Its folder in the exchange.
    at : datetime
        When, by its name; with a time zone.
    secret : str
        What only its student and the course know; it names the feedback.
    problem : str
        Why it is not taken, "" if it is.
    is_young : bool
        True for one without a secret that may still be written.
    """

    path: Path
    student: str
    lab: str
    at: datetime.datetime
    secret: str
    problem: str = ""
    is_young: bool = False


def handed_in(
    place: Place, lab: str = "", is_known: Callable[[str], bool] | None = None
) -> list[HandedIn]:
    """Return the hand-ins of a lab (or of all), oldest first, also those not taken.

    Parameters
    ----------
    is_known : callable or None
        Told a folder's name; those that it knows are passed over without a look.

    Raises
    ------
    UserError
        If this user may not look into the exchange.
    """
    try:
        names = sorted(os.listdir(place.inbound))
    except FileNotFoundError:
        return []
    except PermissionError:
        raise UserError(
            f"expected to be allowed to read {place.inbound}, which belongs to another "
            "user: run this as the user of the hub"
        ) from None
    if is_known is not None:
        names = [name for name in names if not is_known(name)]
    found = [_read(place, name) for name in names if not lab or f"+{lab}+" in name]
    chosen = [one for one in found if one is not None and lab in ("", one.lab)]
    return sorted(chosen, key=lambda one: (one.at, one.path.name))


def feedback_name(secret: str, lab: str) -> str:
    """Return under which name nbgrader looks for the feedback of a hand-in."""
    return f"{hashlib.md5((secret + lab).encode()).hexdigest()}.html"


def _read(place: Place, name: str) -> HandedIn | None:
    """Return what a folder's name says; None for names that are no hand-in's."""
    match = _NAME.fullmatch(name)
    if match is None or not is_folder_name(match["student"]):
        return None
    try:
        at = datetime.datetime.strptime(match["time"], "%Y-%m-%d %H:%M:%S.%f %Z")
    except ValueError:
        return None
    path, student = place.inbound / name, match["student"]
    secret, problem, is_young = "", "", False
    try:
        status = path.lstat()
        secret = _secret(path)
        problem = _owner_problem(place, student, status)
        if not problem and not secret:
            age = datetime.datetime.now().timestamp() - status.st_mtime
            is_young = age < _SETTLED.total_seconds()
            problem = "was cut off while it was handed in: ask for it again"
    except OSError:
        problem = "cannot be read"
    at = at.replace(tzinfo=datetime.UTC)
    return HandedIn(path, student, match["lab"], at, secret, problem, is_young)


def _owner_problem(place: Place, student: str, status: os.stat_result) -> str:
    """Say why the folder is not the student's; "" if it is, or nobody can know."""
    if not stat.S_ISDIR(status.st_mode):
        return "is not a folder"
    uid = uid_of(place, student)
    # What the hub's own user put there, somebody of the staff put there.
    if uid is None or status.st_uid in (uid, os.geteuid()):
        return ""
    return f"says it is {student}'s, but user {status.st_uid} made it"


def _secret(path: Path) -> str:
    """Return the hand-in's secret, "" if it has none; a link is not followed."""
    try:
        file = os.open(path / SECRET, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return ""
        return opened.read(1000).decode("ascii", "replace").strip()
