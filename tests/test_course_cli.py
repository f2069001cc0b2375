"""A TA's evening on the command line: intake, grade, report, export, regrade."""

import csv
import re
import sys
from pathlib import Path

import nbformat
import pytest

from autograder import cli
from autograder.authoring import generate, read_lab
from tests.course.downloads import moodle, zipped
from tests.grading.tiny import LAB, RIGHT, name_of

ROOT = Path(__file__).parent.parent
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 1,Ada Lovelace,a@x.org,Submitted,,12.00,Yes,"Friday, 20 November 2026, \
6:00 PM",-,
Participant 2,Bob Ray,b@x.org,Submitted,,12.00,Yes,"Friday, 20 November 2026, \
4:00 PM",-,
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with the sources of one tiny lab and an empty course, to run in."""
    path = tmp_path / "solutions" / "means" / "means.py"
    path.parent.mkdir(parents=True)
    path.write_text(LAB)
    (tmp_path / "course").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command; return its exit status and what it printed, on one line."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["autograder", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        return exit_.value.code, " ".join((printed.out + printed.err).split())

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("intake", "lab01_frist_round", "x.zip"),
        ("report", "lab01_frist_round"),
        ("export", "lab01_frist_round", "--moodle", "x.csv"),
        ("regrade", "lab01_frist_round", "--dry-run"),
    ],
)
def test_an_unknown_lab_gets_a_suggestion(run, arguments):
    """A typo costs one sentence, not a traceback."""
    status, said = run(*arguments, "--root", ROOT)

    assert status == 2
    assert "did you mean 'lab01_first_round'" in said


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (
            ("intake", "means", "x.zip", "--course", "no"),
            "course folder no, found none",
        ),
        (("intake", "means", "x.zip", "--course", "course"), "found no x.zip"),
        (("report", "means", "--course", "no"), "course folder .*no, found none"),
        (("report", "means", "--course", "course"), "run `autograder grade means"),
        (
            ("export", "means", "--course", "course"),
            "one of --moodle FILE and --canvas",
        ),
        (("regrade", "means", "--course", "no"), "course folder no, found none"),
        (("regrade", "means", "--course", "course"), "found no gradebook.db"),
    ],
)
def test_a_missing_course_or_file_is_one_sentence(run, home, arguments, fault):
    """With exit status 2, and nothing is made."""
    status, said = run(*arguments)

    assert status == 2
    assert re.fullmatch(f"error: expected .*{fault}.*", said)
    assert list((home / "course").iterdir()) == []


def right_answers(home):
    """Return the lab's notebook with every answer right."""
    lab = read_lab(home / "solutions" / "means" / "means.py")
    notebook = nbformat.read(generate(lab, home / "made", None), as_version=4)
    for cell in notebook.cells:
        cell["source"] = RIGHT.get(name_of(cell), cell.source)
    return nbformat.writes(notebook)


@pytest.mark.slow
def test_from_the_zip_file_to_the_platform(run, home):
    """Lateness by Moodle's worksheet, marks back into it, a report on the way."""
    course = home / "course"
    (course / "course.yaml").write_text(
        "labs: {means: {deadline: 2026-11-20 17:00 Z, penalties: [{after: 0h, "
        "percent: 50}]}, maens: {deadline: 2026-11-20 17:00 Z}}\n"
        "extensions: {ada-lovelac: {means: +2d}}\n"
    )
    (home / "sheet.csv").write_text(WORKSHEET)
    download = zipped(
        home / "all.zip",
        {
            moodle("Ada Lovelace", 1, "means.ipynb"): right_answers(home),
            moodle("Bob Ray", 2, "means.ipynb"): "{",
            "../evil\x1b[2J_3_assignsubmission_file_/means.ipynb": "{}",
        },
    )
    status, said = run(
        *("intake", "means", download, "--course", "course"),
        *("--worksheet", "sheet.csv"),
    )
    assert status == 0
    assert "2 taken" in said and "left out ../evil?[2J" in said

    status, said = run("grade", "means", "--course", "course")
    assert status == 0
    assert "course/report.html" in said
    assert "labs.maens: there is no such lab: did you mean 'means'?" in said
    assert "did you mean 'ada-lovelace'?" in said

    status, said = run("report", "means", "--course", "course")
    assert (status, said) == (
        0,
        "2 graded, 0 not graded, 1 to look at: course/report.html",
    )
    assert "handed in 1 hour after the deadline" in (course / "report.html").read_text()

    status, said = run(
        *("export", "means", "--course", "course", "--moodle", "sheet.csv")
    )
    assert status == 0 and said.startswith(
        "2 grades filled in: course/means-moodle.csv"
    )
    with (course / "means-moodle.csv").open(newline="") as file:
        grades = {row["Full name"]: row["Grade"] for row in csv.DictReader(file)}
    assert grades == {"Ada Lovelace": "4.50", "Bob Ray": "0.00"}

    status, said = run(
        *("export", "means", "--course", "course"),
        *("--moodle", "course/means-moodle.csv"),
    )
    assert (status, "another file to write" in said) == (2, True)

    source = home / "solutions" / "means" / "means.py"
    source.write_text(source.read_text().replace("got == 2.0", "True or got"))
    status, said = run(
        *("regrade", "means", "--course", "course", "--dry-run", "--csv", "c.csv")
    )
    assert status == 0
    assert "Nothing was changed" in said
    assert (home / "c.csv").read_text().startswith('"student","check","old","new"')
