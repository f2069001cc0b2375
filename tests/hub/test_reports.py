"""Grading on submit on a real hub: hand in, and soon read the report in one's own home.

Over HTTP: what a student's own server sees of the exchange, and nobody else's does.
"""

import json
import os
import time

import pytest

from autograder.hub.demo_course import LAB, make_demo_course
from tests.hub.conftest import Hub

pytestmark = pytest.mark.slow

COURSE = {"course_id": "fl101", "assignment_id": LAB}
PATIENCE_S = 300  # the first report finds out what the lab's wrong answers say


@pytest.fixture(scope="module")
def hub(_tools, tmp_path_factory):
    """The demo course, with grading on submit and more time for ada."""
    course = tmp_path_factory.mktemp("hub") / "course"
    make_demo_course(course)
    text = (course / "course.yaml").read_text()
    text += f"grade_on_submit: {{per_hour: 2}}\nextensions: {{ada: {{{LAB}: +48h}}}}\n"
    (course / "course.yaml").write_text(text)
    hub = Hub(course, "--demo")
    try:
        yield hub.start()
    finally:
        hub.close()


@pytest.fixture(scope="module")
def ada(inside):
    """She has fetched lab 1 and handed it in as it came."""
    ada = inside("ada")
    for step in ("fetch", "submit"):
        assert ada.call("POST", f"assignments/{step}", json=COURSE).json()["success"]
    return ada


def waited_for(question):
    """Ask until there is an answer; return it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(1)
    raise AssertionError(f"no answer in {PATIENCE_S} s")


def standing(visitor, name):
    """Return what a server can read of somebody's standing, "" if nothing."""
    path = f"/srv/exchange/fl101/standing/{name}.json"
    code = f"""
import json, os
path = {path!r}
readable = os.path.exists(path) and os.access(path, os.R_OK)
print(json.dumps(open(path).read() if readable else ""))
"""
    return json.loads(visitor.run(code))


def test_a_report_comes_by_itself(hub, ada):
    """Into the exchange's feedback, from where the student alone fetches it."""
    feedback = hub.course / "hub" / "exchange" / "fl101" / "feedback"
    waited_for(lambda: list(feedback.glob("*.html")))
    answer = ada.call("POST", "assignments/fetch_feedback", json=COURSE).json()
    assert answer["success"], answer
    code = f"""
import glob
(page,) = glob.glob("**/{LAB}/feedback/*/{LAB}.html", recursive=True)
print(open(page).read())
"""
    page = ada.run(code)

    assert "This is an automatic report on what you handed in" in page
    assert "raise NotImplementedError" in page or "NotImplementedError" in page
    assert not list(hub.course.glob("autograded/*"))


def test_a_student_reads_the_own_standing(hub, ada):
    """With the extension that nobody else has, and the feedback that waits."""

    def told():
        text = standing(ada, "ada")
        (lab,) = json.loads(text)["labs"] if text else [{}]
        return lab.get("has_feedback") and lab

    lab = waited_for(told)

    assert lab["submitted_at"] and lab["was_fetched"]
    assert lab["own_deadline"] > lab["deadline"]


@pytest.mark.skipif(os.getuid() != 0, reason="without root all are one user")
def test_a_standing_is_nobody_elses_to_read(hub, ada, inside):
    """Extensions have reasons."""
    waited_for(lambda: standing(ada, "ada"))
    bob = inside("bob")

    assert standing(bob, "ada") == ""
    assert waited_for(lambda: standing(bob, "bob"))
