"""A lab on a real exchange, there and back, with a real gradebook.

The students' side is nbgrader's own; the course's side are the commands.
"""

import nbformat
import pytest

from autograder.authoring.catalog import find_lab
from autograder.simulated_class import without_markers
from tests.course.conftest import YAML
from tests.grading.tiny import RIGHT

pytestmark = pytest.mark.slow


def test_from_the_roster_to_the_students_own_feedback(run, home, student):
    """Every step is done once, said once, and done again changes nothing."""
    assert "2 new" in run("roster")
    assert "2 unchanged" in run("roster")
    assert "released, due Friday 20 November 2099, 17:00 UTC" in run("release", "means")
    assert "means: already released" in run("release", "means")
    ada, bob = student("ada"), student("bob")
    for one, largest in ((ada, RIGHT["largest"]), (bob, "def largest(v): return 0")):
        text = nbformat.read(one.fetch("means"), as_version=4).cells[1].source
        assert text.startswith("**Due Friday 20 November 2099, 17:00 UTC.**")
        one.answer("means", {**RIGHT, "largest": largest})
        one.submit("means")

    assert "2 collected" in run("collect", "means", "--dry-run")
    assert "2 collected" in run("collect", "means")
    assert "2 unchanged" in run("collect", "means")
    assert "2 would be graded: ada, bob" in run("grade", "means", "--dry-run")
    run("grade", "means", "--workers", "1")
    assert "0 would be graded: nobody" in run("grade", "means", "--dry-run")
    assert "2 released" in run("feedback", "means", "--dry-run")
    assert not ada.listed("means")["has_exchange_feedback"]
    assert "2 released" in run("feedback", "means")
    assert "2 unchanged" in run("feedback", "means")

    (page,) = ada.fetch_feedback("means")
    assert "ada: <strong>9</strong>" in page.read_text().replace("\n", " ")
    (page,) = bob.fetch_feedback("means")
    assert "the largest of 1, 5, 2 is 5" in page.read_text()
    assert "ada" not in page.read_text()
    assert bob.listed("means")["has_local_feedback"]
    said = run("status", "--html")
    assert "2 of 2 fetched, 2 submitted, 0 of them late, 2 graded, 2 with feed" in said
    assert "2099-11-22 17:00 (own)" in said
    assert "Zoë Núñez" in (home / "course" / "status.html").read_text()


def test_a_newer_hand_in_is_graded_anew(run, home, student):
    """It takes the place of the older one, whose page stays its own."""
    run("release", "means")
    ada = student("ada")
    ada.fetch("means")
    ada.answer("means", {**RIGHT, "largest": "def largest(values):\n    return 0"})
    ada.submit("means")
    run("collect", "means")
    run("grade", "means", "--workers", "1")
    run("feedback", "means")
    ada.answer("means", RIGHT)
    ada.submit("means")

    assert "1 updated" in run("collect", "means")
    assert "ada left out was not graded since it was collected" in run(
        "feedback", "means"
    )
    run("grade", "means", "--workers", "1")
    assert "1 released" in run("feedback", "means")
    old, new = ada.fetch_feedback("means")
    assert "<strong>5</strong>" in old.read_text()
    assert "<strong>9</strong>" in new.read_text()


def test_a_changed_lab_is_released_again_only_by_force(run, home, student):
    """And what changed is said first."""
    run("release", "means")
    source = home / "solutions" / "means" / "means.py"
    source.write_text(source.read_text().replace("average to 2, got", "give 2, got"))
    (home / "course" / "course.yaml").write_text(YAML.replace("20 17", "21 17"))

    said = run("release", "means", status=2)
    assert "got changes (the deadline changed, test-mean changed): students who" in said
    assert "released again" in run("release", "means", "--force", "--dry-run")
    text = student("ada").fetch("means").read_text()
    assert "average to 2" in text and "20 November" in text
    run("release", "means", "--force")
    text = student("bob").fetch("means").read_text()
    assert "give 2" in text and "21 November" in text


def test_a_lab_is_not_given_out_too_early(run, home):
    """Unless somebody says so."""
    yaml = YAML.replace("{deadline", "{release: 2099-11-06 09:00, deadline")
    (home / "course" / "course.yaml").write_text(yaml)

    said = run("release", "means", status=2)
    assert "from Friday 6 November 2099, 09:00 UTC on, as course.yaml says" in said
    assert not (home / "course" / "hub").exists()
    run("release", "means", "--now")
    assert (home / "course" / "hub/exchange/fl101/outbound/means/means.ipynb").exists()


def test_lab_1_from_release_to_feedback(run, home, student, request):
    """The first lab, its solution and its answers, with its own checks."""
    root, name = request.config.rootpath, "lab01_first_round"
    lab = find_lab(root, name)
    run("release", name, "--root", root)
    ada = student("ada")
    ada.fetch(name)
    answers = {
        cell.grade_id: without_markers(cell.source)
        for cell in lab.of_kind("exercise", "question")
    }
    ada.answer(name, answers)
    ada.submit(name)
    run("collect", name, "--root", root)
    run("grade", name, "--root", root, "--workers", "1")
    run("feedback", name, "--root", root)

    (page,) = ada.fetch_feedback(name)
    tests = lab.of_kind("test")
    points = sum(cell.points for cell in tests)
    assert f"ada: <strong>{points:g}</strong>" in page.read_text().replace("\n", " ")
