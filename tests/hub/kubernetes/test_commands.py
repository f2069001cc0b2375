"""`autograder kubernetes …`: files from a course folder, a sentence for a mistake."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from autograder.cli import app
from autograder.errors import UserError

README = (
    Path(__file__).parents[3] / "autograder" / "hub" / "kubernetes" / "README.md"
).read_text()


def run(*words):
    return CliRunner().invoke(app, ["kubernetes", *words], catch_exceptions=True)


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course.yaml").write_text("id: fl101\n")
    (tmp_path / "students.csv").write_text("id\nada\n")
    return tmp_path


def test_write_leaves_the_files_where_it_says(course):
    """One line a file."""
    to = course / "out"
    done = run(
        "write", "--registry", "r.org/x", "--course", f"{course}", "--to", f"{to}"
    )
    assert done.exit_code == 0, done.output
    names = {Path(line).name for line in done.output.split()}
    assert names == {path.name for path in to.iterdir()}
    assert names == {"values.yaml", "ngshare.yaml", "desk.yaml"}


@pytest.mark.parametrize("command", ["roster", "release", "feedback"])
def test_what_asks_ngshare_wants_a_token(course, monkeypatch, command):
    """On an instructor's laptop there is none."""
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    lab = [] if command == "roster" else ["lab01_first_round"]
    error = run(command, *lab, "--course", str(course)).exception
    assert isinstance(error, UserError)
    assert "in a terminal of the desk" in str(error)


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"^autograder (.*?)(?:  +#.*)?$", README, re.M)))
)
def test_the_commands_of_the_page_parse(line):
    """What the page says to type has the options that it names."""
    words = line.removesuffix("\\").split()
    if line.endswith("\\"):
        words += ["--registry", "r.org/x"]
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    command.make_context(name, words)
