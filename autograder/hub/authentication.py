"""Logging in, by the roster: who is neither in students.csv nor staff stays outside.

The roster is read at every login, so that a newcomer needs no restart of the hub.

native  people choose a password when they sign up; the hub keeps its hash
pam     the system's users and passwords
dummy   one password for everybody: for a demo on one's own machine
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator, PAMAuthenticator
from nativeauthenticator import NativeAuthenticator
from traitlets import Unicode

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
    """Passwords chosen at sign-up, which is open to those in the course alone."""

    def get_authed_users(self) -> set[str]:
        """Return who may log in after signing up, with nobody's approval."""
        return {name for name in people(Path(self.course)) if self.is_in_course(name)}

    def create_user(self, username: str, password: str, **kwargs: Any) -> Any:
        """Sign up; nobody is made who is not in the course."""
        if not self.is_in_course(self.normalize_username(username)):
            return None
        return super().create_user(username, password, **kwargs)


BY_NAME: Mapping[str, type[ByRoster]] = {
    "dummy": DummyByRoster,
    "native": NativeByRoster,
    "pam": PAMByRoster,
}
