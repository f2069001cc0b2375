"""Proving, on a lab of one exercise whose answers one can judge by eye."""

from functools import partial

import pytest

from autograder.authoring.lab import read_lab
from autograder.errors import UserError
from autograder.proving import verify

LAB = '''\
# %% [markdown]
# # A lab

# %% setup="numbers"
import numpy as np

SEED = 1

# %% exercise="double"
def double(x):
    """Return 2 x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=1
assert double(2) == 4, f"expected 4, got {double(2)}"

# %% test="double" case="random" points=2 hidden=true
number = int(np.random.default_rng(SEED).integers(3, 100))
assert double(number) == 2 * number, f"wrong for {number}"

# %% exercise="triple"
def triple(x):
    """Return 3 x."""
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION

# %% test="triple" points=1
assert triple(1) == 3
'''

BANK = """\
# %% mutant="square" exercise="double"
# You squared; doubling multiplies by two. Both give 4 for 2.
def double(x):
    return x * x

# %% alternative="sum" exercise="double"
# Adds instead of multiplying.
def double(x):
    return x + x

# %% mutant="hangs" exercise="triple"
# Your loop never ends.
def triple(x):
    while True:
        pass

# %% mutant="dies" exercise="triple"
# You ended the whole process.
def triple(x):
    import os
    os._exit(0)
"""


def write_lab(root, bank, source=LAB):
    folder = root / "lab99_numbers"
    folder.mkdir()
    (folder / "lab99_numbers.py").write_text(source)
    (folder / "mutants.py").write_text(bank)
    return read_lab(folder / "lab99_numbers.py")


@pytest.fixture
def lab_with(tmp_path):
    return partial(write_lab, tmp_path)


def one_answer(role, value):
    head = f'# %% {role} exercise="double"'
    return f"{head}\n# A sentence.\ndef double(x):\n    return {value}\n"


def by_name(matrix):
    return {(e.trial.exercise, e.trial.name): e for e in matrix.entries}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The matrix of a bank without faults."""
    lab = write_lab(tmp_path_factory.mktemp("sound"), BANK)
    return verify(lab, seeds=[1, 2], workers=2, test_seconds=2.0)


def test_a_sound_bank_has_no_faults(sound):
    """Mutants lose marks, alternatives and the solution keep all, stubs get none."""
    entries = by_name(sound)

    assert sound.faults() == []
    assert entries["", "solution"].worst == {"double": 3, "triple": 1}
    assert entries["double", "unanswered"].best == {"double": 0, "triple": 1}
    assert entries["double", "square"].worst == {"double": 1, "triple": 1}
    assert entries["double", "sum"].worst == {"double": 3, "triple": 1}


def test_an_answer_that_hangs_or_dies_loses_its_marks_alone(sound):
    """The other exercise was marked before; the reason is said."""
    entries = by_name(sound)

    assert entries["triple", "hangs"].worst == {"double": 3, "triple": 0}
    assert "took longer than 2 s" in entries["triple", "hangs"].message
    assert entries["triple", "dies"].worst == {"double": 3, "triple": 0}
    assert "ended in `triple`" in entries["triple", "dies"].message


def test_the_matrix_does_not_depend_on_the_number_of_workers(sound):
    """Same inputs, same marks."""
    alone = verify(sound.lab, seeds=[1, 2], workers=1, test_seconds=2.0)

    assert alone == sound


def test_a_surviving_mutant_is_a_fault_with_its_line(lab_with):
    """A wrong answer that keeps its marks names the file and line."""
    bank = one_answer('mutant="same"', "x + x")
    (fault,) = verify(lab_with(bank), seeds=[1], workers=1).faults()

    assert "mutants.py:1: wrong answer 'same' kept all 3 points" in fault


def test_a_wronged_alternative_is_a_fault_with_its_reason(lab_with):
    """A right answer that loses a mark says at which test and why."""
    bank = one_answer('alternative="int"', "4")
    (fault,) = verify(lab_with(bank), seeds=[1], workers=1).faults()

    assert "right answer 'int' got 1 of 3 points at 'double'" in fault
    assert "test-double-random: wrong for" in fault


def test_a_mistake_that_costs_twice_is_a_fault(lab_with):
    """An exercise whose marks hang on another one is not independent."""
    source = LAB.replace("return 3 * x", "return x + double(x)")
    bank = (
        '# %% mutant="none" exercise="double"\n# No.\ndef double(x):\n    return None'
    )
    faults = verify(lab_with(bank, source), seeds=[1], workers=1).faults()

    assert any("also lost marks at 'triple'" in fault for fault in faults)


def test_a_seed_that_only_some_tests_notice_is_a_fault(lab_with):
    """A mutant must die on every seed, not on the lucky ones."""
    source = LAB.replace(
        "assert double(number) == 2 * number",
        "assert double(number + 0 * SEED) == 2 * number or SEED == 2",
    ).replace("assert double(2) == 4", "assert double(2) == 4")
    bank = BANK.split("# %% alternative")[0]
    (fault,) = verify(lab_with(bank, source), seeds=[1, 2], workers=1).faults()

    assert "on at least one seed" in fault


def test_a_setup_cell_that_raises_stops_with_its_line(lab_with):
    """Nothing can be graded, and the author learns where to look."""
    source = LAB.replace("SEED = 1", "SEED = 1\nraise OSError('no data')")

    with pytest.raises(UserError, match=r"lab99_numbers.py:4: .*OSError: no data"):
        verify(lab_with(BANK, source), seeds=[1], workers=1)


def test_a_test_may_start_processes(lab_with):
    """At every seed, in the judge and in the answer's own process."""
    test = """
import multiprocessing

fork = multiprocessing.get_context("fork")
process = fork.Process(target=int)
process.start()
process.join()
assert process.exitcode == 0 and triple(1) == 3
"""
    source = LAB.replace("\nassert triple(1) == 3\n", test)
    assert test in source
    matrix = verify(lab_with("", source), seeds=[1, 2], workers=1)

    assert matrix.faults() == []
