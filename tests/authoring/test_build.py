"""`labs/` is what `solutions/` give: the same bytes anywhere, nothing more."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring import build_labs, find_lab
from autograder.authoring.notebook import as_bytes, instructor_notebook
from autograder.errors import UserError

STUDENT = "labs/lab01_mean/lab01_mean.ipynb"


def files_of(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


@pytest.fixture
def course(built, tmp_path):
    """A copy of the built course, to be changed."""
    return shutil.copytree(built, tmp_path / "copy")


def test_students_get_the_notebook_and_nothing_else(built):
    """No source, no bank, no gradebook: one file a lab, and a page for all."""
    assert files_of(built / "labs") == ["README.md", "lab01_mean/lab01_mean.ipynb"]
    assert files_of(built / "solutions") == ["lab01_mean/lab01_mean.py"]


def test_the_student_notebook_is_valid_and_names_its_source(built):
    """nbformat and nbgrader accept it; no outputs, no counts, a checksum per cell."""
    notebook = nbformat.read(built / STUDENT, as_version=4)

    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert notebook.metadata["generated_from"] == "solutions/lab01_mean/lab01_mean.py"
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        if "nbgrader" in cell.metadata:
            assert re.fullmatch("[0-9a-f]{32}", cell.metadata["nbgrader"]["checksum"])


def test_nothing_secret_stands_in_the_file(built):
    """Neither answers nor hidden tests nor their markers."""
    text = (built / STUDENT).read_text("utf-8")

    for secret in ("BEGIN", "total = sum", "np.isclose", "Because the sum"):
        assert secret not in text
    assert "raise NotImplementedError" in text


def test_the_same_source_gives_the_same_bytes_in_another_folder(built, write_lab):
    """No id, path, time or random number of this build is in the file."""
    root = write_lab().parents[2]
    report = build_labs(root)

    assert report.written == ("lab01_mean",)
    assert (root / STUDENT).read_bytes() == (built / STUDENT).read_bytes()


def test_an_unchanged_lab_is_not_written(course):
    """The file's time stays, so that make and editors see no change."""
    os.utime(course / STUDENT, (1, 1))
    report = build_labs(course)

    assert (report.written, report.unchanged) == ((), ("lab01_mean",))
    assert report.summary() == "0 labs written, 1 unchanged"
    assert (course / STUDENT).stat().st_mtime == 1


def test_a_changed_notebook_is_written_again(course):
    """`labs/` is a product: an edit there does not last."""
    fresh = (course / STUDENT).read_bytes()
    (course / STUDENT).write_bytes(b"edited")

    assert build_labs(course).summary() == "1 lab written (lab01_mean), 0 unchanged"
    assert (course / STUDENT).read_bytes() == fresh


def test_check_passes_on_a_fresh_build_and_writes_nothing(course):
    """What CI runs."""
    before = files_of(course)

    assert build_labs(course, check=True).unchanged == ("lab01_mean",)
    assert files_of(course) == before


def test_check_lists_what_differs_and_writes_nothing(course):
    """Stale, missing and orphaned labs are named together."""
    (course / STUDENT).write_bytes(b"edited")
    shutil.copytree(course / "solutions/lab01_mean", course / "solutions/lab02_new")
    (course / "solutions/lab02_new/lab01_mean.py").rename(
        course / "solutions/lab02_new/lab02_new.py"
    )
    (course / "labs/lab09_gone").mkdir()

    with pytest.raises(
        UserError,
        match="lab01_mean is stale, lab02_new is missing, README is stale, lab09_gone",
    ):
        build_labs(course, check=True)
    assert (course / STUDENT).read_bytes() == b"edited"
    assert not (course / "labs/lab02_new").exists()


def test_a_build_names_folders_without_a_source_and_leaves_them(course):
    """They may be somebody's work."""
    (course / "labs/lab09_gone").mkdir()
    report = build_labs(course)

    assert report.orphans == ("lab09_gone",)
    assert report.summary() == "0 labs written, 1 unchanged, no source for (lab09_gone)"
    assert (course / "labs/lab09_gone").is_dir()


def test_all_faults_of_all_labs_are_said_together(write_lab):
    """One run tells an author everything; nothing is written."""
    first = write_lab(("points=2", "points=0"))
    second = write_lab(("hidden=true", "hidden=1"), name="lab02_other")
    root = first.parents[2]

    with pytest.raises(UserError) as raised:
        build_labs(root)
    places = [line.split(": ")[0] for line in str(raised.value).splitlines()]
    assert places == [f"{first}:14", f"{first}:16", f"{first}:36", f"{second}:39"]
    assert not (root / "labs").exists()


def test_chosen_labs_alone_are_built(write_lab):
    """A fault elsewhere does not keep an author from building this one."""
    write_lab(("points=2", "points=0"))
    root = write_lab(name="lab02_other").parents[2]

    assert build_labs(root, ["lab02_other", "lab02_other"]).written == ("lab02_other",)
    assert files_of(root / "labs") == ["lab02_other/lab02_other.ipynb"]


def test_an_unknown_lab_is_refused_with_the_name_that_is_close(built):
    """For the builder and for whoever looks a lab up."""
    for ask in (
        lambda: build_labs(built, ["lab01_maen"]),
        lambda: find_lab(built, "lab01_maen"),
    ):
        with pytest.raises(UserError, match="got 'lab01_maen': did you mean 'lab01_m"):
            ask()
    with pytest.raises(UserError, match=r"the labs lab01_mean, got 'zzz'$"):
        find_lab(built, "zzz")


def test_a_folder_without_solutions_is_refused(tmp_path):
    """Students do not have one: the sentence says so."""
    with pytest.raises(UserError, match=r"got no such folder.*students do not have"):
        build_labs(tmp_path)


def test_a_lab_source_has_its_folders_name(write_lab):
    """A misnamed file would silently be no lab."""
    path = write_lab()
    path.rename(path.with_name("lab01_means.py"))

    with pytest.raises(UserError, match=r"expected a lab source .*lab01_mean\.py"):
        build_labs(path.parents[2])


def test_find_lab_reads_the_source(built):
    """A lab by its name."""
    assert find_lab(built, "lab01_mean").points == 9


@pytest.mark.slow
def test_nbgraders_own_validate_passes_answers_and_refuses_stubs(built, tmp_path):
    """The Validate button of an instructor, and of a student who has not begun."""
    answered = tmp_path / "answered.ipynb"
    answered.write_bytes(as_bytes(instructor_notebook(find_lab(built, "lab01_mean"))))
    validate = [sys.executable, "-m", "nbgrader", "validate"]

    said = [
        subprocess.run(
            [*validate, str(path)],
            capture_output=True,
            check=True,
            text=True,
            cwd=tmp_path,
        ).stdout
        for path in (answered, built / STUDENT)
    ]

    assert said[0] == "Success! Your notebook passes all the tests.\n"
    # The visible test and the question; a hidden test has nothing that could fail.
    assert said[1].startswith("VALIDATION FAILED ON 2 CELL(S)!")
