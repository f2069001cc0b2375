"""Ask ngshare, a cluster's exchange, as its admin.

ngshare knows people by the token of their server. Ours is the staff's server, the
service `desk`: an admin, who alone can make a course, and the course's instructor.
"""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from autograder.errors import UserError

_TIMEOUT_S = 60
ADDRESS = "http://ngshare:8080/services/ngshare"
"""Inside a cluster, without the way through the hub's proxy."""


class RefusedError(UserError):
    """ngshare's answer was no."""


class Ngshare:
    """One connection; use `connected`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, method: str, path: str, **data: str) -> dict[str, Any]:
        """Return the answer to one request.

        Raises
        ------
        RefusedError
            If ngshare says no.
        """
        answer = self._client.request(method, path, data=data or None)
        try:
            content: dict[str, Any] = answer.json()
        except ValueError:
            content = {}
        if not content.get("success"):
            reason = content.get("message", f"status {answer.status_code}")
            raise RefusedError(
                f"expected ngshare to accept {method} {path}, got {reason!r}: is the "
                "token that of an admin (--admins)?"
            )
        return content

    def give(self, path: str, *files: dict[str, str], **data: str) -> None:
        """Give files to ngshare, each made by `as_file`."""
        self.ask("POST", path, files=json.dumps(files), **data)


def as_file(name: str, content: bytes) -> dict[str, str]:
    """Return a file as ngshare takes it."""
    return {"path": name, "content": base64.b64encode(content).decode()}


@contextmanager
def connected(url: str, token: str) -> Iterator[Ngshare]:
    """Connect to ngshare at `url` with the token of an admin.

    Raises
    ------
    UserError
        If it cannot be reached.
    """
    headers = {"Authorization": f"token {token}"}
    try:
        with httpx.Client(
            base_url=f"{url.rstrip('/')}/", headers=headers, timeout=_TIMEOUT_S
        ) as client:
            yield Ngshare(client)
    except httpx.HTTPError as error:
        raise UserError(
            f"expected ngshare at {url}, got {type(error).__name__}: is it up, and is "
            "this run inside the cluster?"
        ) from None


def own_token() -> str:
    """Return the token of the server that this runs in.

    Raises
    ------
    UserError
        If this is no server of a hub.
    """
    token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
    if not token:
        raise UserError(
            "expected JUPYTERHUB_API_TOKEN in the environment, found none: run this in "
            "a terminal of the desk"
        )
    return token
