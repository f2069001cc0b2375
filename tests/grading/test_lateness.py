"""Deadlines of `course.yaml` in nbgrader's gradebook."""

import datetime
import shutil

import pytest
from nbgrader.api import Gradebook, SubmittedAssignment

from autograder.errors import UserError
from tests.grading.tiny import FULL

RULES = """\
penalties: [{after: 0h, percent: 10}, {after: 24h, percent: 50}]
labs: {means: {deadline: 2026-11-20 17:00 Europe/London}}
"""


@pytest.fixture
def course(course):
    """The module's course without submissions, results or rules."""
    for step in ("submitted", "autograded", "feedback"):
        shutil.rmtree(course.root / step, ignore_errors=True)
    (course.root / "course.yaml").unlink(missing_ok=True)
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions("means"):
            gradebook.remove_submission("means", submission.student.id)
    return course


def hand_in(course, student, when, **answers):
    course.submit(student, **answers)
    if when:
        (course.folder(student) / "timestamp.txt").write_text(f"{when} UTC")


def rules(course, text):
    (course.root / "course.yaml").write_text(text)


def test_lateness_is_taken_off_and_explained(course):
    """In the marks, in nbgrader's own fields, and on the page."""
    rules(course, RULES)
    hand_in(course, "ada", "2026-11-20 17:00:00")
    hand_in(course, "bob", "2026-11-20 18:30:00")
    hand_in(course, "eve", "")
    marks = course.grade()

    assert [marks[s].penalty for s in ("ada", "bob", "eve")] == [0, 0.9, 0]
    assert marks["bob"].total == pytest.approx(sum(FULL.values()) * 0.9)
    assert "handed in 1 hour 30 minutes after the deadline" in course.page("bob")
    assert "10 % taken off" in course.page("bob")
    assert marks["ada"].lateness == ""
    assert "is not known" in marks["eve"].lateness
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission("means", "bob")
        assert submission.late_submission_penalty == pytest.approx(0.9)
        assert submission.duedate == datetime.datetime(2026, 11, 20, 17)
        assert submission.total_seconds_late == 5400


def test_an_extension_counts_without_grading_again(course):
    """Nothing is run; the gradebook and the page follow."""
    rules(course, RULES)
    hand_in(course, "bob", "2026-11-20 18:30:00")
    assert course.grade()["bob"].penalty == pytest.approx(0.9)
    rules(course, RULES + "extensions: {bob: {means: +2d}}\n")
    bob = course.grade()["bob"]

    assert (bob.status, bob.penalty, bob.lateness) == ("kept", 0, "")
    assert "taken off" not in course.page("bob")
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission("means", "bob")
        assert submission.extension == datetime.timedelta(days=2)
        assert submission.total_seconds_late == 0


def test_a_persons_mark_changes_what_a_percentage_is_of(course):
    """10 % of 9 points, then of 12."""
    rules(course, RULES)
    hand_in(course, "bob", "2026-11-20 18:30:00")
    course.grade()
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("meaning", "means", "means", "bob")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.db.commit()

    assert course.grade()["bob"].penalty == pytest.approx(1.2)


def test_a_percentage_of_the_maximum_never_goes_below_zero(course):
    """50 % of 12 points is more than the 5 that were earned."""
    rules(course, RULES + "percent_of: maximum\n")
    hand_in(course, "bob", "2026-11-25 18:30:00", largest="pass")
    bob = course.grade()["bob"]

    assert (bob.penalty, bob.total) == (5, 0)


def test_grace_days_are_spent_in_the_order_of_deadlines(course):
    """Two days used for an earlier lab leave one of three."""
    rules(
        course,
        RULES.replace(
            "labs: {",
            "grace_days: {total: 3, per_lab: 2}\nlabs: {earlier: {deadline: "
            "2026-11-01 17:00 Z}, later: {deadline: 2026-11-25 17:00 Z}, ",
        ),
    )
    hand_in(course, "bob", "2026-11-22 12:00:00")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("bob")
        for lab, day in (("earlier", 3), ("later", 28)):
            row = SubmittedAssignment(
                assignment_id=gradebook.add_assignment(lab).id,
                student_id="bob",
                timestamp=datetime.datetime(2026, 11, day, 12),
            )
            gradebook.db.add(row)
        gradebook.db.commit()
    try:
        bob = course.grade()["bob"]
    finally:
        with course.gradebook() as gradebook:
            for lab in ("earlier", "later"):
                gradebook.remove_submission(lab, "bob")
                gradebook.db.delete(gradebook.find_assignment(lab))
                gradebook.db.commit()

    assert "1 grace day used, 10 % taken off" in bob.lateness


def test_a_fault_in_the_rules_stops_the_run_before_anything_is_graded(course):
    """Not one failure for each student."""
    hand_in(course, "ada", "")
    rules(course, RULES.replace("10", "-10"))
    with pytest.raises(UserError, match="expected a number from 0 to 100"):
        course.grade()

    assert not (course.root / "autograded").exists()


def test_a_lab_without_a_deadline_has_nbgraders_rule(course):
    """Which takes nothing off, and is not asked otherwise."""
    rules(course, RULES.replace("means", "another"))
    hand_in(course, "ada", "2036-01-01 00:00:00")

    assert course.grade()["ada"].penalty == 0


def test_one_failure_leaves_all_penalties_as_they_were(course, monkeypatch):
    """They are written in one transaction."""
    rules(course, RULES)
    hand_in(course, "ada", "2026-11-20 18:30:00")
    course.grade()
    rules(course, RULES + "extensions: {ada: {means: +2d}}\n")
    with monkeypatch.context() as patch:
        patch.setattr(Gradebook, "assignment_submissions", None)
        with pytest.raises(TypeError):
            course.grade()

    with course.gradebook() as gradebook:
        assert gradebook.find_submission("means", "ada").late_submission_penalty
