"""`make demo`, as a newcomer runs it: twelve submissions, marks, feedback."""

import csv
import html
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.authoring import read_lab

ROOT = Path(__file__).parent.parent
LAB = "lab01_first_round"

pytestmark = pytest.mark.slow


def run_demo(root, *options):
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "demo", *options],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A copy of the sources with the demo run in it; (its folder, what it printed)."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "solutions", root / "solutions")
    shutil.copytree(ROOT / "labs", root / "labs")
    return root, run_demo(root)


def marks(root):
    with open(root / "build" / "demo" / "grades.csv", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def of(rows, name):
    (student,) = [s for s in rows if name in s]
    return rows[student]


def test_twelve_students_are_graded(demo):
    """Nobody is lost, however broken the submission."""
    assert len(marks(demo[0])) == 12


def test_right_answers_get_every_automatic_mark(demo):
    """The solution and both sets of alternatives have the same, full, marks."""
    rows = marks(demo[0])
    full = of(rows, "solution")["total"]

    assert float(full) == 90
    assert of(rows, "alternative-1")["total"] == full
    assert of(rows, "alternative-2")["total"] == full


def test_noise_and_a_deleted_test_cost_nothing(demo):
    """Printing, warning, stderr and a missing check leave the marks alone."""
    rows = marks(demo[0])

    assert of(rows, "noisy")["total"] == of(rows, "solution")["total"]
    assert of(rows, "deleted-test")["total"] == of(rows, "solution")["total"]


def test_each_mutant_loses_marks(demo):
    """Four students made one mistake each."""
    rows = marks(demo[0])
    full = float(of(rows, "solution")["total"])
    mutants = [float(rows[s]["total"]) for s in sorted(rows)[3:7]]

    assert all(0 < mark < full for mark in mutants)


def test_an_untouched_and_an_unreadable_notebook_get_zero(demo):
    """And the unreadable one is flagged, with a sentence."""
    rows = marks(demo[0])

    assert float(of(rows, "untouched")["total"]) == 0
    broken = of(rows, "not-json")
    assert float(broken["total"]) == 0
    assert "JSON" in broken["notes"]


def test_every_student_has_feedback_without_hidden_tests(demo):
    """One HTML file each, that asks for nothing from the network."""
    pages = sorted((demo[0] / "build" / "demo" / "feedback").glob(f"*/{LAB}/*.html"))

    assert len(pages) == 12
    for page in pages:
        text = page.read_text()
        assert "HIDDEN TESTS" not in text
        assert not re.search(r"""(src|href)=["']https?://""", text), page


def test_no_line_and_no_answer_of_a_hidden_test_is_told(demo):
    """Neither in a test's cell, nor in a message, an output or a traceback."""
    lab = read_lab(ROOT / "solutions" / LAB / f"{LAB}.py")
    released = nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)
    solution = "\n".join(cell.source for cell in lab.of_kind("exercise"))
    told = "\n".join([solution, *(cell.source for cell in released.cells)])
    hidden = [cell.source for cell in lab.of_kind("test") if cell.hidden]
    lines = {line.strip() for source in hidden for line in source.splitlines()}
    secret = {line for line in lines if len(line) > 12 and line not in told}
    assert len(secret) > 150
    for page in (demo[0] / "build" / "demo" / "feedback").glob(f"*/{LAB}/*.html"):
        text = html.unescape(re.sub(r"<[^>]*>", "", page.read_text()))
        found = [line for line in secret if line in text]
        assert not found, f"{page.parent.parent.name}: {found}"
    uniform = html.unescape(
        (
            demo[0]
            / "build"
            / "demo"
            / "feedback"
            / "s07-uniform"
            / LAB
            / f"{LAB}.html"
        ).read_text()
    )
    assert "no weighted mean:" in uniform  # the hidden test's message is there
    assert not re.search(r"(should be|, not|expected) \[", uniform.split("<h2")[2])


def test_the_report_is_there_for_the_ta(demo):
    """One file, with every student, the broken one to look at."""
    page = (demo[0] / "build" / "demo" / "report.html").read_text()

    assert all(student in page for student in marks(demo[0]))
    assert "could not be read: expected a notebook" in page
    assert not re.search(r"<script|https?://", page)


def test_the_gradebook_is_nbgraders(demo):
    """Its tables hold the twelve submissions."""
    with sqlite3.connect(demo[0] / "build" / "demo" / "gradebook.db") as database:
        (count,) = database.execute(
            "select count(*) from submitted_assignment"
        ).fetchone()

    assert count == 12


def test_the_table_and_what_to_open_next_are_printed(demo):
    """The terminal shows every student, and the path of a feedback page."""
    output = demo[1]

    assert "s01-solution" in output
    assert "Open next: " in output


def test_a_second_run_keeps_every_mark(demo):
    """Nothing is graded twice, nothing is lost."""
    root, _ = demo
    before = (root / "build" / "demo" / "grades.csv").read_bytes()
    output = run_demo(root)

    assert (root / "build" / "demo" / "grades.csv").read_bytes() == before
    assert "12 kept" in output
