"""Grading again after a test was corrected: the exact difference, and no more."""

import csv
import shutil
from contextlib import contextmanager

import pytest

from autograder.authoring import read_lab
from autograder.errors import UserError
from autograder.grading import regrade_steps
from autograder.grading.regrade import regrade
from autograder.reports.changes import summary, write_changes_csv
from tests.grading.tiny import QUICK, Course, points

WRONG = "def mean(values):\n    return 2.0  # right for 1 and 3"


@contextmanager
def corrected(course, old, new):
    """Change the lab's source for a while."""
    path = course.lab.path
    source = path.read_text()
    assert old in source
    try:
        path.write_text(source.replace(old, new))
        yield read_lab(path)
    finally:
        path.write_text(source)


@pytest.fixture(scope="module")
def graded(template, tmp_path_factory):
    """A course with three graded students, one of them with a mark by hand."""
    root = tmp_path_factory.mktemp("regrade") / "course"
    shutil.copytree(template.root, root)
    path = root / "solutions" / "means" / "means.py"
    course = Course(root, read_lab(path))
    course.submit("ada")
    course.submit("bob", mean=WRONG)
    course.submit("eve", text="{")
    course.grade()
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("meaning", "means", "means", "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    course.grade()
    return course


@pytest.fixture
def course(graded, tmp_path):
    """A copy of it."""
    root = tmp_path / "course"
    shutil.copytree(graded.root, root)
    return Course(root, read_lab(root / "solutions" / "means" / "means.py"))


def marks_in(course):
    with course.gradebook() as gradebook:
        return {
            (submission.student_id, grade.cell.name): (
                grade.auto_score,
                grade.manual_score,
                bool(grade.needs_manual_grade),
            )
            for submission in gradebook.assignment_submissions("means")
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def files_in(course):
    return {
        path.relative_to(course.root): path.read_bytes()
        for step in ("submitted", "autograded", "feedback", "release")
        for path in (course.root / step).rglob("*")
        if path.is_file()
    }


def changes(result):
    return [(c.student, c.grade_id, c.old, c.new) for c in result.changes]


def test_a_dry_run_says_who_changes_and_changes_nothing(course):
    """A test too strict before: bob gains 2 points, ada none."""
    before = (
        marks_in(course),
        files_in(course),
        (course.root / "grades.csv").read_bytes(),
    )
    with corrected(course, "got == 2.0", "got == 2.0 or got == 3.0") as lab:
        same = regrade(course.root, lab, limits=QUICK)
    with corrected(course, "got == 2.0", "got == 2.5") as lab:
        strict = regrade(course.root, lab, limits=QUICK)

    assert changes(same) == []
    assert changes(strict) == [
        ("ada", "test-mean", 2, 0),
        ("bob", "test-mean", 2, 0),
    ]
    assert strict.changes[0].why == "1 and 3 average to 2, got 2.0"
    assert summary(strict).splitlines() == [
        "3 graded again: 2 would change, 0 up and 2 down, by -4 points in all",
        "ada: -2",
        "bob: -2",
    ]
    after = (
        marks_in(course),
        files_in(course),
        (course.root / "grades.csv").read_bytes(),
    )
    assert after == before


def test_applying_it_gives_what_was_shown(course):
    """Gradebook, pages and table follow; a person's mark stays as it was."""
    with corrected(course, "many.mean())", "many.mean(), atol=9)") as lab:
        course.lab = lab
        result = regrade(course.root, lab, apply=True, limits=QUICK)
        again = regrade(course.root, lab, limits=QUICK)
        kept = course.grade()

    assert changes(result) == [("bob", "test-mean-many", 0, 3)]
    assert result.changes[0].why == "the check passes now"
    assert changes(again) == []
    assert [kept[s].status for s in ("ada", "bob", "eve")] == ["kept"] * 3
    assert points(kept["bob"])["test-mean-many"] == 3
    assert marks_in(course)["ada", "meaning"] == (None, 2.5, False)
    assert "3 / 3" in " ".join(course.page("bob").split()).replace("\n", " ")
    with (course.root / "grades.csv").open(newline="") as file:
        totals = {row["student"]: row["total"] for row in csv.DictReader(file)}
    assert totals == {"ada": "11.5", "bob": "9", "eve": "0"}


def test_no_mark_is_lowered_if_so_wished(course):
    """Cell by cell; the page says which mark was kept."""
    with corrected(course, "got == 2.0", "got == 2.5") as lab:
        course.lab = lab
        result = regrade(course.root, lab, apply=True, never_lower=True, limits=QUICK)
        kept = course.grade()

    assert [c.is_kept for c in result.changes] == [True, True]
    assert summary(result).startswith(
        "3 graded again: 0 changed, 0 up and 0 down, by +0"
    )
    assert points(kept["ada"])["test-mean"] == 2
    assert kept["ada"].marks[0].message == ""
    assert "`test-mean` was graded again; the earlier mark 2 was kept" in (
        kept["ada"].notes
    )
    assert "the earlier mark 2 was kept" in course.page("ada")


def test_a_check_that_is_new_is_refused(course):
    """nbgrader's gradebook cannot add one once there are submissions."""
    new = '# %% test="largest" case="new" points=1\nassert largest([2]) == 2\n'
    marker = "# %% [markdown]\n# What is a mean good for?"
    before = marks_in(course)
    with (
        corrected(course, marker, f"{new}\n{marker}") as lab,
        pytest.raises(UserError, match="Cannot add or remove cells"),
    ):
        regrade(course.root, lab, apply=True, limits=QUICK)

    assert marks_in(course) == before


def test_a_changed_submission_is_told(course):
    """Its marks change because of the student, not of the test."""
    course.submit("bob")
    (change,) = regrade(course.root, course.lab, limits=QUICK).changes

    assert change.why == (
        "the submission changed since it was graded; the check passes now"
    )


def test_whose_grading_fails_is_left_alone(course, monkeypatch):
    """And named."""

    def fail(*arguments):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("autograder.grading.marking.score_notebook", fail)
        options = {"limits": QUICK, "workers": 1}
        result = regrade(course.root, course.lab, apply=True, **options)

    assert [one.student for one in result.failed] == ["ada", "bob"]
    assert "ada: grading failed, run it again: OSError: disk full" in summary(result)
    assert points(course.grade()["bob"])["test-mean"] == 2


def test_killed_half_way_it_is_run_again(course, monkeypatch):
    """One student is done, one is not; nobody has lost a mark for good."""

    class KilledError(BaseException):
        pass

    real, done = regrade_steps.move_into_place, []

    def kill(folder, place):
        done.append(place)
        if len(done) == 2:
            raise KilledError
        real(folder, place)

    with corrected(course, "got == 2.0", "got == 2.5") as lab:
        course.lab = lab
        with monkeypatch.context() as patch:
            patch.setattr(regrade_steps, "move_into_place", kill)
            with pytest.raises(KilledError):
                regrade(course.root, lab, apply=True, never_lower=True, limits=QUICK)
        regrade(course.root, lab, apply=True, never_lower=True, limits=QUICK)
        kept = course.grade()

    assert [points(kept[s])["test-mean"] for s in ("ada", "bob")] == [2, 2]
    assert [kept[s].status for s in ("ada", "bob", "eve")] == ["kept"] * 3


def test_a_course_that_was_never_graded_is_refused(tmp_path, template):
    """One sentence that says what to do."""
    with pytest.raises(
        UserError, match=r"found no gradebook\.db: run `autograder grade"
    ):
        regrade(tmp_path, template.lab)


def test_changes_are_written_as_a_spreadsheet(course, tmp_path):
    """Text that looks like a formula is text."""
    path = course.lab.path
    source = path.read_text()
    path.write_text(
        source.replace('f"1 and 3 average', 'f"=1+1, 1 and 3 average').replace(
            "got == 2.0", "got == 2.5"
        )
    )
    result = regrade(course.root, read_lab(path), limits=QUICK)
    write_changes_csv(result, tmp_path / "changes.csv")
    with (tmp_path / "changes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert rows[0] == {
        "student": "ada",
        "check": "test-mean",
        "old": "2",
        "new": "0",
        "difference": "-2",
        "kept": "",
        "why": "'=1+1, 1 and 3 average to 2, got 2.0",
    }
