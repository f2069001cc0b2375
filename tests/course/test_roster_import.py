"""The roster into nbgrader's gradebook, and the commands that make a course."""

import re

import pytest

from autograder.course import read_settings
from autograder.course.new_course import init_course
from autograder.grading.record import open_gradebook
from autograder.nbgrader_config import course_config
from tests.course.conftest import ROSTER


def students(home):
    with open_gradebook(course_config(home / "course")) as gradebook:
        return {
            row.id: f"{row.first_name}|{row.last_name}|{row.email}"
            for row in gradebook.students
        }


@pytest.mark.slow
def test_the_roster_comes_and_changes_and_nobody_is_removed(home, run):
    """With a mark of order, semicolons, and names of all alphabets."""
    path = home / "course" / "students.csv"
    assert "2 new" in run("roster", "--dry-run")
    assert not (home / "course" / "gradebook.db").exists()
    assert "new: ada new: bob 2 new" in run("roster")
    assert students(home)["ada"] == "Zoë|Núñez|a@x"

    path.write_text("id,name,email\nada,Zoë Núñez-Groß,a@x\n李明,李 明,\n")
    said = run("roster", "--dry-run")
    assert "changed: ada: Zoë Núñez <a@x> -> Zoë Núñez-Groß <a@x>" in said
    assert "left: bob is not in students.csv; marks and files are kept" in said
    assert said.startswith("new: 李明") and "1 new, 1 changed, 1 left" in said
    assert students(home)["ada"] == "Zoë|Núñez|a@x"
    assert run("roster") == said
    assert set(students(home)) == {"ada", "bob", "李明"}
    assert "0 new, 0 changed, 1 left, 2 unchanged" in run("roster")


@pytest.mark.slow
def test_slips_around_the_roster_are_named(home, run):
    """They would cost somebody marks, or a login."""
    course = home / "course"
    (course / "students.csv").write_text("id\nAda\ngrace\n")
    yaml = (course / "course.yaml").read_text()
    (course / "course.yaml").write_text(yaml + "staff: {instructors: [grace]}\n")
    said = run("roster")

    assert "Ada: a hub logs people in by lower-case names" in said
    assert "grace: stands in students.csv and in the staff of course.yaml" in said
    assert "bob: has an extension in course.yaml, but does not stand in" in said


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ROSTER + "ada;Again;;;\n", "expected every id once in .*, got 'ada' twice"),
        ("id\nada\nADA\n", "got 'ada' and 'ADA', which are one login on a hub"),
        ("name,email\nAda,a@x\n", "expected a column id in .*, got name, email"),
        ("", "expected a column id in .*, got none"),
        ("id\na/b\n", "expected an id of letters.* line 2, got 'a/b'"),
    ],
)
def test_a_bad_roster_changes_nothing(home, run, text, fault):
    """One sentence, status 2, no gradebook."""
    (home / "course" / "students.csv").write_text(text, encoding="utf-8")

    assert re.fullmatch(f"error: .*{fault}.*", run("roster", status=2))
    assert not (home / "course" / "gradebook.db").exists()


def test_a_roster_in_another_encoding_is_refused(home, run):
    """As Excel saves it unless told otherwise."""
    path = home / "course" / "students.csv"
    path.write_bytes("id,name\nada,Zoë\n".encode("latin-1"))

    assert "to be a CSV file in UTF-8" in run("roster", status=2)


def test_a_new_course_has_both_files_and_keeps_them(tmp_path):
    """What it writes can be read back; what people wrote is not touched."""
    root = tmp_path / "fl101"
    title = 'Federated: "Learning"\'s # 1'
    assert len(init_course(root, "fl101", title, "UTC", dry_run=True)) == 2
    assert not root.exists()
    init_course(root, "fl101", title, "UTC", dry_run=False)
    settings = read_settings(root)

    assert (settings.id, settings.title) == ("fl101", title)
    (root / "course.yaml").write_text("id: other\n")
    assert init_course(root, "fl101", "", "UTC", dry_run=False) == []
    assert (root / "course.yaml").read_text() == "id: other\n"


def test_a_new_courses_comments_are_right(tmp_path):
    """Without their marks, the examples in the file are read as well."""
    init_course(tmp_path, "fl101", "", "UTC", dry_run=False)
    path = tmp_path / "course.yaml"
    lines = []
    for line in path.read_text().splitlines():
        is_example = line.startswith(("#  ", "  # ", "# grade_on_submit"))
        lines.append(line.replace("# ", "", 1) if is_example else line)
    text = "\n".join(lines)
    for empty in ("labs: {}", "extensions: {}", "penalties: []"):
        text = text.replace(empty, empty[:-3])
    path.write_text(text)
    settings = read_settings(tmp_path)

    assert settings.hub.memory_bytes == 2 * 2**30
    assert "ada" in settings.extensions
    assert len(settings.labs["lab01_first_round"].rules.tiers) == 2
    assert settings.grade_on_submit.labs == ("lab01_first_round",)


def test_init_refuses_what_is_no_name(run, home):
    """The name becomes a folder of the exchange."""
    said = run("init", "--id", "fl 101", status=2)

    assert "expected an id of letters, digits, _ and - such as fl101" in said


def test_status_says_who_did_what(run, home):
    """Also before anything happened, and where nobody can know."""
    said = run("status")

    assert "0 of 2 fetched (unknown), 0 submitted, 0 of them late, 0 graded" in said
    assert "2099-11-22 17:00 (own)" in said
    assert "did you mean 'means'" in run("status", "maens", status=2)


def test_a_name_is_no_markup_on_the_page(run, home):
    """A roster is typed by people, and a page is opened in a browser."""
    path = home / "course" / "students.csv"
    path.write_text("id,name\nada,<script>alert(1)</script>\n")
    run("status", "--html")
    page = (home / "course" / "status.html").read_text()

    assert "<script" not in page and "&lt;script&gt;" in page
