"""The README's commands and examples are real."""

import re
import shlex
from pathlib import Path

import plotly.io as pio
import pytest
import typer
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from autograder.cli import app
from lecturekit.cli import app as lectures

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def command_lines():
    """Every line of the README's shell blocks, without its comment."""
    lines = "\n".join(blocks("sh")).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


MAKE = sorted({line for line in command_lines() if line.startswith("make ")})
AUTOGRADER = [line for line in command_lines() if line.startswith("autograder ")]
LECTUREKIT = [line for line in command_lines() if line.startswith("lecturekit ")]


def test_the_readme_has_the_two_commands():
    """`make demo` and `make test` are what a newcomer types."""
    assert {"make demo", "make test"} <= set(MAKE)


@pytest.mark.parametrize(
    "target", sorted({w for w in re.findall(r"make ([a-z]+)", README)})
)
def test_every_make_target_exists(target):
    """A target that the README names is in the Makefile, with its help line."""
    makefile = (ROOT / "Makefile").read_text()

    assert re.search(rf"^{target}:.*## ", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("line", AUTOGRADER)
def test_every_autograder_command_parses(line):
    """The command, its arguments and its options exist."""
    name, *arguments = shlex.split(line)[1:]
    command = typer.main.get_command(app).commands[name]
    while hasattr(command, "commands"):
        name, *arguments = arguments
        command = command.commands[name]

    command.make_context(name, arguments)


@pytest.mark.parametrize("line", LECTUREKIT)
def test_every_lecturekit_command_parses(line):
    """The command, its arguments and its options exist."""
    name, *arguments = line.split()[1:]
    command = typer.main.get_command(lectures).commands[name]

    command.make_context(name, arguments)


def test_every_folder_of_the_map_exists():
    """The map of the tree names what is there."""
    folders = re.findall(r"^\| `([a-z]+)/`", README, flags=re.MULTILINE)

    assert {"labs", "solutions", "lecturekit", "autograder", "tests"} <= set(folders)
    for folder in folders:
        assert (ROOT / folder).is_dir(), folder


def test_every_image_exists():
    """A screenshot that the README shows is in the repository."""
    for image in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / image).exists(), image


def test_the_lecturers_examples_run(monkeypatch, capsys):
    """The Python blocks, one after the other, work with any client app."""
    client_app = ClientApp()

    @client_app.train()
    def train(msg, context):
        metrics = MetricRecord({"num-examples": 1})
        content = RecordDict({"arrays": msg.content["arrays"], "metrics": metrics})
        return Message(content, reply_to=msg)

    @client_app.evaluate()
    def evaluate(msg, context):
        content = RecordDict({"metrics": MetricRecord({"num-examples": 1})})
        return Message(content, reply_to=msg)

    examples = [b for b in blocks("python") if "LocalGrid" in b]
    monkeypatch.setattr(pio.renderers, "default", "json")
    names = {"client_app": client_app, "initial_arrays": ArrayRecord()}
    for example in examples:
        exec(example, names)

    assert len(names["federation"]) == 20
