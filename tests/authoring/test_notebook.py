"""The instructor notebook: what nbgrader and JupyterLab read, made from text alone."""

from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.config import load_jupytext_configuration_file
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.notebook import as_bytes, instructor_notebook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cells_of(lab_of):
    """Build the instructor notebook of the sound lab, changed; its cells."""
    return lambda *replacements: instructor_notebook(lab_of(*replacements)).cells


def test_nbformat_and_nbgrader_accept_it(lab_of):
    """Both validators pass, and the file reads back as what was written."""
    notebook = instructor_notebook(lab_of())

    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert nbformat.reads(as_bytes(notebook).decode(), as_version=4) == notebook


def test_metadata_says_what_nbgrader_does_with_a_cell(cells_of):
    """Locked, graded, solution and points, as nbgrader's own toolbar sets them."""
    flags = {}
    for cell in cells_of():
        meta = cell.metadata.get("nbgrader")
        if meta is not None:
            assert (meta["schema_version"], meta["task"]) == (3, False)
            kinds = [k for k in ("grade", "solution", "locked") if meta[k]]
            flags[meta["grade_id"]] = (kinds, meta.get("points"))

    assert flags == {
        "setup-imports": (["locked"], None),
        "mean": (["solution"], None),
        "test-mean": (["grade", "locked"], 2),
        "test-mean-many": (["grade", "locked"], 3),
        "why": (["grade", "solution"], 4),
    }


def test_a_hidden_test_keeps_its_leading_comment_in_sight(cells_of):
    """Students read what is checked, not how."""
    source = cells_of()[5].source

    assert source.splitlines()[:2] == [
        "# Hidden checks: many values.",
        "### BEGIN HIDDEN TESTS",
    ]
    assert source.splitlines()[-1] == "### END HIDDEN TESTS"


def test_a_hidden_test_without_a_comment_is_given_one(cells_of):
    """A locked cell with nothing in it would puzzle students."""
    source = cells_of(("# Hidden checks: many values.\n", ""))[5].source

    assert source.startswith("# Hidden checks of mean.\n### BEGIN HIDDEN TESTS\n")


def test_cell_ids_come_from_the_text(cells_of):
    """A new cell changes no id but its own; equal cells differ."""
    before = [cell.id for cell in cells_of()]
    twice = [
        cell.id
        for cell in cells_of(
            ("# %%\nshown", "# %%\nprint(1)\n\n# %%\nprint(1)\n\n# %%\nshown")
        )
    ]

    assert len(set(twice)) == len(twice) == len(before) + 2
    assert [one for one in twice if one in before] == before


def test_a_long_grade_id_still_makes_a_valid_cell_id(lab_of):
    """nbformat allows 64 characters, nbgrader any number."""
    case = "-".join(["long"] * 20)
    notebook = instructor_notebook(lab_of(('case="many"', f'case="{case}"')))

    nbformat.validate(notebook)
    assert notebook.cells[5].metadata["nbgrader"]["grade_id"] == f"test-mean-{case}"
    assert len(notebook.cells[5].id) <= 64


def test_the_source_opens_as_a_notebook_and_is_saved_unchanged(sound):
    """With the project's jupytext settings JupyterLab's save leaves no diff."""
    config = load_jupytext_configuration_file(str(ROOT / "pyproject.toml"))
    notebook = jupytext.reads(sound, fmt="py:percent", config=config)

    assert jupytext.writes(notebook, fmt="py:percent", config=config) == sound
