"""A class with every kind of submission, graded once with real kernels."""

import os
import shutil

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.errors import UserError
from autograder.nbgrader_config import course_config
from tests.grading.tiny import FULL, RIGHT, cell_named, name_of, points

ZERO = dict.fromkeys(FULL, 0)
NOISE = """
import sys, warnings
def mean(values):
    warnings.warn("old")
    print("a warning that means nothing", file=sys.stderr)
    print("x" * 5_000_000)
    return sum(values) / len(values)
"""


def edited(notebook, name, source):
    cell_named(notebook, name)["source"] = source
    return notebook


def without(notebook, name):
    notebook.cells.remove(cell_named(notebook, name))
    return notebook


def forged(notebook):
    cell_named(notebook, "test-mean").metadata.nbgrader.update(
        grade=False, solution=True, locked=False, schema_version=99, points=500
    )
    return notebook


def doubled(notebook):
    copy = {**cell_named(notebook, "test-mean"), "id": "copy"}
    notebook.cells.append(nbformat.from_dict(copy))
    return notebook


@pytest.fixture(scope="module")
def marks(course):
    """Student -> marks of the whole class."""
    course.submit("untouched", course.released)
    course.submit("right")
    course.submit("wrong", mean="def mean(values):\n    return values[0]")
    course.submit("raises", mean="import no_such_package\n" + RIGHT["mean"])
    course.submit("noisy", mean=NOISE)
    course.submit("deleted-test", without(course.answered(), "test-mean-many"))
    course.submit("edited-test", edited(course.answered(), "test-mean", "assert True"))
    wrong = course.answered(mean="def mean(values):\n    return 2.0")
    course.submit("cheats", edited(wrong, "test-mean-many", "pass"))
    course.submit("forged", forged(course.answered()))
    course.submit("doubled", doubled(course.answered()))
    course.submit("dies", largest=RIGHT["largest"] + "\nimport os; os._exit(1)")
    course.submit("loops", mean="def mean(values):\n    while True: pass")
    course.submit("not-json", text="{")
    course.submit("empty", text="")
    course.folder("missing")
    course.submit("renamed").rename(course.folder("renamed") / "means-1.ipynb")
    link = course.folder("link") / "means.ipynb"
    link.symlink_to(course.root / "release" / "means" / "means.ipynb")
    course.submit("no-words", edited(course.answered(), "meaning", ""))
    return course.grade()


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("untouched", ZERO),
        ("right", FULL),
        ("wrong", {**FULL, "test-mean": 0, "test-mean-many": 0}),
        ("raises", {**FULL, "test-mean": 0, "test-mean-many": 0}),
        ("noisy", FULL),
        ("deleted-test", FULL),
        ("edited-test", FULL),
        ("cheats", {**FULL, "test-mean-many": 0}),
        ("forged", FULL),
        ("doubled", FULL),
        ("dies", {**FULL, "test-largest": 0}),
        ("loops", {**FULL, "test-mean": 0, "test-mean-many": 0}),
        ("renamed", FULL),
    ],
)
def test_marks_are_for_the_answers_alone(marks, student, expected):
    """Whatever else the notebook does or looks like."""
    assert points(marks[student]) == expected
    assert marks[student].status == "graded"


@pytest.mark.parametrize("student", ["right", "wrong", "raises", "noisy", "loops"])
def test_sound_notebooks_need_no_review(marks, student):
    """And have nothing to note."""
    assert not marks[student].needs_review
    assert marks[student].notes == ()


@pytest.mark.parametrize(
    ("student", "note"),
    [
        ("deleted-test", "`test-mean-many` was missing; it was put back"),
        ("edited-test", "`test-mean` had been edited; the original was run"),
        ("cheats", "`test-mean-many` had been edited; the original was run"),
        ("forged", "`test-mean` had changed metadata; they were restored"),
        ("doubled", "`test-mean` stood there twice; the last one counts"),
        ("dies", "`largest` was the last cell that ran: the kernel died"),
        ("renamed", "expected means.ipynb; means-1.ipynb was read instead"),
    ],
)
def test_repairs_are_noted_and_shown(course, marks, student, note):
    """In the report and on the student's page."""
    assert note in marks[student].notes
    assert note.split("`")[-1] in course.page(student)


@pytest.mark.parametrize(
    ("student", "note"),
    [
        ("not-json", "expected a notebook, but means.ipynb is not valid JSON"),
        ("empty", "expected a notebook, got an empty file means.ipynb"),
        ("missing", "expected a notebook means.ipynb, got none"),
        ("link", "expected a file means.ipynb, got a symbolic link"),
    ],
)
def test_unreadable_submissions_get_a_flagged_zero(course, marks, student, note):
    """With one sentence, in the report, the gradebook and on a page."""
    assert marks[student].status == "unreadable"
    assert marks[student].notes == (note,)
    assert (marks[student].total, marks[student].needs_review) == (0, True)
    assert note in course.page(student)
    with course.gradebook() as gradebook:
        for name in [*FULL, "meaning"]:
            grade = gradebook.find_grade(name, "means", "means", student)
            assert (grade.auto_score, grade.needs_manual_grade) == (0, True)


def test_messages_say_why_marks_were_lost(marks):
    """The author's sentence, the error, or what happened to the cell."""
    messages = {
        (student, mark.grade_id): mark.message
        for student in ("wrong", "raises", "loops", "dies", "untouched")
        for mark in marks[student].marks
    }

    assert messages["wrong", "test-mean"] == "1 and 3 average to 2, got 1.0"
    assert messages["wrong", "test-mean-many"] == "wrong for ten numbers"
    assert messages["raises", "test-mean"].startswith("`mean` is not defined")
    assert messages["loops", "test-mean"].startswith("`mean` took longer than 2 s")
    assert "the kernel died" in messages["dies", "test-largest"]
    assert messages["untouched", "test-mean"].startswith("not written yet")


def test_answers_in_words_wait_unless_there_are_none(marks):
    """As in nbgrader: the stub is zero, anything else is for a person to mark."""
    pending = {student: bool(marks[student].num_pending) for student in marks}

    assert pending["right"] and pending["no-words"] and pending["dies"]
    assert not pending["untouched"]


def test_the_gradebook_holds_exactly_the_marks(course, marks):
    """Of the tests; answers in words need a person."""
    with course.gradebook() as gradebook:
        for student in ("right", "wrong", "dies", "untouched"):
            for mark in marks[student].marks:
                grade = gradebook.find_grade(mark.grade_id, "means", "means", student)
                pending = mark.pending
                assert grade.auto_score == (None if pending else mark.points)
                assert grade.needs_manual_grade == (pending or mark.review)
        comment = gradebook.find_comment("mean", "means", "means", "untouched")
        assert comment.auto_comment == "No response."


def test_nbgraders_own_tools_read_the_results(course, marks):
    """Formgrader's queries find every student, with their scores."""
    config = course_config(course.root)
    config.CourseDirectory.course_id = ""
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    with api.gradebook as gradebook:
        submissions = {s["student"]: s for s in gradebook.submission_dicts("means")}
    listed = {s: api.get_submission("means", s) for s in ("right", "not-json")}

    assert set(submissions) == set(marks)
    assert submissions["right"]["score"] == 9
    assert listed["right"]["autograded"] and listed["not-json"]["autograded"]
    assert listed["right"]["needs_manual_grade"]


def test_autograded_notebooks_are_what_formgrader_opens(course, marks):
    """Valid, with nbgrader's metadata, with outputs, of bounded size."""
    for student in marks:
        notebook = course.autograded(student)
        nbformat.validate(notebook)
        names = [name_of(cell) for cell in notebook.cells if name_of(cell)]
        assert set(FULL) < set(names)
        assert len(names) == len(set(names))
    size = len(nbformat.writes(course.autograded("noisy")))
    assert 100_000 < size < 2_500_000


def test_grades_csv_has_a_row_for_everyone(course, marks):
    """With sums per exercise."""
    rows = (course.root / "grades.csv").read_text().splitlines()

    assert rows[0].startswith('"student","mean","largest","questions"')
    assert len(rows) == 1 + len(marks)
    assert any(row.startswith('"right","5","4","0","1","9","12",""') for row in rows)


def test_nothing_of_the_submissions_was_changed(course, marks):
    """Only results were written, and no half-made folder is left."""
    assert sorted(os.listdir(course.folder("right"))) == ["means.ipynb"]
    made = sorted(os.listdir(course.root / "autograded" / "right"))
    assert made == ["means"]


def test_a_timestamp_that_is_no_date_is_unreadable(course, marks):
    """The rest of the class is kept; nbgrader's own listing would fail on it."""
    course.submit("late")
    (course.folder("late") / "timestamp.txt").write_text("yesterday")
    again = course.grade()
    shutil.rmtree(course.root / "submitted" / "late")

    assert again["late"].status == "unreadable"
    assert "expected a date and time in timestamp.txt" in again["late"].notes[0]
    assert {again[student].status for student in marks} == {"kept"}


def test_thousands_of_repairs_are_not_all_listed(course, marks):
    """A hostile notebook must not fill the report."""
    notebook = course.answered()
    for _ in range(1000):
        cell = nbformat.v4.new_markdown_cell(
            "x", metadata={"nbgrader": {"grade_id": "x"}}
        )
        notebook.cells.append(cell)
    course.submit("many", notebook)
    again = course.grade()
    shutil.rmtree(course.root / "submitted" / "many")

    assert points(again["many"]) == FULL
    assert len(again["many"].notes) == 21
    assert again["many"].notes[-1] == "and 980 more of this kind"


def test_a_course_without_submissions_is_refused(template):
    """One sentence, and nothing is made."""
    with pytest.raises(UserError, match="got no folder submitted"):
        template.grade()
