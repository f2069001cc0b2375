"""What an answer can reach, on a lab of three exercises that use each other."""

from autograder.authoring.lab import read_lab
from autograder.proving.answers import Trial
from autograder.proving.reach import Reach

LAB = """\
# %% setup="numbers"
SEED = 1

# %% exercise="double"
def double(x):
    return 2 * x

# %% exercise="four-times"
def four_times(x):
    return double(double(x))

# %% exercise="negative"
def negative(x):
    return -x

# %% test="double" points=1
assert double(2) == 4

# %% test="four-times" points=1
assert four_times(2) == 8

# %% test="negative" points=1
def negative_of_one():
    return negative(1)

assert negative_of_one() == -1
"""


def reached(tmp_path, exercise, source):
    path = tmp_path / "lab99_reach" / "lab99_reach.py"
    path.parent.mkdir()
    path.write_text(LAB)
    trial = Trial("an answer", exercise, "wrong", source, 1)
    reach = Reach(read_lab(path))
    tests = reach.tests(trial)
    cells = reach.exercises(trial, tests)
    return [t.exercise for t in tests], [c.exercise for c in cells]


def test_an_answer_reaches_tests_that_use_it_through_another_exercise(tmp_path):
    """four_times calls double, so a wrong double can cost marks there."""
    tests, cells = reached(tmp_path, "double", "def double(x): return 0")

    assert tests == ["double", "four-times"]
    assert cells == ["double", "four-times"]


def test_an_answer_reaches_its_own_tests_alone_if_nobody_uses_it(tmp_path):
    """What the own test needs of other exercises is run, and nothing else."""
    tests, cells = reached(tmp_path, "four-times", "def four_times(x): return 4 * x")

    assert tests == ["four-times"]
    assert cells == ["double", "four-times"]


def test_a_name_that_only_the_answer_defines_counts(tmp_path):
    """An answer that redefines another exercise's function reaches its tests."""
    source = "def double(x): return 0\ndef negative(x): return 0"

    assert reached(tmp_path, "double", source)[0] == [
        "double",
        "four-times",
        "negative",
    ]


def test_a_use_inside_a_function_counts(tmp_path):
    """The test of negative calls it from a function of its own."""
    source = "def negative(x): return x"

    assert reached(tmp_path, "negative", source) == (["negative"], ["negative"])


def test_the_solution_reaches_everything(tmp_path):
    """It is what all marks are measured against."""
    everything = ["double", "four-times", "negative"]

    assert reached(tmp_path, "", "") == (everything, everything)
