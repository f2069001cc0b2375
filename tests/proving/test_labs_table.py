"""What a lab costs and what its tests are worth, in one line."""

import pytest
from rich.console import Console

from autograder.authoring.lab import read_lab
from autograder.errors import UserError
from autograder.proving import verify
from autograder.proving.labs_table import labs_table
from autograder.proving.running import Run, run_solved

LAB = """\
# %% exercise="double"
def double(x):
    \"\"\"Return 2 x.\"\"\"
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=3
assert double(3) == 6, "wrong"
"""
BANK = """\
# %% mutant="triple" exercise="double"
# Three times.
def double(x):
    return 3 * x

# %% mutant="square" exercise="double"
# Right for two.
def double(x):
    return x * x - 3

# %% alternative="sum" exercise="double"
# Adds.
def double(x):
    return x + x
"""


@pytest.fixture
def lab_with(tmp_path):
    def make(source):
        folder = tmp_path / "lab98_double"
        folder.mkdir()
        (folder / "mutants.py").write_text(BANK)
        (folder / "lab98_double.py").write_text(source)
        return read_lab(folder / "lab98_double.py")

    return make


def test_a_survivor_is_not_counted_as_killed(lab_with):
    """3 * 3 - 3 is 6. No answer is a wrong one too, and the solution a right one."""
    lab = lab_with(LAB)
    matrix = verify(lab, seeds=[1], workers=1)

    assert matrix.shares() == ("2 of 3", "2 of 2")
    console = Console(width=200)
    with console.capture() as text:
        console.print(labs_table([(lab, Run(12.4, 345.6), matrix)]))
    for part in ("lab98_double", "12 s", "346 MiB", "2 of 3", "2 of 2"):
        assert part in text.get()


def test_the_solved_notebook_is_run_in_a_kernel(lab_with):
    """It takes some time, and more memory than Python alone."""
    run = run_solved(lab_with(LAB))

    assert run.seconds > 0
    assert run.mebibytes > 20


def test_a_solved_notebook_that_raises_is_said(lab_with):
    """In one sentence, with the exception."""
    broken = LAB.replace("return 2 * x", "return 2 * y")
    with pytest.raises(UserError, match="lab98_double to run, got NameError"):
        run_solved(lab_with(broken))
