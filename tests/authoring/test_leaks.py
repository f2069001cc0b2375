"""The last gate: what instructors keep is searched for in what students get."""

import json

import pytest

from autograder.authoring.leaks import leaks
from autograder.authoring.notebook import as_bytes, instructor_notebook


@pytest.fixture
def leaks_of(lab_of, built):
    """Search a student notebook to which one piece of text was added."""
    clean = json.loads((built / "labs/lab01_mean/lab01_mean.ipynb").read_text("utf-8"))

    def search(place, *replacements):
        notebook = json.loads(json.dumps(clean))
        place(notebook)
        found = leaks(lab_of(*replacements), json.dumps(notebook).encode())
        return [(leak.line, leak.fault) for leak in found]

    return search


def test_the_student_notebook_leaks_nothing(leaks_of):
    """What nbgrader made of the sound lab."""
    assert leaks_of(lambda notebook: None) == []


def test_the_instructor_notebook_leaks_everything(lab_of):
    """Markers, each line of the answer, of the hidden test and of the model answer."""
    lab = lab_of()
    lines = [leak.line for leak in leaks(lab, as_bytes(instructor_notebook(lab)))]

    assert lines == [1, 1, 1, 1, 31, 32, 41, 42, 54]


@pytest.mark.parametrize(
    "place",
    [
        lambda nb: nb["cells"][0]["source"].append("\n    total = sum(values)"),
        lambda nb: nb["cells"][1]["outputs"].append({"text": ["total = sum(values)"]}),
        lambda nb: nb["metadata"].update(note="see total = sum(values)"),
        lambda nb: nb["metadata"].update({"total = sum(values)": 1}),
    ],
    ids=["source", "output", "metadata", "key"],
)
def test_a_line_is_found_wherever_it_stands(leaks_of, place):
    """Sources, outputs and metadata are all read by students."""
    assert leaks_of(place) == [
        (
            31,
            "expected this line to stay with the instructors, got it in the student "
            "notebook: 'total = sum(values)'",
        )
    ]


def test_what_the_author_shows_elsewhere_is_no_secret(leaks_of):
    """A line of the answer that the text quotes was given away on purpose."""
    quoted = ("# Why divide", "# Think of `total = sum(values)`.\n# Why divide")

    def place(notebook):
        notebook["cells"][0]["source"].append("\ntotal = sum(values)")

    assert leaks_of(place, quoted) == []


def test_short_lines_are_no_secret(leaks_of):
    """`return x` stands in any notebook."""
    short = ("    total = sum(values)\n", "    n = 1\n    total = sum(values)\n")

    assert leaks_of(lambda nb: nb["metadata"].update(note="n = 1"), short) == []
