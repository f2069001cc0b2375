"""Who is who: students.csv and the spellings of a name."""

import pytest

from autograder.course import read_roster
from autograder.course.names import folder_name, is_folder_name, is_same_name
from autograder.course.roster import named
from autograder.errors import UserError


def roster(tmp_path, text):
    path = tmp_path / "students.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def test_students_are_read_with_all_that_identifies_them(tmp_path):
    """Every column but the name is an identifier; case does not matter."""
    (ada, bob) = roster(
        tmp_path,
        'ID;Full name;E-mail;canvas\nada01;"Lovelace; Ada";Ada@Example.org;4711\n'
        "bob;Bob;;\n",
    )

    assert (ada.id, ada.name) == ("ada01", "Lovelace; Ada")
    assert all(ada.is_named(x) for x in ("ADA01", "ada@example.ORG", "4711"))
    assert not bob.is_named("") and not bob.is_named("4711")


def test_track_and_group_name_nobody(tmp_path):
    """Many students share them, so they find no one again."""
    (ada, _) = roster(
        tmp_path, "\ufeffid,email,track,group\nada,a@x,systems,2\nbob,b@x,theory,2\n"
    )

    assert (ada.email, ada.track, ada.group) == ("a@x", "systems", "2")
    assert not ada.is_named("2") and not ada.is_named("systems")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("idd,name\na,b", "expected a column id .*: did you mean 'idd'"),
        ("", "expected a column id .* got none"),
        ("id\n../x", "expected an id of letters.* line 2, got '../x'"),
        ("id\n.x", "expected an id of letters"),
        ("id\na\nb\na", "expected every id once .* got 'a' twice"),
    ],
)
def test_a_bad_roster_is_refused(tmp_path, text, fault):
    """In one sentence with the file's name."""
    with pytest.raises(UserError, match=fault):
        roster(tmp_path, text)


def test_a_missing_roster_is_refused(tmp_path):
    """The path is named."""
    with pytest.raises(UserError, match=r"expected a CSV file .*students\.csv"):
        read_roster(tmp_path / "students.csv")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lovelace", "Lovelace, Ada"),
        ("Ada Lovelace", "lovelaceada"),
        ("Zoë Núñez", "NUNEZ Zoe"),
        ("Maria del Mar O'Neil", "delmaroneilmaria"),
        ("Maria del Mar O\u2019Neil", "oneilmariadelmar"),
        ("李 明", "明李"),
    ],
)
def test_one_person_under_two_spellings(one, other):
    """Order, accents, case and apostrophes aside."""
    assert is_same_name(one, other)


def test_two_people_with_other_names():
    """Nor is nobody anybody."""
    assert not is_same_name("Ada Lovelace", "Ada Byron")
    assert not is_same_name("", "")


def test_an_identifier_beats_a_name(tmp_path):
    """Two people may have one name."""
    students = roster(tmp_path, "id,name,email\na,Ann Lee,a@x\nb,Ann Lee,b@x\n")

    assert [s.id for s in named(students, "B@x", "Ann Lee")] == ["b"]
    assert [s.id for s in named(students, "", "lee ann")] == ["a", "b"]
    assert named(students, "c@x", "Nobody Else") == []


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Ada O'Neil", "ada-oneil"),
        ("Zoë Núñez-Groß", "zoe-nunez-gross"),
        ("../../etc/passwd", "etc-passwd"),
        ("李 明", "李-明"),
        ("...", ""),
        ("a" * 500, "a" * 80),
    ],
)
def test_a_name_becomes_a_folder(name, folder):
    """Letters, digits and dashes only."""
    assert folder_name(name) == folder
    assert not folder or is_folder_name(folder)
