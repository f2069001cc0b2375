"""The Submit button: nbgrader's own, but what goes wrong is said in one sentence.

nbgrader shows its stack trace where a lab is too large, the exchange is full or the lab
was withdrawn. A server extension; Jupyter loads extensions by name, and of two handlers
for one address the first counts, so this one's counts.
"""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.assignment_list.handlers import AssignmentActionHandler
from tornado import web

from autograder.hub.jupyter_files import MAX_SUBMISSION_KB
from autograder.judging.wording import shortened

_MAX_BYTES = MAX_SUBMISSION_KB * 1000
_FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))


class Submit(AssignmentActionHandler):
    """Hands a lab in, or says why not."""

    @web.authenticated
    def post(self) -> None:
        """Hand in the lab that is asked for."""
        asked = self.get_json_body() if self.request.body.startswith(b"{") else None
        lab, course = (
            asked[name] if asked else self.get_argument(name)
            for name in ("assignment_id", "course_id")
        )
        folder = Path(self.settings["server_root_dir"]).expanduser() / Path(lab).name
        reason = too_large(folder)
        if not reason:
            done = self.manager.submit_assignment(course, lab)
            if done["success"]:
                self.finish(json.dumps(self.manager.list_assignments(course_id=course)))
                return
            reason = said_of(done["value"], lab)
        self.finish(json.dumps({"success": False, "value": reason}))


def too_large(folder: Path) -> str:
    """Return why the folder of a lab cannot be handed in, "" if it can."""
    sizes = dict(_sizes(folder))
    if sum(sizes.values()) <= _MAX_BYTES:
        return ""
    largest = max(sizes, key=lambda name: sizes[name])
    return (
        f"Expected at most {_MAX_BYTES // 10**6} MB in {folder.name}, got "
        f"{sum(sizes.values()) // 10**6} MB; the largest file is {largest} with "
        f"{sizes[largest] // 10**6} MB.\n"
        "Move what is not part of your answer out of the folder, and submit again."
    )


def said_of(trace: str, lab: str) -> str:
    """Return one sentence for the stack trace of a failed submit."""
    last = next((line for line in reversed(trace.splitlines()) if line.strip()), "")
    if any(words in trace for words in _FULL):
        return (
            f"There is no room left where {lab} is handed in to.\n"
            "Your work is safe in your own folder: tell the staff, and submit again."
        )
    name, _, text = last.partition(": ")
    said = text if name.endswith("Error") and text else last
    return shortened(f"{lab} was not handed in: {said}")


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path.stat().st_size


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handler."""
    base = server_app.web_app.settings["base_url"]
    address = url_path_join(base, "assignments/submit")
    server_app.web_app.add_handlers(".*$", [(address, Submit)])
