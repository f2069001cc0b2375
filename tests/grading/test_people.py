"""Names in formgrader are those of `students.csv`."""

import pytest

from autograder.errors import UserError


def test_students_get_the_names_of_the_roster(course):
    """The last word is the last name; who is not in the roster has none."""
    (course.root / "students.csv").write_text("id,name\nada,Ada King Lovelace\n")
    course.submit("ada")
    course.submit("bob")
    course.grade()

    with course.gradebook() as gradebook:
        ada, bob = (gradebook.find_student(student) for student in ("ada", "bob"))
        assert (ada.first_name, ada.last_name) == ("Ada King", "Lovelace")
        assert (bob.first_name, bob.last_name) == (None, None)


def test_a_broken_roster_is_said_before_anything_is_graded(course):
    """One sentence, and no mark."""
    (course.root / "students.csv").write_text("name\nAda\n")
    course.submit("cleo")
    with pytest.raises(UserError, match="expected a column id"):
        course.grade()
    assert not (course.root / "autograded" / "cleo").exists()
