"""Logging in, by the roster: who is neither in students.csv nor staff stays outside.

The roster is read at every login, so that a newcomer needs no restart of the hub.

native  a first password that the staff give out, then one's own; the hub keeps hashes
pam     the system's users and passwords
dummy   one password for everybody: for a demo on one's own machine
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
from jupyterhub.auth import Authenticator, PAMAuthenticator
from jupyterhub.handlers import LoginHandler
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.orm import UserInfo
from traitlets import Unicode

from autograder.hub.first_passwords import first_password
from autograder.hub.folders import HubFolders
from autograder.hub.people import people


class ByRoster(Authenticator):
    """Lets in who is in the course."""

    course = Unicode(help="The course folder.").tag(config=True)

    def is_in_course(self, username: str) -> bool:
        """Return whether this is a student or one of the staff."""
        person = people(Path(self.course)).get(username)
        return person is not None and person.role != "grader"

    def normalize_username(self, username: str) -> str:
        """Return the id as the roster spells it: capitals do not matter at login."""
        name = str(super().normalize_username(username))
        spelled = {known.lower(): known for known in people(Path(self.course))}
        return spelled.get(name.lower(), name)

    def check_allowed(self, username: str, authentication: Any = None) -> bool:
        """Return whether `username` may come in."""
        return self.is_in_course(username)


class DummyByRoster(ByRoster):
    """One password for everybody in the course."""

    password = Unicode(help="Everybody's password.").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """Return who logs in, None if the password is wrong."""
        right = self.password.encode()
        is_right = secrets.compare_digest(data["password"].encode(), right)
        return data["username"] if self.password and is_right else None


class PAMByRoster(ByRoster, PAMAuthenticator):
    """The system's passwords, for those of its users who are in the course."""


class NativeByRoster(ByRoster, NativeAuthenticator):
    """Passwords that people choose; the first is given to them, nobody signs up."""

    def get_handlers(self, app: Any) -> list[Any]:
        """Return JupyterHub's own login page, and the package's for passwords.

        Its login page asks JupyterHub 6 for something that is no longer there.
        """
        others = super().get_handlers(app)
        gone = ("/login", "/signup")
        return [("/login", LoginHandler), *(h for h in others if h[0] not in gone)]

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """Return who logs in, None if the password is wrong."""
        name = self.normalize_username(data["username"])
        if self.is_in_course(name) and not self.user_exists(name):
            first = first_password(HubFolders(Path(self.course)).hub, name).encode()
            if secrets.compare_digest(data["password"].strip().encode(), first):
                self._remember(name, first)
                return name
        found = await super().authenticate(handler, data)
        return None if found is None else str(found)

    def _remember(self, name: str, password: bytes) -> None:
        hashed = bcrypt.hashpw(password, bcrypt.gensalt())
        self.db.add(UserInfo(username=name, password=hashed, is_authorized=True))
        self.db.commit()


BY_NAME: Mapping[str, type[ByRoster]] = {
    "dummy": DummyByRoster,
    "native": NativeByRoster,
    "pam": PAMByRoster,
}
