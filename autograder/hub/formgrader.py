"""Formgrader on the staff's shared server: its buttons do what our commands do.

nbgrader's own Autograde runs the tests in the student's kernel, its own feedback shows
the hidden ones, and its own collect follows links. Those buttons get other handlers
here, which run `autograder course ...`; everything else in formgrader is nbgrader's.

The Course List opens JupyterLab with formgrader in a frame, which JupyterHub forbids;
so that address leads to formgrader itself.

A server extension: Jupyter loads extensions by name, and of two handlers for one
address the first counts, so this one's count.
"""

import asyncio
import json
import os
import sys
from typing import Any
from urllib.parse import unquote

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader.base import check_xsrf
from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher

_BUTTONS = {
    "assignment/([^/]+)/collect": "collect",
    "submission/([^/]+)/[^/]+/autograde": "grade",
    "assignment/([^/]+)/generate_feedback": "grade",
    "assignment/([^/]+)/[^/]+/generate_feedback": "grade",
    "assignment/([^/]+)/release_feedback": "feedback",
    "assignment/([^/]+)/[^/]+/release_feedback": "feedback",
    "assignment/([^/]+)/assign": "release --dry-run",
    "assignment/([^/]+)/release": "release",
}
"""The end of an address of formgrader's API -> the words after `autograder course`."""


class Button(JupyterHandler):
    """A button of formgrader's: runs a command and returns what it said."""

    def initialize(self, command: str) -> None:
        """Remember which command."""
        self._command = command

    @web.authenticated
    @check_xsrf  # type: ignore[untyped-decorator]
    async def post(self, lab: str) -> None:
        """Run it for one lab; two at a time would wait for each other's gradebook."""
        lock = self.settings.setdefault("autograder_lock", asyncio.Lock())
        async with lock:
            status, said = await _run(self._command.split(), unquote(lab))
        self.finish(json.dumps({"success": status == 0, "log": said, "error": said}))


class FormgraderInATab(JupyterHandler):
    """What the Course List opens."""

    @web.authenticated
    def get(self) -> None:
        """Lead to formgrader."""
        self.redirect(url_path_join(self.base_url, "formgrader"))


class _AsksForFormgrader(Matcher):
    """JupyterLab's address, with `?formgrader=true` behind it."""

    def __init__(self, path: str) -> None:
        self._path = path

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return what the handler gets, or None if it is not for this one."""
        is_asked = "formgrader" in request.query_arguments
        return {} if request.path == self._path and is_asked else None


async def _run(words: list[str], lab: str) -> tuple[int, str]:
    """Run `autograder course <words> <lab>` on this server's course."""
    command = [sys.executable, "-P", "-m", "autograder", "course", *words]
    command += ["--course", os.environ["AUTOGRADER_COURSE"]]
    command += ["--root", os.environ["AUTOGRADER_ROOT"]]
    process = await asyncio.create_subprocess_exec(
        *(*command, "--", lab),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handlers."""
    base = server_app.web_app.settings["base_url"]
    handlers: list[Any] = [
        (url_path_join(base, "formgrader/api", ending), Button, {"command": words})
        for ending, words in _BUTTONS.items()
    ]
    lab = _AsksForFormgrader(url_path_join(base, "lab"))
    server_app.web_app.add_handlers(".*$", [*handlers, (lab, FormgraderInATab)])
