"""nbgrader's own example course: we run and score it as nbgrader does, or say why not.

The notebooks that nbgrader's autograde has made ready (its own cells restored) are run
again by our executor, in the student's kernel as nbgrader runs them, and scored by our
rule. They are marked with matplotlib, patched names and partial credit in mind that
nobody here wrote.
"""

import logging
import shutil
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory

from autograder.grading.cells import is_test
from autograder.grading.execute import KernelExecutor
from autograder.grading.intake import Submission
from autograder.grading.limits import Limits
from autograder.grading.score import score_cell
from autograder.nbgrader_config import course_config, gradebook_url
from autograder.new_gradebook import make_gradebook

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
STUDENTS = ("bitdiddle", "hacker")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of nbgrader's, about its own database
]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The example course, graded by nbgrader's own autograde."""
    root = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE / "source" / "ps1", root / "source" / "ps1")
    shutil.copytree(EXAMPLE / "submitted", root / "submitted")
    config = course_config(root)
    config.CourseDirectory.assignment_id = "ps1"
    config.NotebookClient.shutdown_kernel = "immediate"
    log = logging.Logger("quiet", level=logging.CRITICAL)
    directory = CourseDirectory(config=config, log=log)
    make_gradebook(gradebook_url(root))
    GenerateAssignment(directory, config=config, log=log).start()
    Autograde(directory, config=config, log=log).start()
    return root


def nbgraders_scores(root, student, name):
    url = course_config(root).CourseDirectory.db_url
    with Gradebook(url) as gradebook:
        notebook = gradebook.find_submission_notebook(name, "ps1", student)
        return {grade.cell.name: grade.auto_score for grade in notebook.grades}


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("name", ["problem1", "problem2"])
def test_scores_are_nbgraders(course, sandbox, student, name):
    """Every automatic score of the example, cell by cell."""
    folder = course / "autograded" / student / "ps1"
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    submission = Submission(student, folder, notebook, ("jupyter.png",), None, ())

    executed = KernelExecutor(Limits(), sandbox).execute(notebook, submission)

    tests = [
        cell
        for cell in executed.notebook.cells
        if cell.cell_type == "code" and is_test(cell)
    ]
    ours = {mark.grade_id: mark.points for mark in map(score_cell, tests)}
    theirs = nbgraders_scores(course, student, name)
    assert executed.stopped == ""
    assert ours == {grade_id: theirs[grade_id] for grade_id in ours}
    assert (name == "problem2") or len(ours) >= 3
