"""Finding submissions, and what is taken in of one."""

import datetime
import os

import pytest

from autograder.errors import UserError
from autograder.grading.intake import find_submissions, fingerprint, take_in
from autograder.grading.limits import Limits
from autograder.grading.reading import UnreadableError

NOTEBOOK = '{"nbformat": 4, "nbformat_minor": 5, "cells": []}'
EXPECTED = "expected submissions at .*<student>/means/means.ipynb, got "


@pytest.fixture
def folder(tmp_path):
    """A submission with a notebook of no cells."""
    folder = tmp_path / "submitted" / "ada" / "means"
    folder.mkdir(parents=True)
    (folder / "means.ipynb").write_text(NOTEBOOK)
    return folder


def test_submissions_are_found_by_student(folder, tmp_path):
    """Sorted; students who handed in another lab are not asked for this one."""
    for student, lab in [("Zoe", "means"), ("bob", "other"), (".cache", "means")]:
        (tmp_path / "submitted" / student / lab).mkdir(parents=True)

    found = find_submissions(tmp_path / "submitted", "means")

    assert [path.parent.name for path in found] == ["Zoe", "ada"]


@pytest.mark.parametrize(
    ("paths", "got"),
    [
        ([], "no folder submitted"),
        (["submitted/"], "an empty folder submitted"),
        (["submitted/ada.ipynb"], "ada.ipynb straight in submitted"),
        (["submitted/means/ada/means.ipynb"], "submitted/means/<student>"),
        (
            ["submitted/ada/lab2/", "submitted/bob/lab1/"],
            r"no student with a folder means \(there is lab1, lab2\)",
        ),
    ],
)
def test_another_layout_is_refused_in_one_sentence(tmp_path, paths, got):
    """It says what was expected and what was found."""
    for path in paths:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir() if path.endswith("/") else target.write_text(NOTEBOOK)

    with pytest.raises(UserError, match=EXPECTED + got):
        find_submissions(tmp_path / "submitted", "means")


def test_a_renamed_notebook_is_read_with_a_note(folder):
    """If it is the only one."""
    (folder / "means.ipynb").rename(folder / "means (1).ipynb")

    assert (
        "means (1).ipynb was read instead"
        in take_in(folder, "means", Limits()).notes[0]
    )


def test_no_notebook_or_a_choice_of_them_is_refused(folder):
    """Nobody guesses which of two files a student meant."""
    (folder / "means.ipynb").rename(folder / "a.ipynb")
    (folder / "b.ipynb").write_text(NOTEBOOK)

    with pytest.raises(UnreadableError, match=r"means.ipynb, got 2 others"):
        take_in(folder, "means", Limits())
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(UnreadableError, match=r"means.ipynb, got none"):
        take_in(folder, "means", Limits())


def test_data_files_are_taken_along_links_are_not(folder):
    """Nor other notebooks, checkpoints or nbgrader's own files."""
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_text("1")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "means.ipynb").write_text("x")
    (folder / "old.ipynb").write_text("x")
    (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    (folder / "key").symlink_to("/etc/passwd")
    (folder / "all").symlink_to("/etc")
    os.mkfifo(folder / "pipe")

    submission = take_in(folder, "means", Limits())

    assert submission.files == ("data/a.csv",)
    assert [note.split()[0] for note in submission.notes] == ["all", "key", "pipe"]
    assert submission.handed_in == datetime.datetime(2026, 1, 31, 12)


def test_data_files_beyond_the_limit_are_left_out(folder):
    """The notebook is still run."""
    (folder / "a.bin").write_bytes(b"0" * 600)
    (folder / "b.bin").write_bytes(b"0" * 600)

    submission = take_in(folder, "means", Limits(files_bytes=1000))

    assert submission.files == ("a.bin",)
    assert submission.notes == ("the files from b.bin on exceed 0.001 MB",)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "\udcff", "99999999999"])
def test_a_timestamp_that_is_no_date_is_refused(folder, text):
    """nbgrader stops grading the student without a word in the gradebook."""
    (folder / "timestamp.txt").write_text(text, errors="surrogateescape")

    with pytest.raises(UnreadableError, match="expected a date and time"):
        take_in(folder, "means", Limits())


def test_a_link_in_place_of_the_folder_is_refused(folder, tmp_path):
    """It could lead to another student's."""
    (tmp_path / "submitted" / "eve").mkdir()
    link = tmp_path / "submitted" / "eve" / "means"
    link.symlink_to(folder)

    with pytest.raises(UnreadableError, match="got a link"):
        take_in(link, "means", Limits())
    assert fingerprint(link, Limits()) != fingerprint(folder, Limits())


def test_the_fingerprint_changes_with_anything_handed_in(folder):
    """A changed notebook, a new file, another time."""
    seen = {fingerprint(folder, Limits())}
    for name in ("means.ipynb", "a.csv", "timestamp.txt"):
        (folder / name).write_text("changed")
        seen.add(fingerprint(folder, Limits()))

    assert len(seen) == 4
    assert fingerprint(folder, Limits()) in seen


def test_files_that_cannot_be_copied_are_left_out(folder):
    """The grader's own names, and those that are too long below another folder."""
    (folder / "grading.json").mkdir()
    (folder / "grading.json" / "inside").touch()
    (folder / ("x" * 250) / ("y" * 250) / ("z" * 250)).mkdir(parents=True)
    for name in ("short", "w" * 250):
        (folder / ("x" * 250) / ("y" * 250) / ("z" * 250) / name).touch()

    submission = take_in(folder, "means", Limits())

    assert [len(name) for name in submission.files] == [758]
    own, long = submission.notes
    assert own.startswith("grading.json/inside has a name that the grader needs")
    assert long == f"{'x' * 100} has too long a name and was left out"


def test_there_are_so_many_files_and_no_more(folder):
    """Each costs time, and room in the sandbox, however short it is."""
    for k in range(5):
        (folder / f"{k}").touch()

    submission = take_in(folder, "means", Limits(num_files=3))

    assert submission.files == ("0", "1", "2")
    assert submission.notes == ("the files from 3 on are more than 3",)


def test_the_fingerprint_reads_no_more_than_may_be_handed_in(folder):
    """A file of a terabyte takes no room on the disk, and an hour to read."""
    for name in ("a", "b"):
        with (folder / name).open("wb") as file:
            file.truncate(2**40)

    before = fingerprint(folder, Limits())
    os.utime(folder / "b", (1, 1))

    assert fingerprint(folder, Limits()) != before
