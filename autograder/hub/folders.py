"""Where a hub keeps its things: in the folder `hub` of the course folder.

<course>/course.yaml, students.csv       who and what; read, never written
<course>/hub/jupyterhub.sqlite           accounts, sessions, running servers
<course>/hub/cookie_secret
<course>/hub/users.json                  user -> number of the system's user
<course>/hub/exchange/<course id>/       outbound, inbound, feedback
<course>/hub/homes/<user>/
<course>/hub/logs/<user>.log
<course>/hub/jupyter/<role>/             what is switched on in a role's JupyterLab
<course>/hub/etc/                        passwd and group, as servers see them
"""

import os
from dataclasses import dataclass
from pathlib import Path

from autograder.course.settings import read_settings

# What nbgrader's own release makes; the sticky bit keeps one from removing another's.
_EXCHANGE_MODES = {"outbound": 0o755, "inbound": 0o3733, "feedback": 0o711}


@dataclass(frozen=True)
class HubFolders:
    """The folders of the hub of the course folder `course`."""

    course: Path

    @property
    def hub(self) -> Path:
        """The hub's own folder."""
        return self.course / "hub"

    @property
    def database(self) -> Path:
        """JupyterHub's database."""
        return self.hub / "jupyterhub.sqlite"

    @property
    def users(self) -> Path:
        """Who is which user of the system."""
        return self.hub / "users.json"

    @property
    def exchange(self) -> Path:
        """Nbgrader's exchange: `exchange:` of course.yaml, or hub/exchange."""
        settings = read_settings(self.course)
        return (settings and settings.exchange) or self.hub / "exchange"

    @property
    def jupyter(self) -> Path:
        """Settings of JupyterLab, a folder a role."""
        return self.hub / "jupyter"

    @property
    def etc(self) -> Path:
        """The lists of users that servers see."""
        return self.hub / "etc"

    def log(self, user: str) -> Path:
        """Return the file for what the server of `user` says."""
        return self.hub / "logs" / f"{user}.log"

    def home(self, user: str) -> Path:
        """Return the home folder of `user`, as the machine sees it."""
        return self.hub / "homes" / user

    def make(self, course_id: str, owner: tuple[int, int]) -> None:
        """Make the folders that are missing.

        Parameters
        ----------
        owner : tuple of int
            uid and gid of the staff's shared server, to which the exchange belongs.
        """
        self.hub.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.hub / "homes", self.hub / "logs", self.jupyter, self.etc):
            folder.mkdir(mode=0o711, exist_ok=True)
        _make(self.exchange, 0o777, owner)
        _make(self.exchange / course_id, 0o755, owner)
        for name, mode in _EXCHANGE_MODES.items():
            _make(self.exchange / course_id / name, mode, owner)

    def make_home(self, user: str, owner: tuple[int, int]) -> Path:
        """Make the home folder of `user`, for no one else's eyes."""
        home = self.home(user)
        _make(home, 0o700, owner)
        return home


def _make(folder: Path, mode: int, owner: tuple[int, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        os.chown(folder, *owner, follow_symlinks=False)
    folder.chmod(mode)
