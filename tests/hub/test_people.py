"""Who may log in, as what, and as which user of the system."""

import json
import os
import pwd

import pytest

from autograder.errors import UserError
from autograder.hub.people import people

COURSE = "id: fl101\nstaff: {instructors: [grace], assistants: [alan]}\n"


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course.yaml").write_text(COURSE)
    (tmp_path / "students.csv").write_text("id\nada\nbob\n")
    return tmp_path


def test_the_roster_the_staff_and_their_server_are_known(course):
    """Each with a role; nobody else."""
    roles = {name: person.role for name, person in people(course).items()}

    assert roles == {
        "grace": "staff",
        "alan": "staff",
        "ada": "student",
        "bob": "student",
        "grader-fl101": "grader",
    }


def test_numbers_stay_whoever_joins_or_leaves(course):
    """A number is given once: files stay their owner's."""
    before = {name: person.uid for name, person in people(course).items()}
    (course / "students.csv").write_text("id\nzoe\nbob\n")
    after = {name: person.uid for name, person in people(course).items()}

    assert after["bob"] == before["bob"]
    assert after["zoe"] not in before.values()
    assert min(after.values()) >= 200_000
    assert json.loads((course / "hub/users.json").read_text())["ada"] == before["ada"]


def test_a_user_of_the_system_keeps_the_number(course, monkeypatch):
    """Where the machine knows ada, she is who she is there."""
    ada = pwd.struct_passwd(("ada", "x", 1234, 100, "", "/home/ada", "/bin/sh"))

    def getpwnam(name):
        if name == "ada":
            return ada
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", getpwnam)

    assert (people(course)["ada"].uid, people(course)["ada"].gid) == (1234, 100)


def test_a_user_of_the_systems_own_is_refused(course):
    """Or a student called root would be root."""
    (course / "students.csv").write_text("id\nroot\n")
    with pytest.raises(UserError, match="got 'root', a user of the system's own"):
        people(course)


@pytest.mark.parametrize(
    ("students", "sentence"),
    [
        ("id\nalan\n", "got both: keep one"),
        ("id\nGrace\n", "differ in more than capitals, got 'grace' and 'Grace'"),
        ("id\ngrader-fl101\n", "which is the course's own user"),
    ],
)
def test_names_that_clash_are_refused(course, students, sentence):
    """One login is one person."""
    (course / "students.csv").write_text(students)
    with pytest.raises(UserError, match=sentence):
        people(course)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(None, "course.yaml, got"), ("title: FL\n", "to name the course")],
)
def test_a_course_without_a_name_has_no_hub(tmp_path, text, sentence):
    """What is missing is said."""
    if text is not None:
        (tmp_path / "course.yaml").write_text(text)
    with pytest.raises(UserError, match=sentence):
        people(tmp_path)


def test_files_belong_to_a_person_only_where_root_can_give_them(course):
    """Otherwise to whoever runs the hub."""
    ada = people(course)["ada"]
    expected = (ada.uid, ada.gid) if os.getuid() == 0 else (os.getuid(), os.getgid())

    assert ada.owner == expected
