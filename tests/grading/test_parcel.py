"""A folder that travels: what is laid out reads like what was packed."""

import os

from autograder.grading.intake import take_in
from autograder.grading.limits import Limits
from autograder.grading.parcel import pack, unpack


def test_what_arrives_reads_like_what_was_sent(course, tmp_path):
    """Files in folders, a link, a pipe and a file that is too large."""
    course.submit("ada")
    folder = course.folder("ada")
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_bytes(b"1,2\n")
    (folder / "secret").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "zeros.bin").write_bytes(bytes(3000))
    limits = Limits(files_bytes=1000)

    parcel = pack(folder, limits.files_bytes * 10)
    arrived = take_in(unpack(parcel, tmp_path), "means", limits)

    sent = take_in(folder, "means", limits)
    assert arrived.files == sent.files == ("data/a.csv",)
    assert arrived.notes == sent.notes
    assert len(sent.notes) == 3
    assert arrived.notebook == sent.notebook


def test_no_more_travels_than_it_takes_to_say_too_large(course):
    """One byte over the limit."""
    course.submit("bob")
    (course.folder("bob") / "zeros.bin").write_bytes(bytes(3000))

    sizes = {e.name: len(e.content) for e in pack(course.folder("bob"), 1000).entries}

    assert sizes["zeros.bin"] == 1001


def test_a_submission_that_is_not_a_folder_arrives_as_one_that_is_not(tmp_path):
    """It is flagged there as it would be here."""
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "means").write_text("a file")

    folder = unpack(pack(tmp_path / "eve" / "means", 1000), tmp_path / "there")

    assert folder.is_file()
