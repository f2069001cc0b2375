"""Bad input on the command line: one sentence and exit status 2."""

import sys

import pytest

from autograder import cli


def run(monkeypatch, *arguments):
    """Run the command line in this process; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["autograder", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return exit_.value.code


@pytest.mark.parametrize("command", ["build", "verify", "grade"])
def test_an_unknown_lab_gets_a_suggestion(command, monkeypatch, capsys):
    """A typo costs one sentence, not a traceback."""
    status = run(monkeypatch, command, "lab01_frist_round")

    assert status == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "did you mean 'lab01_first_round'" in message
    assert "Traceback" not in message


def test_a_course_without_submissions_is_refused(monkeypatch, capsys, tmp_path):
    """The sentence says where submissions belong."""
    status = run(monkeypatch, "grade", "lab01_first_round", "--course", tmp_path)

    assert status == 2
    assert "submitted" in capsys.readouterr().err


def test_without_a_sandbox_nothing_is_graded(monkeypatch, capsys, tmp_path):
    """The sentence says how to get one, and what the other way means."""
    monkeypatch.setenv("PATH", "/nowhere")
    folder = tmp_path / "submitted" / "ada" / "lab01_first_round"
    folder.mkdir(parents=True)
    (folder / "lab01_first_round.ipynb").write_text("{}")
    status = run(monkeypatch, "grade", "lab01_first_round", "--course", tmp_path)

    assert status == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "expected bubblewrap" in message
    assert "--unsafe" in message
    assert not (tmp_path / "gradebook.db").exists()


def test_a_folder_without_solutions_is_refused(monkeypatch, capsys, tmp_path):
    """Run outside the repository, the command says what it expected to find."""
    assert run(monkeypatch, "build", "--root", tmp_path) == 2
    assert "solutions" in capsys.readouterr().err


def test_an_unknown_option_is_refused(monkeypatch, capsys):
    """Usage errors have the same status."""
    assert run(monkeypatch, "build", "--no-such-option") == 2


def test_help_imports_neither_nbgrader_nor_torch(monkeypatch, capsys):
    """`--help` answers at once."""
    before = set(sys.modules)
    assert run(monkeypatch, "--help") == 0

    new = set(sys.modules) - before
    assert not {m for m in new if m.split(".")[0] in ("nbgrader", "torch", "flwr")}
