"""labs/README.md: the map says what the labs' own headers say."""

import pytest

from autograder.authoring import build_labs
from autograder.authoring.lab import read_lab
from autograder.authoring.overview import minutes, overview, paragraph, title
from autograder.errors import UserError

HEADER = """\
# %% [markdown]
# # Lab 3 · Means and medians
#
# **You will** average.
#
# **Tracks** Part II: Task 1.
# L46: all tasks.
#
# | Task | What you write | Minutes | Points |
# |---|---|---|---|
# | 1 | a mean | 20 | 2 |
# | **Total** | | 20 | 2 |
"""


@pytest.fixture
def lab(tmp_path):
    path = tmp_path / "lab03_means" / "lab03_means.py"
    path.parent.mkdir()
    path.write_text(HEADER)
    return read_lab(path)


def test_the_header_is_read(lab):
    """Title without its number, minutes of the total, a paragraph on one line."""
    assert title(lab) == "Means and medians"
    assert minutes(lab) == 20
    assert paragraph(lab, "Tracks") == "Part II: Task 1. L46: all tasks."
    assert paragraph(lab, "Budget") == ""


def test_the_map_has_a_row_and_the_tracks_of_every_lab(lab):
    """With a link to the notebook."""
    page = overview([lab])

    link = "[`lab03_means`](lab03_means/lab03_means.ipynb)"
    assert f"| {link} | Means and medians | 20 | 0 |" in page
    assert "- `lab03_means`. Part II: Task 1. L46: all tasks." in page


def test_the_page_is_checked_like_a_notebook(built):
    """Built with all labs, compared by --check, left alone by a build of one lab."""
    page = built / "labs" / "README.md"
    text = page.read_text()
    try:
        page.write_text("edited")
        build_labs(built, ["lab01_mean"], check=True)
        with pytest.raises(UserError, match="README is stale"):
            build_labs(built, check=True)
    finally:
        page.write_text(text)
