"""Collecting from an exchange into which anybody can put anything."""

import os

import pytest

from autograder.course.inbound import SECRET
from autograder.course.place import place_of
from autograder.errors import UserError
from autograder.exchange.collect import collect
from autograder.exchange.feedback import release_feedback
from autograder.grading.limits import Limits

YAML = """\
id: fl101
labs: {lab: {deadline: 2026-11-20 17:00 Z}}
extensions: {bob: {lab: +2d}}
"""
KEY = "k" * 128


@pytest.fixture
def place(tmp_path):
    (tmp_path / "course.yaml").write_text(YAML)
    place = place_of(tmp_path)
    place.inbound.mkdir(parents=True)
    return place


def hand_in(place, student, at="2026-11-20 16:00", secret=KEY, text="{}", tag="x"):
    """Make a folder as nbgrader's submit does; `secret` None is one cut off."""
    stamp = f"{at}:00.000001 UTC"
    folder = place.inbound / f"{student}+lab+{stamp}+{tag}"
    folder.mkdir()
    (folder / "lab.ipynb").write_text(text)
    (folder / "timestamp.txt").write_text(stamp)
    if secret is not None:
        (folder / SECRET).write_text(secret)
    return folder


def collected(place, **options):
    return {row.student: row for row in collect(place, "lab", **options)}


def submitted(place, student):
    return place.root / "submitted" / student / "lab"


def test_the_newest_counts_and_the_older_is_kept(place):
    """Of one collected before, nothing is lost, and its marks are not the new one's."""
    hand_in(place, "ada", text="first")
    assert collected(place)["ada"].status == "collected"
    graded = place.root / "autograded" / "ada" / "lab"
    graded.mkdir(parents=True)
    hand_in(place, "ada", "2026-11-20 16:30", text="second")

    assert collected(place)["ada"].status == "updated"
    assert collected(place)["ada"].status == "unchanged"
    assert (submitted(place, "ada") / "lab.ipynb").read_text() == "second"
    old = place.root / "replaced" / "ada" / "lab" / "1" / "lab.ipynb"
    assert old.read_text() == "first"
    assert not graded.exists()


def test_a_dry_run_changes_nothing(place):
    """It says the same."""
    hand_in(place, "ada")

    assert collected(place, dry_run=True)["ada"].status == "collected"
    assert not (place.root / "submitted").exists()


def test_a_late_one_is_taken_and_said_to_be_late(place):
    """What it costs is grading's to say; an extension counts."""
    for student in ("ada", "bob"):
        hand_in(place, student, "2026-11-21 16:00")
    rows = collected(place)

    assert rows["ada"].notes[0] == "23 hours late"
    assert not any("late" in note for note in rows["bob"].notes)


def test_on_time_is_preferred_when_asked_for(place):
    """Somebody who only handed in late is still collected."""
    hand_in(place, "ada", text="on time")
    hand_in(place, "ada", "2026-11-21 16:00", text="late")
    hand_in(place, "eve", "2026-11-21 16:00", text="late")
    rows = collected(place, is_on_time=True)

    assert (submitted(place, "ada") / "lab.ipynb").read_text() == "on time"
    assert "a later one, 23 hours late, was left" in rows["ada"].notes
    assert rows["eve"].status == "collected"


def test_a_forged_time_is_noticed(place):
    """The name is the student's to choose; when the file changed is not."""
    hand_in(place, "ada", "2000-01-01 00:00")
    yaml = YAML.replace("2026-11-20 17:00", "2000-01-02 17:00")
    (place.root / "course.yaml").write_text(yaml)
    row = collected(place_of(place.root))["ada"]

    assert row.status == "collected"
    assert "says it was on time, but its notebook was written after" in row.notes[0]


def test_a_hand_in_that_was_cut_off_leaves_the_older_one(place):
    """A hub killed in the middle of a submit loses nobody's earlier work."""
    hand_in(place, "ada", text="whole")
    cut = hand_in(place, "ada", "2026-11-20 16:30", secret=None)
    rows = collect(place, "lab")
    assert [row.status for row in rows] == ["left out", "collected"]
    assert "is still being handed in" in rows[0].notes[0]
    os.utime(cut, (0, 0))

    assert "was cut off" in collect(place, "lab")[0].notes[0]
    assert (submitted(place, "ada") / "lab.ipynb").read_text() == "whole"


def test_a_folder_in_the_way_stops_nobody_else(place):
    """Links, files and pipes under a hand-in's name."""
    stamp = "2026-11-20 16:00:00.000001 UTC"
    (place.inbound / f"eve+lab+{stamp}+x").symlink_to(hand_in(place, "ada"))
    os.mkfifo(place.inbound / f"kay+lab+{stamp}+x")
    rows = collected(place)

    assert rows["ada"].status == "collected"
    assert rows["eve"].notes == rows["kay"].notes == ("is not a folder",)


def test_links_pipes_and_huge_files_are_left_out(place, tmp_path):
    """nbgrader's own collect follows links with the rights of whoever collects."""
    folder = hand_in(place, "eve")
    (tmp_path / "gradebook.db").write_text("everybody's marks")
    (folder / "data.txt").symlink_to(tmp_path / "gradebook.db")
    (folder / "all").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(10**9)  # sparse: it takes no room here
    (folder / "small.csv").write_text("1,2")
    hand_in(place, "ada")
    rows = collected(place)

    assert rows["ada"].status == rows["eve"].status == "collected"
    taken = sorted(path.name for path in submitted(place, "eve").iterdir())
    assert taken == ["lab.ipynb", "small.csv", SECRET, "timestamp.txt"]
    notes = "; ".join(rows["eve"].notes)
    assert "huge.bin: 1,000 MB, files together may have 100 MB, left out" in notes
    assert "all: a link or a file that cannot be read, left out" in notes
    assert "pipe: no ordinary file, left out" in notes


def test_a_notebook_that_is_too_large_is_left_out(place):
    """Before it is copied."""
    hand_in(place, "eve", text="x" * 2_000)
    limits = Limits(notebook_bytes=1_000)
    row = collected(place, limits=limits)["eve"]

    assert "lab.ipynb: 0 MB, a notebook may have 0.001 MB, left out" in row.notes
    assert not (submitted(place, "eve") / "lab.ipynb").exists()


def test_folders_without_end_are_not_followed(place):
    """There can be more of them than anybody could look at."""
    folder = hand_in(place, "eve")
    deep = folder.joinpath(*["d"] * 40)
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    for number in range(50):
        (folder / f"empty{number}").mkdir()
    notes = collected(place, limits=Limits(num_files=20))["eve"].notes

    assert notes[0] == "more files and folders than can be looked at, left out"
    assert (submitted(place, "eve") / "lab.ipynb").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")
def test_nobody_hands_in_for_another(place, tmp_path):
    """Neither a folder nor, by a hard link, a file of somebody else's."""
    place.hub.joinpath("users.json").write_text('{"ada": 200001, "eve": 200002}')
    os.chown(hand_in(place, "ada", "2026-11-20 16:30", tag="eve"), 200002, -1)
    folder = hand_in(place, "eve")
    (tmp_path / "secret").write_text("of root's")
    os.link(tmp_path / "secret", folder / "linked")
    for path in (folder, *(p for p in folder.iterdir() if p.name != "linked")):
        os.chown(path, 200002, -1)
    rows = collected(place)

    assert rows["ada"].status == "left out"
    assert rows["ada"].notes == ("says it is ada's, but user 200002 made it",)
    assert "linked: a file of another user's, left out" in rows["eve"].notes
    assert not (submitted(place, "eve") / "linked").exists()


def test_strangers_are_taken_and_named(place):
    """A TA who tries it out, or somebody who enrolled late."""
    hand_in(place, "ada")
    hand_in(place, "kay")
    rows = collected(place, known=["ada"])

    assert rows["kay"].notes[-1] == "not in students.csv"
    assert "not in students.csv" not in rows["ada"].notes


def graded(place, student, text, stamp="2026-11-20 16:00:00.000001 UTC"):
    """Lay out what grading leaves behind."""
    folder = place.root / "autograded" / student / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timestamp.txt").write_text(stamp)
    page = place.root / "feedback" / student / "lab" / "lab.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text)


def test_a_page_is_never_another_students(place):
    """A secret that two have is nobody's; a missing one stops nobody else."""
    for student, secret in (("ada", KEY), ("bob", "b" * 128), ("eve", "b" * 128)):
        hand_in(place, student, secret=secret)
    collect(place, "lab")
    for student in ("ada", "bob", "eve", "kay"):
        graded(place, student, f"page of {student}")
    rows = {row.student: row for row in release_feedback(place, "lab")}

    assert rows["ada"].status == "released"
    assert rows["bob"].note == rows["eve"].note == "has the secret of another hand-in"
    assert rows["kay"].note == "did not come through the exchange"
    (page,) = place.feedback.iterdir()
    assert page.read_text() == "page of ada"
    assert page.stat().st_mode & 0o777 == 0o644
    assert place.feedback.stat().st_mode & 0o777 == 0o711


def test_feedback_before_grading_is_refused(place):
    """In one sentence that says what to do."""
    with pytest.raises(UserError, match="run `autograder course grade lab` first"):
        release_feedback(place, "lab")
