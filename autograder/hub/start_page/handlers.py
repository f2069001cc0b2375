"""`/course` of a student's server: the page, and its three buttons."""

import getpass
import os
import secrets
from functools import cached_property
from typing import Any, cast

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from autograder.hub.start_page import page
from autograder.hub.start_page.labs import read_course
from autograder.hub.start_page.listing import Action, Listing

_URL = "course"


class CourseHandler(JupyterHandler):
    """Show the labs; do what a button says and show them again."""

    def initialize(self, listing: Listing) -> None:
        """Take what `routes` gives."""
        self.listing = listing

    @cached_property
    def nonce(self) -> str:
        """What marks this answer's own script and style; tornado asks for it early."""
        return secrets.token_urlsafe(16)

    @property
    def content_security_policy(self) -> str:
        """Allow this page its own script and style, and nothing from anywhere else."""
        own = f"'nonce-{self.nonce}'"
        return (
            f"default-src 'none'; script-src {own}; style-src {own}; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
        )

    @web.authenticated
    def get(self) -> None:
        """Show the page."""
        self._show()

    @web.authenticated
    def post(self) -> None:
        """Fetch a lab, hand it in, or fetch its feedback."""
        action = self.get_body_argument("action", "")
        name = self.get_body_argument("lab", "")
        labs = {lab.name: lab for lab in self._course().labs if lab.is_released}
        if action not in page.DONE or name not in labs:
            raise web.HTTPError(400, "expected a button of the page /course")
        lab = labs[name]
        worked = self.listing.act(cast(Action, action), lab.course_id, name)
        if action == "submit":
            # nbgrader's own answer is not enough: ngshare's client reports a refusal
            # in the log alone.
            after = next(one for one in self._course().labs if one.name == name)
            worked = worked and after.num_submissions > lab.num_submissions
        sentences = page.DONE if worked else page.FAILED
        self._show(sentences[action].format(lab=lab.title))

    def _course(self) -> Any:
        student = os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
        return read_course(self.listing, student)

    def _show(self, notice: str = "") -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(
            page.render(
                self._course(),
                base_url=self.base_url,
                xsrf=self.xsrf_token.decode(),
                nonce=self.nonce,
                notice=notice,
            )
        )


def routes(server: Any) -> list[tuple[str, type[CourseHandler], dict[str, Any]]]:
    """Return what a Jupyter server has to add to its handlers."""
    url = url_path_join(server.web_app.settings["base_url"], _URL)
    return [(f"{url}/?", CourseHandler, {"listing": Listing(server)})]
