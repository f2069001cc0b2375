"""The table in the terminal."""

import io

from rich.console import Console

from autograder.grading import CellMark, GradeReport, StudentMarks
from autograder.reports import marks_table


def printed(*students):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(marks_table(GradeReport("means", ("mean", "largest"), students)))
    return console.export_text()


def line_of(text, name):
    return next(line.split() for line in text.splitlines() if name in line)


def test_marks_stand_by_exercise_with_flags_beside_them():
    """A mark that somebody should look at ends in a question mark."""
    text = printed(
        StudentMarks(
            "ada",
            (
                CellMark("test-mean", "mean", 2.0, 2.0),
                CellMark("test-largest", "largest", 0.5, 4.0, "odd", review=True),
                CellMark("meaning", "", 0.0, 3.0, pending=True),
            ),
            "graded",
        ),
        StudentMarks("bob", (), "failed", ("disk full",)),
    )

    assert line_of(text, "/2") == ["student", "/2", "/4", "/3", "total"]
    assert line_of(text, "ada") == ["ada", "2", "0.5?", "pending", "2.5/9?", "graded"]
    assert line_of(text, "bob") == ["bob", "-", "-", "-", "0/0?", "failed"]


def test_what_happened_stands_below():
    """How many of each, which number is which exercise, and the notes."""
    few = [StudentMarks(name, (), "kept", ("one", "two")) for name in ("ada", "bob")]
    late = StudentMarks("eve", (), "kept", lateness="handed in 1 hour late")
    many = [StudentMarks(f"s{k}", (), "changed", ("three",)) for k in range(4)]
    text = printed(*few, late, *many)

    assert "3 kept, 4 changed" in text
    assert "eve: handed in 1 hour late" in text
    assert "1 mean   2 largest" in text
    assert "ada, bob: one" in text
    assert "4 students: three" in text


def test_names_that_look_like_markup_are_shown_as_they_are():
    """A student chooses what a folder is called."""
    name = "[red]x[/nothing]"

    assert name in printed(StudentMarks(name, (), "kept", (name,)))


def test_nothing_in_it_is_obeyed_by_a_terminal():
    """A student chooses the names of files, and a folder's need not be UTF-8."""
    note = "a\x1b]0;owned\x07\x1b[2J\u202e\udcff is a link"
    text = printed(StudentMarks("eve\x1b[31m[/red]\udcff", (), "graded", (note,)))

    assert "eve?[31m[/red]?" in text
    assert "a?]0;owned??[2J?? is a link" in text
    assert text.encode()
