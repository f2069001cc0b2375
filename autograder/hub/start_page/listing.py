"""What nbgrader's own Assignment List knows, and what its buttons do.

The same object answers both, so that this page and the Assignment List never disagree,
whatever the exchange is: a shared folder, or ngshare.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nbgrader.server_extensions.assignment_list.handlers import AssignmentList

Action = Literal["fetch", "submit", "fetch_feedback"]


@dataclass
class Listed:
    """One lab as the exchange and the home folder show it.

    Parameters
    ----------
    notebook : str
        Path of its notebook below the server's root, once it was fetched.
    released_notebook : str
        Where the exchange has it, if that is a folder.
    submissions : list of str
        When it was handed in, as nbgrader writes it; oldest first.
    feedback : str
        Path of the newest page of feedback that was fetched.
    has_new_feedback : bool
        True if there is feedback in the exchange that was not fetched.
    """

    course_id: str
    is_released: bool = False
    notebook: str = ""
    released_notebook: str = ""
    submissions: list[str] = field(default_factory=list)
    feedback: str = ""
    has_new_feedback: bool = False


class Listing:
    """nbgrader's Assignment List of one server.

    Parameters
    ----------
    server : ServerApp
        The student's Jupyter server.
    """

    def __init__(self, server: Any) -> None:
        self.root = Path(server.root_dir)
        self._nbgrader = AssignmentList(parent=server)
        self._nbgrader.root_dir = server.root_dir

    def exchange(self) -> tuple[Path, str]:
        """Return the exchange's folder and the course's id, as they are configured."""
        config = self._nbgrader.load_config()
        root = config.Exchange.get("root", "/usr/local/share/nbgrader/exchange")
        return Path(str(root)), str(config.CourseDirectory.get("course_id", ""))

    def labs(self) -> dict[str, Listed] | None:
        """Return the labs by name; None if the exchange does not answer."""
        answer = self._nbgrader.list_assignments()
        if not answer["success"]:
            return None
        found: dict[str, Listed] = {}
        for entry in answer["value"]:
            lab = found.setdefault(entry["assignment_id"], Listed(entry["course_id"]))
            if entry["status"] == "submitted":
                _add_submissions(lab, entry)
            else:
                _add_release(lab, entry)
        return found

    def act(self, action: Action, course_id: str, lab: str) -> bool:
        """Do what the Assignment List's button does; return whether it worked."""
        done = {
            "fetch": self._nbgrader.fetch_assignment,
            "submit": self._nbgrader.submit_assignment,
            "fetch_feedback": self._nbgrader.fetch_feedback,
        }[action](course_id, lab)
        return bool(done["success"])


def _add_release(lab: Listed, entry: dict[str, Any]) -> None:
    lab.is_released = True
    name = entry["assignment_id"]
    paths = [str(notebook.get("path", "")) for notebook in entry["notebooks"]]
    # The lab's own notebook, if the student keeps more in the folder.
    paths.sort(key=lambda path: (Path(path).stem != name, path))
    path = paths[0] if paths else ""
    if entry["status"] == "fetched":
        lab.notebook = path or str(entry["path"])
    else:
        lab.released_notebook = path


def _add_submissions(lab: Listed, entry: dict[str, Any]) -> None:
    for submission in entry["submissions"]:
        lab.submissions.append(str(submission["timestamp"]))
        was_fetched = submission["has_local_feedback"]
        is_there = submission["has_exchange_feedback"] and not was_fetched
        lab.has_new_feedback |= bool(is_there or submission["feedback_updated"])
        folder = submission["local_feedback_path"]
        for notebook in submission["notebooks"]:
            if folder and notebook["has_local_feedback"]:
                lab.feedback = os.path.join(folder, f"{notebook['notebook_id']}.html")
