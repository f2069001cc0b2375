"""Naming the mistake: what a student's answer says equals what a mutant's says."""

import json

import pytest

from autograder.authoring.lab import read_lab
from autograder.judging.forked import ForkedStudent
from autograder.judging.judge import Judge
from autograder.judging.signatures import signatures

LAB = '''\
# %% setup="numbers"
import numpy as np

SEED = 1

# %% exercise="mean"
def mean(x):
    """Return the mean of x."""
    ### BEGIN SOLUTION
    return sum(x) / len(x)
    ### END SOLUTION

# %% test="mean" points=2
got = mean([1.0, 2.0, 6.0])
assert got == 3.0, f"expected 3.0, got {got}"

# %% test="mean" case="kept" points=1
x = np.ones(3)
mean(x)
assert np.array_equal(x, np.ones(3)), "x was changed"
'''
BANK = """\
# %% mutant="sum" exercise="mean"
# You forgot to divide.
def mean(x):
    return sum(x)

# %% mutant="total" exercise="mean"
# You returned the total.
def mean(x):
    total = 0
    for value in x:
        total += value
    return total

# %% mutant="median" exercise="mean"
# You took the value in the middle.
def mean(x):
    return sorted(x)[len(x) // 2]

# %% mutant="in-place" exercise="mean"
# You divided the caller's own array.
def mean(x):
    x = x.tolist() if isinstance(x, list) else x
    if isinstance(x, np.ndarray):
        x /= len(x)
        return sum(x)
    return sum(x) / len(x)

# %% alternative="numpy" exercise="mean"
# Uses NumPy.
def mean(x):
    return float(np.mean(x))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solutions") / "means"
    folder.mkdir()
    (folder / "means.py").write_text(LAB)
    (folder / "mutants.py").write_text(BANK)
    return read_lab(folder / "means.py")


@pytest.fixture(scope="module")
def known(lab):
    return signatures(lab, workers=2)


def misconceptions(lab, known, answer):
    """Return what each test says about `answer`, a whole cell."""
    namespace = {}
    exec(lab.of_kind("setup")[0].source, namespace)
    tests = lab.of_kind("test")
    with (
        Judge.of_lab(lab) as judge,
        ForkedStudent([answer, *[None] * len(tests)], namespace) as student,
    ):
        verdicts = [
            judge.run(test.source, test.points, channel, student.interrupt)
            for test, channel in zip(tests, student.channels, strict=True)
        ]
    return [
        known.explained(test.grade_id, verdict).misconception
        for test, verdict in zip(tests, verdicts, strict=True)
    ]


def test_an_answer_with_a_known_mistake_gets_its_sentence(lab, known):
    """However it is written."""
    answer = "def mean(x):\n    return float(np.median(x))\n"
    assert misconceptions(lab, known, answer)[0] == "You took the value in the middle."
    answer = "def mean(x):\n    x[:] = x / len(x)\n    return x.sum()\n"
    assert (
        misconceptions(lab, known, answer)[1] == "You divided the caller's own array."
    )


def test_a_mistake_that_two_sentences_explain_is_not_named(lab, known):
    """Better no sentence than the wrong one."""
    answer = "def mean(x):\n    return float(np.sum(x))\n"
    assert misconceptions(lab, known, answer)[0] == ""


def test_right_and_unknown_answers_get_no_sentence(lab, known):
    """A mark that is not lost is not explained."""
    assert misconceptions(lab, known, "def mean(x): return sum(x) / len(x)") == [
        "",
        "",
    ]
    assert misconceptions(lab, known, "def mean(x): return 17.0")[0] == ""


def test_signatures_are_kept_until_the_lab_changes(lab, known, tmp_path, monkeypatch):
    """The file is what the next run reads, whichever course it grades."""
    monkeypatch.setenv("AUTOGRADER_CACHE", str(tmp_path))
    first = signatures(lab, workers=2)
    (path,) = tmp_path.iterdir()
    content = json.loads(path.read_text())
    assert content["right"].keys() == {"test-mean", "test-mean-kept"}
    content["right"] = {"test-mean": "read from the file"}
    path.write_text(json.dumps(content))
    assert signatures(lab).right == {"test-mean": "read from the file"}
    assert first.wrong == known.wrong

    path.write_text("cut sho")
    assert signatures(lab, workers=2) == first

    changed = lab.path.with_name("mutants.py")
    changed.write_text(BANK.replace("You forgot to divide.", "You did not divide."))
    try:
        assert signatures(lab, workers=2).right == first.right
    finally:
        changed.write_text(BANK)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_time_only(lab, known, monkeypatch):
    """Nobody has to be told."""
    monkeypatch.setenv("AUTOGRADER_CACHE", "/dev/null/nowhere")
    assert signatures(lab, workers=2) == known
