"""Grading on submit, with nbgrader's own submit, real grading and real restarts."""

import datetime
import re
import signal
import subprocess
import sys
import threading

import pytest

from autograder.course.place import place_of
from autograder.errors import UserError
from autograder.exchange import on_submit as service_module
from autograder.exchange.on_submit import OnSubmit
from autograder.exchange.service import alone, serve
from tests.grading.tiny import RIGHT

pytestmark = pytest.mark.slow
WRONG = {**RIGHT, "largest": "def largest(values):\n    return 0"}
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


class Clock:
    """A clock that tests set."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watched(home, run, clock):
    """A course whose lab is out; returns how to start its service."""
    run("release", "means")
    path = home / "course" / "course.yaml"
    path.write_text(path.read_text() + "grade_on_submit: {per_hour: 1}\n")
    return lambda: OnSubmit(home / "course", home, workers=1, now=clock)


def hand_in(one, answers):
    """Fetch where that was not done, answer, submit."""
    if not (one.home / "means").exists():
        one.fetch("means")
    one.answer("means", answers)
    one.submit("means")


def marks_exist(home):
    return any((home / "course").glob("autograded/*")) or any(
        (home / "course").glob("submitted/*")
    )


def test_reports_come_with_the_hour_and_survive_a_restart(
    home, watched, student, clock
):
    """Visible and hidden tests, one report an hour, no marks, nothing twice."""
    ada, bob = student("ada"), student("bob")
    hand_in(ada, WRONG)
    bob.fetch("means")
    (bob.home / "means" / "means.ipynb").write_text("{not json")
    bob.submit("means")

    assert watched().step() == 2
    assert watched().step() == 0  # another process would know as much
    (page,) = ada.fetch_feedback("means")
    text = page.read_text()
    assert "This is an automatic report on what you handed in" in text
    assert "the largest of 1, 5, 2 is 5" in text and "test-mean-many" in text
    (page,) = bob.fetch_feedback("means")
    text = re.sub("[0-9a-f]{64}", "", page.read_text())  # a digest may spell a name
    assert "expected" in text and "ada" not in text
    assert not marks_exist(home)

    hand_in(ada, RIGHT)
    assert watched().step() == 1
    page = ada.fetch_feedback("means")[-1]
    assert "You have had 1 report on this lab in an hour" in page.read_text()
    assert "the next comes after 2026-11-20 13:00 UTC" in page.read_text()
    assert watched().step() == 0
    clock.now = NOON + datetime.timedelta(minutes=61)
    assert watched().step() == 1
    page = ada.fetch_feedback("means")[-1]
    assert "<strong>9</strong>" in page.read_text()


def test_a_failure_is_tried_again_and_given_up_alone(
    home, watched, student, monkeypatch
):
    """Whatever grading stumbles over, the others get their reports."""
    real = service_module.report

    def report(place, lab, handins, done, **options):
        if any(one.student == "bob" for one in handins):
            raise RuntimeError("bob's notebook is cursed")
        return real(place, lab, handins, done, **options)

    monkeypatch.setattr(service_module, "report", report)
    ada, bob = student("ada"), student("bob")
    hand_in(ada, RIGHT)
    hand_in(bob, RIGHT)
    service = watched()

    assert [service.step() for _ in range(4)] == [0, 1, 0, 0]
    (page,) = ada.fetch_feedback("means")
    assert "<strong>9</strong>" in page.read_text()
    (page,) = bob.fetch_feedback("means")
    assert "no automatic report could be made" in page.read_text()


def test_the_courses_own_feedback_takes_the_reports_place(run, watched, student):
    """Collecting and grading know nothing of reports."""
    ada = student("ada")
    hand_in(ada, WRONG)
    watched().step()
    run("collect", "means")
    run("grade", "means", "--workers", "1")
    assert "1 updated" in run("feedback", "means")
    (page,) = ada.fetch_feedback("means")

    assert "automatic report" not in page.read_text()
    assert watched().step() == 0
    assert "1 unchanged" in run("feedback", "means")


def test_a_fault_of_the_staffs_is_waited_out(home, watched, student, caplog):
    """A slip in course.yaml is logged once; when it is mended, reports come."""
    ada, stop = student("ada"), threading.Event()
    hand_in(ada, RIGHT)
    service = watched()
    path = home / "course" / "course.yaml"
    good = path.read_text()
    path.write_text(good + "labz: 1\n")

    steps = iter(range(100))
    real = service.step

    def step():
        if next(steps) == 3:
            path.write_text(good)
        if real():
            stop.set()

    service.step = step
    serve(service, stop, poll_s=0.01)
    assert len(ada.fetch_feedback("means")) == 1
    assert sum("labz is not known" in line for line in caplog.messages) == 1


def test_two_services_do_not_answer_one_course(home, watched, run):
    """The second says so, and can be started when the first has ended."""
    place = place_of(home / "course")
    second = pytest.raises(UserError, match="only one")
    with alone(place), second, alone(place):
        pass
    assert "0 answered" in run("watch", "--once")


def test_the_service_ends_when_it_is_told_to(home, watched, student):
    """Started as a hub starts it; killed before it answered, it loses nothing."""
    ada = student("ada")
    hand_in(ada, RIGHT)
    line = [sys.executable, "-m", "autograder.exchange.service"]
    process = subprocess.Popen(
        [*line, str(home / "course"), str(home)], stderr=subprocess.PIPE, text=True
    )
    try:
        said = ""
        for said in process.stderr:
            if "reported" in said:
                break
        assert "ada+means+" in said
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0
    assert len(ada.fetch_feedback("means")) == 1
    assert watched().step() == 0


def test_watching_nothing_is_refused(run, home):
    """Nothing would ever be answered."""
    said = run("watch", status=2)

    assert "expected labs to watch, found none: name one, or write grade_on" in said
    assert "did you mean 'means'" in run("watch", "maens", status=2)


def test_a_dry_run_says_who_is_next(home, run, watched, student):
    """And writes no page."""
    ada = student("ada")
    hand_in(ada, RIGHT)

    assert "1 would be reported on: ada+means+" in run("watch", "--dry-run")
    assert not (home / "course/hub/exchange/fl101/feedback").exists()
