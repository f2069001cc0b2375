"""The student version of one lab, made by nbgrader itself.

nbgrader locks cells, replaces answers, cuts hidden tests, writes checksums, and keeps
the uncut tests in the gradebook, where grading finds them again.
"""

import io
import logging
from pathlib import Path

from autograder.authoring.lab import Lab
from autograder.authoring.notebook import as_bytes, instructor_notebook
from autograder.errors import UserError
from autograder.nbgrader_config import course_config


def generate(lab: Lab, course_dir: Path, db_url: str | None) -> Path:
    """Write the source and the release notebook of `lab` and register it.

    Running it again replaces both notebooks and updates the gradebook; marks stay.

    Parameters
    ----------
    course_dir : Path
        A course folder as `nbgrader_config` describes it; made if missing.
    db_url : str or None
        The gradebook's URL, for instance "sqlite:////srv/course/gradebook.db". None
        makes the same notebooks and registers nothing (a new gradebook takes seconds).

    Returns
    -------
    Path
        `<course_dir>/release/<lab>/<lab>.ipynb`.

    Raises
    ------
    UserError
        If the folder would give more than the lab to students, or nbgrader refuses:
        for instance because submissions hang on cells that are no longer there.
    """
    source = course_dir.resolve() / "source" / lab.name / f"{lab.name}.ipynb"
    _refuse_company(source)
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(as_bytes(instructor_notebook(lab)))
    _convert(lab, course_dir, db_url)
    return course_dir.resolve() / "release" / lab.name / f"{lab.name}.ipynb"


def _refuse_company(source: Path) -> None:
    """Refuse files beside the source notebook: nbgrader would release them as well."""
    if source.parent.is_dir():
        for path in sorted(source.parent.iterdir()):
            if path != source and path.name != ".ipynb_checkpoints":
                raise UserError(
                    f"expected nothing but {source.name} in {source.parent}, got "
                    f"{path.name!r}, which nbgrader would give to students: move it"
                )


def _convert(lab: Lab, course_dir: Path, db_url: str | None) -> None:
    # Here, because nbgrader takes seconds to import and reading a lab needs none of it.
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import SaveCells

    from autograder.new_gradebook import make_gradebook

    config = course_config(course_dir, db_url=db_url or "")
    config.CourseDirectory.assignment_id = lab.name
    said = io.StringIO()
    log = logging.Logger("nbgrader of one lab", level=logging.ERROR)
    log.addHandler(logging.StreamHandler(said))
    course = CourseDirectory(config=config, log=log)
    converter = GenerateAssignment(course, config=config, log=log, force=True)
    if db_url is None:
        converter.no_database = True
        converter.preprocessors = [
            step for step in converter.preprocessors if step is not SaveCells
        ]
    else:
        make_gradebook(db_url)
    try:
        converter.start()
    except Exception as error:
        raise UserError(
            f"expected nbgrader to make the student version of {lab.name}, got "
            f"{_reason(said.getvalue()) or error}"
        ) from error


def _reason(log: str) -> str:
    """Return the exception in the first traceback of nbgrader's log, "" if none."""
    lines = log.splitlines()
    is_inside = False
    for line in lines:
        if line.startswith("Traceback"):
            is_inside = True
        elif is_inside and line and not line.startswith(" "):
            return line
    return ""
