"""Where the parts of a course on a hub stand: the exchange, homes, who has which uid.

<course>/course.yaml, students.csv        what people write
<course>/hub/exchange/<id>/outbound/      what is given out        nbgrader's
<course>/hub/exchange/<id>/inbound/       what comes in            exchange
<course>/hub/exchange/<id>/feedback/      a page per hand-in
<course>/hub/exchange/<id>/standing/      a file per student: `standing`
<course>/hub/homes/<user>/                homes, if this machine has them
<course>/hub/users.json                   user -> uid, if users have their own
"""

import json
import pwd
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.course.settings import FILE, CourseSettings, read_settings
from autograder.errors import UserError


@dataclass(frozen=True)
class Place:
    """A course's folders.

    Parameters
    ----------
    root : Path
        The course folder.
    exchange : Path
        nbgrader's exchange, of this and maybe other courses.
    """

    root: Path
    settings: CourseSettings
    exchange: Path

    @property
    def shared(self) -> Path:
        """The course's part of the exchange."""
        return self.exchange / self.settings.id

    @property
    def inbound(self) -> Path:
        """Where hand-ins arrive."""
        return self.shared / "inbound"

    @property
    def outbound(self) -> Path:
        """Where labs are given out."""
        return self.shared / "outbound"

    @property
    def feedback(self) -> Path:
        """Where pages wait to be fetched."""
        return self.shared / "feedback"

    @property
    def standing(self) -> Path:
        """Where each student's standing is published."""
        return self.shared / "standing"

    @property
    def hub(self) -> Path:
        """What the hub and its services keep."""
        return self.root / "hub"

    @property
    def homes(self) -> Path:
        """The students' home folders."""
        return self.hub / "homes"


def place_of(root: Path) -> Place:
    """Return the folders of the course in `root`.

    Raises
    ------
    UserError
        If there is no `course.yaml` with an `id`, or something in it is wrong.
    """
    root = root.resolve()
    if not root.is_dir():
        raise UserError(f"expected a course folder {root}, found none")
    settings = read_settings(root)
    if settings is None:
        raise UserError(
            f"expected a file {FILE} in {root}, found none: "
            "`autograder course init` makes one"
        )
    if not settings.id:
        raise UserError(
            f"expected an id in {root / FILE}, found none: add a line such as id: fl101"
        )
    return Place(root, settings, settings.exchange or root / "hub" / "exchange")


def uid_of(place: Place, user: str) -> int | None:
    """Return a user's uid by `hub/users.json`, else the system's; None if unknown."""
    path = place.hub / "users.json"
    try:
        known = _users(path, path.stat().st_mtime_ns)
    except OSError:
        known = {}
    return known.get(user) or _system_uid(user)


@lru_cache(maxsize=8)
def _users(path: Path, _mtime_ns: int) -> dict[str, int]:
    """Read the file once as long as it does not change."""
    try:
        users = json.loads(path.read_text(encoding="utf-8"))
        return {str(user): int(uid) for user, uid in users.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


@lru_cache(maxsize=2000)
def _system_uid(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None
