"""A course on a hub with one tiny lab, its commands and its students."""

import sys

import pytest

from autograder import cli
from tests.course.exchange_student import ExchangeStudent
from tests.grading.tiny import LAB

# The table and the heading that a lab needs before it is given out.
SOUND_LAB = LAB.replace(
    "sum_k x_k$.\n",
    "sum_k x_k$.\n#\n# | Task | Points |\n# |---|---|\n# | 1 | 12 |\n#\n# ## Task 1\n",
)
YAML = """\
id: fl101
time_zone: UTC
labs:
  means: {deadline: 2099-11-20 17:00}
extensions:
  bob: {means: +48h}
"""
ROSTER = (
    "\ufeffid;name;email;track;group\nada;Zoë Núñez;a@x;systems;1\nbob;Bob Ray;;;\n"
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with the source of the tiny lab and a course, to run in."""
    path = tmp_path / "solutions" / "means" / "means.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOUND_LAB)
    course = tmp_path / "course"
    course.mkdir()
    (course / "course.yaml").write_text(YAML)
    (course / "students.csv").write_text(ROSTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `autograder course ...`; return what it printed, on one line."""

    def run(*arguments, status=0):
        line = ["autograder", "course", *map(str, arguments), "--course", "course"]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        assert (exit_.value.code or 0) == status, printed
        return " ".join((printed.out + printed.err).split())

    return run


@pytest.fixture
def student(home):
    """Make a student of the course by name."""
    course = home / "course"

    def student(name):
        place = course / "hub" / "homes" / name
        return ExchangeStudent(place, course / "hub" / "exchange", name)

    return student
