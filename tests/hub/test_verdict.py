"""What Validate says about a notebook that has run."""

from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum

from autograder.hub.validate.verdict import changed_cells, verdict


def check(name="test-mean", source="# Check yourself: 2.\nassert mean() == 2"):
    """Return a visible check as nbgrader gives it out, not run yet."""
    about = {"grade": True, "solution": False, "locked": True, "task": False}
    about |= {"grade_id": name, "points": 4, "schema_version": 3, "cell_type": "code"}
    cell = new_code_cell(source, metadata={"nbgrader": about})
    cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    return cell


def ran(cell, name=None, text=""):
    """Return a cell that ran, with an error if one is named."""
    cell.execution_count = 1
    if name is not None:
        trace = ["Traceback (most recent call last)", "..."]
        error = new_output("error", ename=name, evalue=text, traceback=trace)
        cell.outputs = [error]
    return cell


def said(*cells, stopped=""):
    return verdict(new_notebook(cells=list(cells)), stopped)


def test_checks_that_pass_are_a_success():
    """The dialog takes an empty answer for that."""
    assert said(ran(check())) == {}


def test_a_failed_check_says_its_sentence():
    """Its name, what it is about, and no stack trace."""
    (failed,) = said(ran(check(), "AssertionError", "expected 2, got 3"))["failed"]

    assert failed["source"] == "mean\n# Check yourself: 2."
    assert failed["error"] == "expected 2, got 3"


def test_a_long_sentence_is_broken_into_lines():
    """The dialog does not break them."""
    (failed,) = said(ran(check(), "AssertionError", "word " * 60))["failed"]

    assert max(map(len, failed["error"].splitlines())) <= 88


def test_what_a_student_wrote_is_no_markup():
    """The dialog sets it as HTML."""
    text = "<img src=x onerror=alert(1)>"
    (failed,) = said(ran(check(), "ValueError", text))["failed"]

    assert "<" not in failed["error"]


def test_an_unsolved_exercise_is_not_written_yet():
    """Instead of NotImplementedError with its stack."""
    (failed,) = said(ran(check(), "NotImplementedError"))["failed"]

    assert failed["error"] == "not written yet (NotImplementedError)"


def test_a_check_that_misses_a_name_tells_of_the_cell_that_failed():
    """The reason stands above it."""
    answer = ran(new_code_cell("def mean(:"), "SyntaxError", "invalid syntax")
    test = ran(check(), "NameError", "name 'mean' is not defined")
    (failed,) = said(answer, test)["failed"]

    assert failed["error"] == "a cell above failed: SyntaxError: invalid syntax"


def test_checks_that_were_not_reached_say_why():
    """A kernel that died is nobody's success."""
    (failed,) = said(check(), stopped="the kernel died")["failed"]

    assert failed["error"] == "the kernel died"


def test_an_edited_check_is_told_before_anything_runs():
    """What passes then says nothing about the marks."""
    cell = check()
    cell.source = "assert True"

    assert changed_cells(new_notebook(cells=[cell])) == {
        "changed": [{"source": "assert True"}]
    }
    assert changed_cells(new_notebook(cells=[check()])) == {}
