"""How a student stands: read from a course folder and its exchange."""

import datetime
import json
import os

import pytest
from nbgrader.utils import notebook_hash

from autograder.course.inbound import SECRET, feedback_name, handed_in
from autograder.course.place import place_of
from autograder.course.standing import labs_of, publish, standing
from autograder.errors import UserError

YAML = """\
id: fl101
time_zone: UTC
labs:
  late: {deadline: 2026-12-20 17:00}
  early: {deadline: 2026-11-20 17:00}
extensions:
  ada: {early: +48h}
"""
STAMP = "2026-11-21 09:30:00.123456 UTC"
KEY = "k" * 128


@pytest.fixture
def place(tmp_path):
    (tmp_path / "course.yaml").write_text(YAML)
    place = place_of(tmp_path)
    place.inbound.mkdir(parents=True)
    return place


def hand_in(place, student, lab="early", stamp=STAMP, secret=KEY, random="+x_-1"):
    folder = place.inbound / f"{student}+{lab}+{stamp}{random}"
    folder.mkdir()
    (folder / f"{lab}.ipynb").write_text("{}")
    (folder / "timestamp.txt").write_text(stamp)
    if secret:
        (folder / SECRET).write_text(secret)
    return folder


def of(place, student, lab="early"):
    (one,) = [one for one in standing(place, student) if one.lab == lab]
    return one


def test_labs_come_by_deadline_and_unknown_releases_last(place):
    """As a student meets them."""
    (place.outbound / "more").mkdir(parents=True)

    assert labs_of(place) == ["early", "late", "more"]
    assert of(place, "ada", "more").own_deadline is None
    assert of(place, "ada", "more").is_released


def test_each_student_sees_the_own_deadline(place):
    """An extension is one student's; lateness counts from it."""
    hand_in(place, "ada")
    hand_in(place, "bob")

    assert of(place, "ada").own_deadline.isoformat() == "2026-11-22T17:00:00+00:00"
    assert of(place, "bob").own_deadline == of(place, "ada").deadline
    assert (of(place, "ada").is_late, of(place, "bob").is_late) == (False, True)


def test_fetched_is_known_where_the_homes_are(place):
    """nbgrader's exchange keeps no record of it."""
    assert of(place, "ada").was_fetched is None
    (place.homes / "ada" / "early").mkdir(parents=True)

    assert of(place, "ada").was_fetched is True
    assert of(place, "ada", "late").was_fetched is False
    assert of(place, "bob").was_fetched is False


def test_graded_and_feedback_are_of_the_newest_hand_in(place):
    """What was said of an older one is not an answer to the new one."""
    hand_in(place, "ada")
    for step in ("submitted", "autograded"):
        folder = place.root / step / "ada" / "early"
        folder.mkdir(parents=True)
        (folder / "early.ipynb").write_text("{}")
    (place.root / "submitted/ada/early/timestamp.txt").write_text(STAMP)
    place.feedback.mkdir()
    (place.feedback / feedback_name(KEY, "early")).write_text("page")
    before = of(place, "ada")
    hand_in(place, "ada", stamp=STAMP.replace("09:30", "10:30"), secret="z" * 128)

    assert (before.is_graded, before.has_feedback) == (True, True)
    assert (of(place, "ada").is_graded, of(place, "ada").has_feedback) == (False, False)
    assert of(place, "ada").submitted_at.hour == 10


def test_feedback_is_called_as_nbgrader_calls_it():
    """Or Fetch Feedback would not find it."""
    name = notebook_hash(secret=KEY, notebook_id="early")

    assert feedback_name(KEY, "early") == f"{name}.html"


def test_a_hand_in_that_was_cut_off_does_not_count(place):
    """Its older one does; it may still be being written."""
    hand_in(place, "ada")
    cut = hand_in(place, "ada", stamp=STAMP.replace("09:30", "10:30"), secret="")
    young = handed_in(place)[1]
    os.utime(cut, (0, 0))
    (one, other) = handed_in(place)

    assert young.is_young and not other.is_young
    assert "was cut off" in other.problem and one.problem == ""
    assert of(place, "ada").submitted_at == one.at


@pytest.mark.parametrize(
    "name",
    [
        "ada+early",
        "ada+early+yesterday+x",
        "ada+early+2026-13-41 09:30:00.123456 UTC+x",
        f"..+early+{STAMP}+x",
        f"*+early+{STAMP}+x",
        f".ada+early+{STAMP}+x",
        f"+early+{STAMP}+x",
    ],
)
def test_a_name_that_is_no_hand_ins_is_passed_over(place, name):
    """Anybody can make a folder there, and none may stop the others."""
    (place.inbound / name).mkdir()
    hand_in(place, "ada")

    assert [one.student for one in handed_in(place)] == ["ada"]


def test_links_are_not_followed(place, tmp_path):
    """A secret that points elsewhere is none, and so is a folder."""
    folder = hand_in(place, "ada", secret="")
    (tmp_path / "other").write_text("of another student")
    (folder / SECRET).symlink_to(tmp_path / "other")
    link = place.inbound / f"bob+early+{STAMP}+x"
    link.symlink_to(folder)
    problems = {one.student: one.problem for one in handed_in(place)}

    assert "was cut off" in problems["ada"]
    assert problems["bob"] == "is not a folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")
def test_a_hand_in_that_another_user_made_is_not_the_students(place):
    """Or anybody could replace anybody's work; the staff's own are taken."""
    place.hub.joinpath("users.json").write_text('{"ada": 200001, "eve": 200002}')
    os.chown(hand_in(place, "ada", random="+a"), 200001, -1)
    os.chown(hand_in(place, "ada", random="+e"), 200002, -1)
    hand_in(place, "ada", random="+root")
    problems = [one.problem for one in handed_in(place)]

    assert problems == ["", "says it is ada's, but user 200002 made it", ""]


def test_a_students_file_is_written_when_it_changes(place):
    """Only then, whole, and readable by its owner alone."""
    assert publish(place, ["ada", "bob"]) == ["ada", "bob"]
    assert publish(place, ["ada", "bob"]) == []
    hand_in(place, "bob")

    assert publish(place, ["ada", "bob"]) == ["bob"]
    path = place.standing / "bob.json"
    lab = json.loads(path.read_text())["labs"][0]
    at = datetime.datetime.fromisoformat(lab["submitted_at"])
    assert f"{at:%Y-%m-%d %H:%M:%S.%f} UTC" == STAMP
    assert path.stat().st_mode & 0o777 == 0o400


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")
def test_a_students_file_belongs_to_the_student(place):
    """Extensions are nobody else's business; nobody can list the folder."""
    place.hub.joinpath("users.json").write_text('{"ada": 200001}')
    publish(place, ["ada"])

    assert (place.standing / "ada.json").stat().st_uid == 200001
    assert place.standing.stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, r"expected a file course\.yaml in .*: `autograder course init` makes"),
        ("labs: {}", "expected an id in .*: add a line such as id: fl101"),
    ],
)
def test_a_course_needs_a_file_with_an_id(tmp_path, text, fault):
    """The exchange's folders are called after it."""
    if text is not None:
        (tmp_path / "course.yaml").write_text(text)
    with pytest.raises(UserError, match=fault):
        place_of(tmp_path)
