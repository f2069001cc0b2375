"""A lab source becomes cells with a meaning, or a sentence with its file and line."""

import re

import pytest

from autograder.authoring.lab import read_lab
from autograder.authoring.percent import AuthoringError


def test_cells_know_what_they_are_and_where_they_stand(lab_of):
    """Kind, grade id, points and the marker's line, in the order of the file."""
    lab = lab_of()

    assert [(c.kind, c.grade_id, c.points, c.line) for c in lab.cells] == [
        ("prose", "", 0, 9),
        ("setup", "setup-imports", 0, 18),
        ("prose", "", 0, 23),
        ("exercise", "mean", 0, 27),
        ("test", "test-mean", 2, 36),
        ("test", "test-mean-many", 3, 39),
        ("explore", "", 0, 44),
        ("prose", "", 0, 48),
        ("question", "why", 4, 53),
    ]


def test_a_lab_is_asked_by_exercise(lab_of):
    """Tests belong to the exercise they name, points add up to the lab's."""
    lab = lab_of()

    assert lab.name == "lab01_mean"
    assert lab.exercises == ("mean",)
    assert lab.exercise_cell("mean").line == 27
    assert [cell.hidden for cell in lab.tests_of("mean")] == [False, True]
    assert lab.points == 9


def test_an_unknown_exercise_is_named(lab_of):
    """The KeyError says which exercises there are."""
    with pytest.raises(KeyError, match=r"no exercise 'median' in lab01_mean.*mean"):
        lab_of().exercise_cell("median")


TEST = '# %% test="mean" points=2'


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("# %%\nshown", "# %% exercize='mean'\nshown", 44, "got 'exercize'"),
        ("# %%\nshown", "# %% My title\nshown", 44, "got 'title'"),
        ("# %%\nshown", "# %% exercise=mean\nshown", 44, "got 'exercise=mean'"),
        (TEST, f'{TEST} exercise="mean"', 36, "one role .* got exercise and test"),
        ('exercise="mean"', 'exercise="mean" points=2', 27, "points only on a test or"),
        ('exercise="mean"', 'exercise="mean" hidden=true', 27, "hidden only on a test"),
        ('setup="imports"', 'setup="imports" case="a"', 18, "case only on a test"),
        ("# %%\nshown", "# %% points=2\nshown", 44, "got it on a plain cell"),
        ('"why" points=4', '"Why" points=4', 53, "a-slug.*got 'Why'"),
        ('case="many"', 'case="a b"', 39, "a-slug.*got 'a b'"),
        ("points=2", "points=2.5", 36, "whole number >= 0, got 2.5"),
        ("points=2", "points=-1", 36, "whole number >= 0, got -1"),
        ("points=2", "points=true", 36, "whole number >= 0, got True"),
        ("hidden=true", 'hidden="yes"', 39, "hidden=false, got 'yes'"),
        ("# %% [markdown] question", "# %% question", 53, r"\[markdown\] cell .* code"),
        ('# %% setup="i', '# %% [markdown] setup="i', 18, "code cell for a setup"),
        (
            '[markdown] question="why" points=4',
            'question="why" points=4 [markdown]',
            53,
            "straight after '# %%'",
        ),
        (
            "# ## Task 2 · Explain\n#\n# Why divide by the count?",
            '"""\n## Task 2\n"""',
            48,
            "lines that start with '# ', got a quoted string",
        ),
        ('2.0, "1 and', '2.0, """\n# %% inside\n"""  "1 and', 1, "inside a string"),
        (
            "# %% [markdown]\n# # Lab",
            "import os\n\n# %% [markdown]\n# # Lab",
            1,
            "text",
        ),
    ],
)
def test_a_marker_line_without_meaning_is_refused(write_lab, old, new, line, sentence):
    """The sentence names the file, the marker's line, what was got."""
    path = write_lab((old, new))

    with pytest.raises(AuthoringError, match=sentence) as raised:
        read_lab(path)
    assert str(raised.value).startswith(f"{path}:{line}: expected ")


def test_bytes_that_are_not_utf8_are_refused(write_lab):
    """A file saved as Latin-1 is named with the line of its first such byte."""
    path = write_lab()
    path.write_bytes(path.read_text("utf-8").encode("latin-1"))

    with pytest.raises(AuthoringError, match=re.escape(f"{path}:10: expected UTF-8")):
        read_lab(path)
