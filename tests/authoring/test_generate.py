"""nbgrader makes the student version; the gradebook keeps what was cut out."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.authoring import generate
from autograder.errors import UserError
from autograder.nbgrader_config import gradebook_url


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """One course folder for this file: making a gradebook takes seconds."""
    return tmp_path_factory.mktemp("grading") / "course"


def test_the_gradebook_keeps_points_and_uncut_tests(lab_of, course, capfd):
    """Grading finds the hidden tests there. Nothing is printed, twice over."""
    lab = lab_of()
    first = generate(lab, course, gradebook_url(course)).read_bytes()
    second = generate(lab, course, gradebook_url(course)).read_bytes()

    assert first == second
    assert capfd.readouterr() == ("", "")
    with Gradebook(gradebook_url(course)) as gradebook:
        notebook = gradebook.find_notebook("lab01_mean", "lab01_mean")
        assert notebook.max_score == 9
        tests = {cell.name: cell.source for cell in notebook.source_cells}
    assert "np.isclose(mean(many)" in tests["test-mean-many"]


def test_without_a_gradebook_the_notebook_is_the_same(lab_of, course, tmp_path):
    """`labs/` is built without one; the marks of a course hang on the other."""
    lab = lab_of()
    registered = generate(lab, course, gradebook_url(course))
    alone = generate(lab, tmp_path / "alone", None)

    assert alone.read_bytes() == registered.read_bytes()
    assert not (tmp_path / "alone" / "gradebook.db").exists()


# nbgrader's own way of adding a submission makes SQLAlchemy warn.
@pytest.mark.filterwarnings("ignore:Object of type <Submitted")
def test_cells_with_submissions_cannot_go(lab_of, course):
    """nbgrader's reason is said in one sentence; the marks are still there."""
    generate(lab_of(), course, gradebook_url(course))
    with Gradebook(gradebook_url(course)) as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("lab01_mean", "ada")

    with pytest.raises(
        UserError, match=r"version of lab01_mean, got RuntimeError: Can"
    ):
        generate(lab_of(('"many"', '"renamed"')), course, gradebook_url(course))
    with Gradebook(gradebook_url(course)) as gradebook:
        assert len(gradebook.assignment_submissions("lab01_mean")) == 1


def test_a_file_beside_the_source_notebook_is_refused(lab_of, tmp_path):
    """nbgrader would copy it to the students, answers and all."""
    answers = tmp_path / "source" / "lab01_mean" / "answers.py"
    answers.parent.mkdir(parents=True)
    answers.write_text("42")

    with pytest.raises(
        UserError, match=r"got 'answers\.py', which nbgrader would give"
    ):
        generate(lab_of(), tmp_path, None)
    assert not (tmp_path / "release").exists()


def test_a_folder_that_reads_as_a_pattern_is_refused(lab_of, tmp_path):
    """nbgrader would look for other folders than this one."""
    with pytest.raises(UserError, match=r"without \*, \? and \[ in its path"):
        generate(lab_of(), tmp_path / "course[1]", None)


def test_answers_become_stubs_and_hidden_tests_vanish(lab_of, tmp_path):
    """What nbgrader leaves of each cell, in our words for the stubs."""
    path = generate(lab_of(), tmp_path, None)
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}

    assert cells["mean"].endswith("    # YOUR CODE HERE\n    raise NotImplementedError")
    assert cells["test-mean-many"] == "# Hidden checks: many values."
    assert cells["why"] == "*Write your answer here.*"
