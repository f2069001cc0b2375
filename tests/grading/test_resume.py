"""Grading again: what is kept, what is graded, what is only reported."""

import shutil

import pytest
from nbgrader.api import Gradebook

from autograder.authoring import read_lab
from autograder.grading.intake import find_submissions
from tests.grading.tiny import FULL, points

WRONG = "def mean(values):\n    return 0.0"


@pytest.fixture
def course(course):
    """The module's course without submissions or results, but with its gradebook."""
    for step in ("submitted", "autograded", "feedback"):
        shutil.rmtree(course.root / step, ignore_errors=True)
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions("means"):
            gradebook.remove_submission("means", submission.student.id)
    return course


def statuses(marks):
    return {student: marks[student].status for student in marks}


def test_what_is_unchanged_is_kept(course):
    """No kernel is started, and marks, page and table stay byte for byte."""
    course.submit("ada")
    course.submit("bob", text="{")
    first = course.grade()
    files = [p for p in course.root.rglob("*") if p.is_file() and p.suffix != ".db"]
    results = {
        p: (p.read_bytes(), p.stat().st_mtime_ns)
        for p in files
        if "autograded" in str(p)
    }
    page, table = course.page("ada"), (course.root / "grades.csv").read_bytes()

    second = course.grade()

    assert statuses(second) == {"ada": "kept", "bob": "kept"}
    assert second["ada"].marks == first["ada"].marks
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in results} == results
    assert (course.page("ada"), (course.root / "grades.csv").read_bytes()) == (
        page,
        table,
    )


def test_what_changed_after_grading_is_reported_not_replaced(course):
    """Until somebody says force."""
    course.submit("ada")
    course.grade()
    course.submit("ada", mean=WRONG)

    changed = course.grade()["ada"]
    forced = course.grade(force=True)["ada"]

    assert (changed.status, points(changed)) == ("changed", FULL)
    assert changed.notes[-1].startswith("the submission changed since it was graded")
    assert changed.needs_review
    assert forced.status == "graded"
    assert points(forced)["test-mean"] == 0
    assert "0.0" in course.page("ada")


def test_the_page_follows_the_notebook(course):
    """Also where another answer has the same marks."""
    course.submit("ada")
    course.grade()
    course.submit("ada", meaning="A second thought.")
    course.grade(force=True)

    assert "A second thought." in course.page("ada")


def test_a_lab_that_changed_is_reported_the_same_way(course):
    """Its tests may give other marks now."""
    course.submit("ada")
    course.grade()
    path = course.lab.path
    source = path.read_text()
    try:
        path.write_text(source.replace("size=10", "size=11"))
        course.lab = read_lab(path)
        marks = course.grade()["ada"]
        assert (marks.status, points(marks)) == ("changed", FULL)
        assert marks.notes[-1].startswith("the lab changed since it was graded")
    finally:
        path.write_text(source)
        course.lab = read_lab(path)


def test_an_unreadable_submission_is_graded_once_it_can_be_read(course):
    """Its zero was nobody's mark."""
    course.submit("ada", text="{")
    assert course.grade()["ada"].status == "unreadable"
    course.submit("ada")

    marks = course.grade()["ada"]

    assert (marks.status, points(marks), marks.needs_review) == ("graded", FULL, False)


def test_a_killed_run_goes_on_where_it_stopped(course):
    """Who was done is kept, who was not is graded, nobody twice."""
    for student in ("ada", "bob", "eve"):
        course.submit(student)

    class KilledError(BaseException):
        pass

    def kill(done, total, student):
        if done == 1:
            raise KilledError

    with pytest.raises(KilledError):
        course.grade(progress=kill)

    assert statuses(course.grade()) == {"ada": "kept", "bob": "graded", "eve": "graded"}


@pytest.mark.parametrize("moment", ["commit", "move"])
def test_killed_between_two_steps_nothing_is_lost_or_doubled(
    course, monkeypatch, moment
):
    """Before the gradebook has the marks, and before the folder is in its place."""

    class KilledError(BaseException):
        pass

    def kill(*arguments):
        raise KilledError

    course.submit("ada")
    with monkeypatch.context() as patch:
        if moment == "commit":
            patch.setattr("autograder.grading.record._take_off_lateness", kill)
        else:
            patch.setattr("autograder.grading.results.move_into_place", kill)
        with pytest.raises(KilledError):
            course.grade()
    with course.gradebook() as gradebook:
        submissions = gradebook.assignment_submissions("means")
    assert len(submissions) == (0 if moment == "commit" else 1)

    marks = course.grade()["ada"]

    assert (marks.status, points(marks)) == ("graded", FULL)
    with course.gradebook() as gradebook:
        assert len(gradebook.assignment_submissions("means")) == 1
    assert [p.name for p in (course.root / "autograded" / "ada").iterdir()] == ["means"]


def test_a_persons_mark_stays_and_counts(course):
    """Also after grading again; the page shows it without being asked."""
    course.submit("ada")
    course.grade()
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("meaning", "means", "means", "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        comment = gradebook.find_comment("meaning", "means", "means", "ada")
        comment.manual_comment = "Of what <b>kind</b>?"
        gradebook.db.commit()

    kept = course.grade()["ada"]
    page = course.page("ada")
    forced = course.grade(force=True)["ada"]

    assert (kept.status, kept.total, kept.num_pending) == ("kept", 11.5, 0)
    assert "Of what &lt;b&gt;kind&lt;/b&gt;?" in page
    assert "2.5 of 3" in page
    assert forced.total == 11.5


def test_results_of_another_program_are_left_alone(course):
    """A folder of nbgrader's own autograde has no ledger of ours."""
    course.submit("ada")
    course.grade()
    (course.root / "autograded" / "ada" / "means" / "grading.json").unlink()

    assert course.grade()["ada"].status == "changed"


def test_a_lost_gradebook_is_filled_again(course):
    """Folders without marks in the gradebook do not count as done."""
    course.submit("ada")
    course.grade()
    with course.gradebook() as gradebook:
        gradebook.remove_submission("means", "ada")

    assert course.grade()["ada"].status == "graded"


def test_a_failure_of_grading_itself_is_reported_and_tried_again(course, monkeypatch):
    """The batch goes on, and nothing counts as done."""
    course.submit("ada")
    course.submit("bob")
    real = Gradebook.find_submission_notebook

    def fail_for_ada(self, notebook, assignment, student):
        if student == "ada":
            raise OSError("disk full")
        return real(self, notebook, assignment, student)

    with monkeypatch.context() as patch:
        patch.setattr(Gradebook, "find_submission_notebook", fail_for_ada)
        marks = course.grade()

    assert statuses(marks) == {"ada": "failed", "bob": "graded"}
    assert marks["ada"].notes == ("grading failed, run it again: OSError: disk full",)
    assert statuses(course.grade()) == {"ada": "graded", "bob": "kept"}


def test_lateness_is_the_courses_rule(course):
    """nbgrader's own rule takes nothing off; the time handed in is recorded."""
    course.submit("ada")
    (course.folder("ada") / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC")

    marks = course.grade()["ada"]

    assert (marks.penalty, marks.total) == (0, 9)
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission("means", "ada")
        assert submission.timestamp.isoformat() == "2026-01-31T12:00:00"


def test_progress_is_told_from_the_first_to_the_last(course):
    """Before the first student and after each."""
    course.submit("ada")
    course.submit("bob", text="{")
    told = []
    course.grade(progress=lambda *step: told.append(step))

    assert told == [(0, 2, ""), (1, 2, "ada"), (2, 2, "bob")]
    assert len(find_submissions(course.root / "submitted", "means")) == 2
