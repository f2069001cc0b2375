"""The tiny lab, released once, and a course folder for each test module."""

import shutil

import pytest

from autograder.authoring import generate, read_lab
from autograder.grading.record import open_gradebook
from autograder.grading.release import read_release
from autograder.nbgrader_config import course_config, gradebook_url
from tests.grading.tiny import LAB, Course


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A course folder with the released lab; copy it, it is shared."""
    root = tmp_path_factory.mktemp("course")
    path = root / "solutions" / "means" / "means.py"
    path.parent.mkdir(parents=True)
    path.write_text(LAB)
    lab = read_lab(path)
    generate(lab, root, gradebook_url(root))
    return Course(root, lab)


@pytest.fixture(scope="module")
def course(template, tmp_path_factory):
    """A course folder of a test module."""
    root = tmp_path_factory.mktemp("module") / "course"
    shutil.copytree(template.root, root)
    return Course(root, template.lab)


@pytest.fixture(scope="session")
def release(template):
    """What was released of the lab."""
    path = template.root / "release" / "means" / "means.ipynb"
    with open_gradebook(course_config(template.root)) as gradebook:
        return read_release(path, template.lab, gradebook)
