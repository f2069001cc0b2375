"""What grading on submit turns to, and what it remembers."""

import datetime

import pytest

from autograder.course.inbound import feedback_name
from autograder.course.place import place_of
from autograder.exchange.journal import Journal
from autograder.exchange.queue import queue_of
from tests.course.test_collect import KEY, YAML, hand_in

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "course.yaml").write_text(YAML)
    place = place_of(tmp_path)
    place.inbound.mkdir(parents=True)
    return place


@pytest.fixture
def journal(place):
    return Journal(place.hub / "grade_on_submit" / "journal.jsonl")


def minutes(number):
    return NOON + datetime.timedelta(minutes=number)


def names(handins):
    return [f"{one.student} {one.at:%H:%M}" for one in handins]


def test_the_newest_of_each_student_is_next_the_oldest_first(place, journal):
    """Nobody waits for somebody who came later."""
    for student, at in (("ada", "09:00"), ("bob", "09:10"), ("ada", "09:20")):
        hand_in(place, student, f"2026-11-20 {at}")
    queue = queue_of(place, ["lab"], journal, 3, NOON)

    assert names(queue.now) == ["bob 09:10", "ada 09:20"]
    assert names(queue.superseded) == ["ada 09:00"]
    assert not queue_of(place, ["other"], journal, 3, NOON).now


def test_a_student_has_so_many_reports_an_hour(place, journal):
    """The next is due an hour after the one that fills the hour; others go on."""
    for minute in (0, 10, 30):
        journal.add(f"old{minute}", "ada", "lab", "reported", minutes(minute))
    journal.add("other lab", "bob", "other", "reported", minutes(30))
    hand_in(place, "ada")
    hand_in(place, "bob")
    queue = queue_of(place, ["lab"], journal, 2, minutes(40))

    assert names(queue.now) == ["bob 16:00"]
    ((waiting, until),) = queue.waiting
    assert (waiting.student, until) == ("ada", minutes(70))
    assert len(queue_of(place, ["lab"], journal, 2, minutes(71)).now) == 2


def test_what_is_answered_is_answered_after_a_restart(place, journal):
    """The journal is on the disk before anything else happens."""
    for student in ("ada", "bob"):
        journal.add(
            hand_in(place, student).name, student, "lab", "reported", minutes(0)
        )
    again = Journal(place.hub / "grade_on_submit" / "journal.jsonl")
    queue = queue_of(place, ["lab"], again, 1, minutes(1))

    assert not (queue.now or queue.waiting)
    assert again.reports("ada", "lab", minutes(-1)) == [minutes(0)]


@pytest.mark.parametrize("tail", [b'\n{"name": "half', b"\n\xff\xfe", b"\n[]", b"\n{}"])
def test_a_line_that_was_cut_off_is_passed_over(place, journal, tail):
    """And the next one is whole."""
    journal.add("one", "ada", "lab", "reported", minutes(0))
    path = place.hub / "grade_on_submit" / "journal.jsonl"
    path.write_bytes(path.read_bytes() + tail)
    Journal(path).add("two", "ada", "lab", "reported", minutes(1))
    again = Journal(path)

    assert again.result_of("one") == again.result_of("two") == "reported"


def test_a_page_that_the_course_released_stays(place, journal):
    """The course's own feedback beats a report; a waiting notice does not."""
    name = hand_in(place, "ada").name
    place.feedback.mkdir()
    (place.feedback / feedback_name(KEY, "lab")).write_text("the course's")
    assert names(queue_of(place, ["lab"], journal, 3, NOON).answered) == ["ada 16:00"]
    journal.add(name, "ada", "lab", "waiting", NOON)

    assert names(queue_of(place, ["lab"], journal, 3, NOON).now) == ["ada 16:00"]


def test_a_hand_in_that_is_still_written_is_left_alone(place, journal):
    """It has no secret yet."""
    hand_in(place, "ada", secret=None)
    queue = queue_of(place, ["lab"], journal, 3, NOON)

    assert not (queue.now or queue.waiting or queue.superseded)
