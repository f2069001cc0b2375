"""From what a test cell put out to a mark, without a kernel."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.grading import CellMark, score_cell
from autograder.grading.score import score_question


def executed(*outputs, points=4, execution_count=1):
    cell = new_code_cell(
        metadata={"nbgrader": {"grade_id": "test-mean", "points": points}}
    )
    cell.update(outputs=list(outputs), execution_count=execution_count)
    return cell


def value(text):
    return NotebookNode(output_type="execute_result", data={"text/plain": text})


def error(name, text):
    return new_output("error", ename=name, evalue=text, traceback=[])


def test_a_silent_cell_earns_all_points():
    """No output, no complaint."""
    assert score_cell(executed(), "mean") == CellMark("test-mean", "mean", 4.0, 4.0)


def test_what_is_printed_never_changes_a_mark():
    """Neither stdout nor stderr, where torch and flwr write their logs."""
    out = new_output("stream", name="stdout", text="0.0")
    err = new_output("stream", name="stderr", text="Warning: failed")
    shown = new_output("display_data", {"text/plain": "0"})

    assert score_cell(executed(out, err, shown)).points == 4.0


def test_an_error_earns_nothing_and_its_message_says_why():
    """Of an assertion, the author's sentence; of other errors, also their name."""
    missed = score_cell(executed(error("AssertionError", "expected 2, got 1")))
    raised = score_cell(executed(error("TypeError", "no len\nsecond line")))

    assert (missed.points, missed.message) == (0.0, "expected 2, got 1")
    assert (raised.points, raised.message) == (0.0, "TypeError: no len\nsecond line")


def test_an_error_after_a_value_earns_nothing():
    """The order of outputs does not matter."""
    outputs = [value("4"), error("AssertionError", "")]

    assert score_cell(executed(*outputs)).points == 0.0
    assert score_cell(executed(*outputs)).message == "a check failed"


def test_long_messages_are_shortened():
    """At most three lines and 500 characters reach the table."""
    lines = score_cell(executed(error("AssertionError", "a\n\nb\nc\nd"))).message
    chars = score_cell(executed(error("AssertionError", "x" * 9999))).message

    assert lines == "a\nb\nc"
    assert len(chars) == 500


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("0", 0),
        ("2", 2),
        ("2.5", 2.5),
        ("4", 4),
        ("4.0", 4),
        (".5", 0.5),
        ("1e-1", 0.1),
    ],
)
def test_a_plain_number_is_partial_credit(text, points):
    """A last value from 0 to the maximum is the mark."""
    mark = score_cell(executed(value(text)))

    assert (mark.points, mark.review) == (points, False)


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "-0.0",
        "4.1",
        "7",
        "nan",
        "inf",
        "1e999",
        "True",
        "None",
        "np.float64(2.5)",
        "tensor(2.5)",
        "'2.5'",
        "2.5 ",
        "2_0",
        "\u0662",
        "[2]",
        "",
        None,
    ],
)
def test_any_other_value_earns_nothing_and_is_flagged(text):
    """nbgrader gives full marks for most of these, and stops the batch on others."""
    mark = score_cell(executed(value(text)))

    assert (mark.points, mark.review) == (0.0, True)
    assert "expected a number from 0 to 4" in mark.message


def test_two_values_are_flagged():
    """A cell has one last value; a second one was forged."""
    mark = score_cell(executed(value("1"), value("4")))

    assert (mark.points, mark.review) == (0.0, True)


def test_a_cell_that_was_not_run_earns_nothing_and_is_flagged():
    """No execution count, no mark; with a reason if there is one."""
    silent = score_cell(executed(execution_count=None))
    told = score_cell(executed(error("NotRun", "out of time"), execution_count=None))

    assert (silent.points, silent.review) == (0.0, True)
    assert (told.message, told.review) == ("out of time", True)


def test_an_answer_in_words_waits_for_a_person():
    """Unless there is none: then it is zero, as in nbgrader."""
    given = score_question("meaning", 3.0, is_untouched=False)
    stub = score_question("meaning", 3.0, is_untouched=True)
    gone = score_question("meaning", 3.0, is_untouched=True, was_missing=True)

    assert (given.pending, given.review) == (True, False)
    assert (stub.pending, stub.review, stub.message) == (False, False, "no answer")
    assert (gone.pending, gone.review) == (False, True)
