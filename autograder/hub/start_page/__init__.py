"""The first page after login: the course's labs, their deadlines, how far one is.

A Jupyter server extension; it answers at `/course` of a student's own server.

    {"ServerApp": {"jpserver_extensions": {"autograder.hub.start_page": true}}}

* `listing`   what nbgrader knows of the labs: released, fetched, handed in, feedback
* `standing`  what the course says to this student: deadlines, marks
* `progress`  which checks passed, from the student's own notebook
* `labs`      the three put together, a record a lab
* `page`      the record as HTML; `handlers`: the page, and its buttons
"""

from typing import Any

__all__ = ["_jupyter_server_extension_points", "_load_jupyter_server_extension"]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "autograder.hub.start_page"}]


def _load_jupyter_server_extension(server: Any) -> None:
    # The hub's own process never needs this; importing nbgrader takes a second.
    from autograder.hub.start_page.handlers import routes

    server.web_app.add_handlers(".*$", routes(server))
