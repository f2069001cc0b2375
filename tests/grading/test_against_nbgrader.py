"""Honest submissions get what nbgrader's own autograde gives, cell by cell."""

import logging
import shutil

import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from autograder.nbgrader_config import course_config
from tests.grading.tiny import FULL, RIGHT, Course, cell_named

# nbgrader's autograde adds half-made rows, and SQLAlchemy says so.
ignore = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
pytestmark = [pytest.mark.slow, ignore]


def recorded(course):
    """Everything about scores and comments that the gradebook holds."""
    with course.gradebook() as gradebook:
        rows = {}
        for submission in gradebook.assignment_submissions("means"):
            (notebook,) = submission.notebooks
            student = submission.student.id
            for g in notebook.grades:
                rows[student, g.cell.name] = (
                    g.auto_score,
                    g.manual_score,
                    g.needs_manual_grade,
                )
            for c in notebook.comments:
                rows[student, c.cell.name, "comment"] = c.auto_comment
            rows[student, "score"] = (notebook.score, notebook.late_submission_penalty)
    return rows


def test_honest_marks_equal_nbgraders(template, tmp_path):
    """Right, wrong, untouched, half done: the same rows in the gradebook."""
    shutil.copytree(template.root, tmp_path / "ours")
    ours = Course(tmp_path / "ours", template.lab)
    ours.submit("right")
    ours.submit("untouched", ours.released)
    ours.submit("wrong", mean="def mean(values):\n    return values[0]")
    ours.submit("half", largest=ours.released.cells[5].source)
    shutil.copytree(ours.root, tmp_path / "theirs")
    theirs = Course(tmp_path / "theirs", template.lab)

    ours.grade()
    config = course_config(theirs.root)
    config.CourseDirectory.assignment_id = "means"
    config.NotebookClient.shutdown_kernel = "immediate"
    log = logging.Logger("quiet", level=logging.CRITICAL)
    directory = CourseDirectory(config=config, log=log)
    Autograde(directory, config=config, log=log).start()

    assert recorded(ours) == recorded(theirs)
    assert len(recorded(ours)) == 4 * (4 + 3 + 1)


def test_nbgrader_itself_can_run_in_the_sandbox(template, tmp_path, monkeypatch):
    """`nbgrader autograde`, as it is, on our kernels: full marks for right answers."""
    shutil.copytree(template.root, tmp_path / "course")
    course = Course(tmp_path / "course", template.lab)
    where = "import os; print('was in', os.getcwd())\n"
    course.submit("ada", largest=where + RIGHT["largest"])
    monkeypatch.chdir(course.root)
    factory = KernelProvisionerFactory.instance()
    monkeypatch.setattr(factory, "default_provisioner_name", "lecturekit-sandbox")
    config = course_config(course.root)
    config.CourseDirectory.assignment_id = "means"
    config.SandboxProvisioner.modules = ["numpy"]
    log = logging.Logger("quiet", level=logging.CRITICAL)
    Autograde(CourseDirectory(config=config, log=log), config=config, log=log).start()

    rows = recorded(course)
    assert {name: rows["ada", name][0] for name in FULL} == FULL
    cell = cell_named(course.autograded("ada"), "largest")
    assert cell.outputs[0].text == "was in /home/student/work\n"
