"""What `course.yaml` says of a course on a hub, and the faults in it."""

import datetime
from pathlib import Path

import pytest

from autograder.course import GradeOnSubmit, HubSettings, Staff, read_settings
from autograder.errors import UserError

GOOD = """\
id: fl101
title: "Federated Learning: 2026"
time_zone: Europe/London
staff: {instructors: [grace], assistants: [alan, kay]}
hub: {authenticator: pam, memory: 2G, cpus: 1.5, idle: 90m}
exchange: /srv/exchange
grade_on_submit: {labs: [lab01], per_hour: 5}
labs:
  lab01: {release: 2026-11-06 09:00, deadline: 2026-11-20 17:00}
  lab02: {deadline: 2026-12-04 17:00}
"""


def read(root, text):
    (root / "course.yaml").write_text(text, encoding="utf-8")
    return read_settings(root)


def test_everything_is_read(tmp_path):
    """The hub, the course commands and the start page have one source."""
    course = read(tmp_path, GOOD)

    assert (course.id, course.title) == ("fl101", "Federated Learning: 2026")
    assert course.staff == Staff(("grace",), ("alan", "kay"))
    assert course.staff.everyone == ("grace", "alan", "kay")
    assert course.hub == HubSettings("pam", 2 * 2**30, 1.5, 5400)
    assert course.exchange == Path("/srv/exchange")
    assert course.grade_on_submit == GradeOnSubmit(("lab01",), 5)
    released = course.labs["lab01"].release.astimezone(datetime.UTC)
    assert released.isoformat()[:16] == "2026-11-06T09:00"
    assert course.labs["lab02"].release is None


def test_nothing_of_it_need_be_there(tmp_path):
    """A course that takes hand-ins from Moodle has no hub."""
    course = read(tmp_path, "labs: {}")

    assert (course.id, course.exchange, course.staff) == ("", None, Staff())
    assert course.hub.authenticator == "native"
    assert course.grade_on_submit.labs == ()


def test_grading_on_submit_is_of_all_labs_unless_some_are_named(tmp_path):
    """The key alone turns it on."""
    due = "{deadline: 2026-11-20 17:00 Z}"
    course = read(
        tmp_path, f"labs: {{a: {due}, b: {due}}}\ngrade_on_submit: {{per_hour: 2}}"
    )

    assert course.grade_on_submit == GradeOnSubmit(("a", "b"), 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("id: a/b", "id: expected an id of letters, digits, _ and - such as fl101"),
        ("staff: {instructors: grace}", "staff.instructors should be a list"),
        ("staff: {assistants: [../x]}", "assistants[0]: expected an id of letters"),
        (
            "staff: {instructors: [a], assistants: [a]}",
            "staff has 'a' as instructor and as assistant",
        ),
        ("staff: {tas: [a]}", "staff.tas is not known here, expected instructors or"),
        ("hub: {authenticator: none}", "expected native, pam or dummy, got 'none'"),
        ("hub: {memory: 2T}", "expected an amount of memory such as 2G or 800M"),
        ("hub: {cpus: 0}", "hub.cpus: expected a number from 0.1 to 1000"),
        ("exchange: here", "exchange: expected a path from the root such as"),
        ("grade_on_submit: {labs: [x]}", "grade_on_submit.labs[0]: expected nothing"),
        (
            "labs: {a: {release: 2026-11-21 17:00 Z, deadline: 2026-11-20 17:00 Z}}",
            "labs.a.release should be a moment before the deadline",
        ),
    ],
)
def test_every_fault_is_one_sentence_with_its_place(tmp_path, text, fault):
    """As for the rest of the file."""
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)

    assert str(caught.value).startswith("course.yaml, line 1: ")
    assert fault in str(caught.value)
