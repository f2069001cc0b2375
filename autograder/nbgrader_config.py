"""How this course uses nbgrader: its folders, its gradebook, its stubs, in one place.

A course folder has nbgrader's own layout, so that every nbgrader tool (formgrader,
exchange, exports) finds what it expects:

    <root>/source/<lab>/<lab>.ipynb                  with answers; never given out
    <root>/release/<lab>/<lab>.ipynb                 what students receive
    <root>/submitted/<student>/<lab>/<lab>.ipynb
    <root>/autograded/<student>/<lab>/<lab>.ipynb
    <root>/feedback/<student>/<lab>/<lab>.html
    <root>/gradebook.db
"""

import glob
from pathlib import Path

from traitlets.config import Config

from autograder.errors import UserError

COURSE_FOLDERS = ("source", "release", "submitted", "autograded", "feedback")
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError"
TEXT_STUB = "*Write your answer here.*"


def gradebook_url(root: Path) -> str:
    """Return the database URL of the gradebook of the course folder `root`."""
    return f"sqlite:///{root.resolve() / 'gradebook.db'}"


def course_config(
    root: Path, *, db_url: str = "", course_id: str = "", timeout_s: int = 60
) -> Config:
    """Return the nbgrader configuration of the course folder `root`.

    Parameters
    ----------
    root : Path
        The course folder; it need not exist yet.
    db_url : str
        The gradebook's URL; empty means `gradebook.db` in `root`.
    course_id : str
        The course's name in the exchange and the gradebook; may stay empty where
        there is one course.
    timeout_s : int, seconds
        How long one cell may run. nbgrader's default of 30 s is short on a busy
        machine; a lab's cells are made to take under 5 s.

    Raises
    ------
    UserError
        If the folder's path has characters that nbgrader reads as a pattern.
    """
    if glob.escape(str(root.resolve())) != str(root.resolve()):
        raise UserError(
            f"expected a course folder without *, ? and [ in its path, got {root}: "
            "nbgrader reads them as patterns"
        )
    config = Config()
    course = config.CourseDirectory
    course.root = str(root.resolve())
    course.course_id = course_id
    course.db_url = db_url or gradebook_url(root)
    for name in COURSE_FOLDERS:
        course[f"{name}_directory"] = name
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    config.ExecutePreprocessor.timeout = timeout_s
    return config
