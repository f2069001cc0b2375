"""A class predicts: a page to vote on, and a histogram for the lecturer.

A small web server on this machine, or behind a hub as one of its services. It counts
answers and keeps nothing else: no names, no addresses, and a random number in a cookie
only, so that a second answer replaces the first one. Nobody sees the histogram before
the lecturer asks for it with the key that was printed when the server began.

    GET  /          the question, its answers as buttons; works without scripts
    POST /vote      choice=2
    GET  /counts    what the presenter shows, with the lecturer's key

JupyterHub starts a service with its prefix in JUPYTERHUB_SERVICE_PREFIX.
"""

import asyncio
import hmac
import json
import os
import secrets
import socket
from collections.abc import Callable
from html import escape
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler

from lecturekit.errors import UserError
from lecturekit.widgets import Plan

MOST_VOTERS = 5000  # no class is larger: beyond, somebody is playing
_COOKIE = "lecturekit-voter"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ font: 20px/1.4 Arial, sans-serif; margin: 1em auto; padding: 0 1em;
  max-width: 34em; color: #222; }}
button {{ display: block; width: 100%; font: inherit; text-align: left; margin: .5em 0;
  padding: .8em; background: #fff; border: 2px solid #767676; border-radius: .4em; }}
button:focus-visible {{ outline: 4px solid #d55e00; }}
button[aria-pressed=true] {{ border-color: #0072b2; font-weight: bold; }}
</style><h1>{title}</h1><p>{question}</p>
<form method="post" action="{prefix}vote">{buttons}</form>
<p role="status">{status}</p></html>"""


class Votes:
    """What a class has answered: a choice for each voter, who is a random number.

    Parameters
    ----------
    num_options : int
        How many answers there are.
    """

    def __init__(self, num_options: int) -> None:
        self.num_options = num_options
        self._choices: dict[str, int] = {}

    def cast(self, voter: str, choice: int) -> None:
        """Count an answer; a second one of the same voter replaces the first.

        Raises
        ------
        ValueError
            If there is no such answer, or more voters than any class has.
        """
        if not 0 <= choice < self.num_options:
            raise ValueError(f"choice must be in [0, {self.num_options}), got {choice}")
        if voter not in self._choices and len(self._choices) >= MOST_VOTERS:
            raise ValueError(f"at most {MOST_VOTERS} can vote")
        self._choices[voter] = choice

    def choice(self, voter: str) -> int | None:
        """Return what a voter has answered."""
        return self._choices.get(voter)

    def counts(self) -> list[int]:
        """Return how many chose each answer."""
        chosen = list(self._choices.values())
        return [chosen.count(option) for option in range(self.num_options)]


class _Handler(RequestHandler):
    """What both pages share."""

    def initialize(self, plan: Plan, votes: Votes, key: str, prefix: str) -> None:
        self.plan, self.votes, self.key, self.prefix = plan, votes, key, prefix

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"
        )

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish(f"{status_code}: {self._reason}\n")


class _VotePage(_Handler):
    """The question, and the buttons."""

    def get(self) -> None:
        voter = self.get_cookie(_COOKIE, "") or ""
        mine = self.votes.choice(voter)
        buttons = "".join(
            f'<button name="choice" value="{number}" '
            f'aria-pressed="{str(number == mine).lower()}">{escape(option)}</button>'
            for number, option in enumerate(self.plan.options)
        )
        status = "Choose one." if mine is None else "Counted. You may still change it."
        self.write(
            _PAGE.format(
                title=escape(self.plan.title),
                question=escape(self.plan.question),
                prefix=escape(self.prefix),
                buttons=buttons,
                status=status,
            )
        )

    def post(self) -> None:
        voter = self.get_cookie(_COOKIE, "") or secrets.token_urlsafe(16)
        text = self.get_body_argument("choice", "")
        try:
            self.votes.cast(voter[:64], int(text) if text.isdecimal() else -1)
        except ValueError as error:
            raise HTTPError(400, reason=str(error)) from None
        self.set_cookie(_COOKIE, voter, httponly=True, samesite="Lax", path=self.prefix)
        self.redirect(self.prefix, status=303)


class _Counts(_Handler):
    """The histogram, for whoever has the key."""

    def get(self) -> None:
        if not hmac.compare_digest(self.get_query_argument("key", ""), self.key):
            raise HTTPError(403, reason="expected the lecturer's key")
        self.set_header("Content-Type", "application/json")
        self.set_header("Access-Control-Allow-Origin", "*")  # an exported file asks
        self.write(json.dumps(self.votes.counts()))


def vote_app(plan: Plan, votes: Votes, *, key: str, prefix: str = "/") -> Application:
    """Return the web application; its pages stand under `prefix`."""
    shared = {"plan": plan, "votes": votes, "key": key, "prefix": prefix}
    return Application(
        [
            (prefix, _VotePage, shared),
            (f"{prefix}vote", _VotePage, shared),
            (f"{prefix}counts", _Counts, shared),
        ]
    )


def serve(plan: Plan, *, host: str, port: int, tell: Callable[[str], object]) -> None:
    """Serve the votes until interrupted; tell where to vote, and where to count.

    Raises
    ------
    UserError
        If the demo asks nothing, or the port is taken.
    """
    if not plan.options:
        raise UserError(f"expected a demo with a question, {plan.name} has none")
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise UserError(
            f"expected port {port} of {host} to be free, got {error.strerror}: "
            "choose another --port"
        ) from None
    listening.setblocking(False)
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
    key, votes = secrets.token_urlsafe(12), Votes(len(plan.options))

    async def run() -> None:
        server = HTTPServer(
            vote_app(plan, votes, key=key, prefix=prefix), max_body_size=10_000
        )
        server.add_socket(listening)
        name = socket.gethostname() if host not in ("127.0.0.1", "localhost") else host
        address = f"http://{name}:{listening.getsockname()[1]}{prefix}"
        tell(f"The class votes at      {address}")
        tell(f"You count (v in a demo) {address}counts?key={key}")
        await asyncio.Event().wait()

    asyncio.run(run())
