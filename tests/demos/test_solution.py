"""The answers of labs: loaded where they are, named where not, copied nowhere."""

import gzip

import pytest

from lecturekit.demos import catalog, solution
from lecturekit.demos.demo import Answer
from lecturekit.demos.solution import answers, peek, source
from lecturekit.errors import UserError

LAB = '''\
# %% setup="imports"
START = 1

# %% exercise="add"
def add(one, other):
    """Return the sum."""
    ### BEGIN SOLUTION
    return START * one + other
    ### END SOLUTION


class Twice:
    def of(self, number):
        """Return it twice."""
        ### BEGIN SOLUTION
        return 2 * number
        ### END SOLUTION

# %% test="add" points=1
raise AssertionError("tests do not run")
'''


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "lab.py").write_text(LAB)
    monkeypatch.setenv("LECTUREKIT_SOLUTIONS", str(tmp_path))
    caches = (solution._cells, solution.answers)
    for cached in caches:
        cached.cache_clear()
    yield "lab"
    for cached in caches:
        cached.cache_clear()


def test_exercises_run_after_the_setup_and_tests_do_not(lab):
    """A lab is a module: its cells, in order."""
    names = answers(lab, "add")
    assert names["add"](2, 3) == 5
    assert names["Twice"]().of(4) == 8


def test_the_peek_is_the_function_without_docstring_and_markers(lab):
    """What the audience reads is what runs."""
    assert source(Answer(lab, "add", "add")) == (
        "def add(one, other):\n    return START * one + other"
    )
    assert source(Answer(lab, "add", "Twice.of")) == (
        "def of(self, number):\n    return 2 * number"
    )


def test_what_is_not_there_is_named(lab):
    """An exercise, a function, or a whole lab."""
    with pytest.raises(UserError, match="'subtract'"):
        answers(lab, "subtract")
    with pytest.raises(UserError, match="a function 'subtract'"):
        source(Answer(lab, "add", "subtract"))
    with pytest.raises(UserError, match="solution of lab99"):
        answers("lab99", "add")


def test_where_solutions_are_absent_the_peek_is_a_sentence(lab):
    """On a student's machine a demo says where the lines would be."""
    told = peek(Answer("lab99", "add", "add"))
    assert "exercise 'add' of lab99" in told
    assert "not on this machine" in told


@pytest.mark.parametrize("name", catalog.NAMES)
def test_every_demo_shows_lines_that_a_lab_asks_for(name):
    """Five to fifteen of them: that fits a screen."""
    lines = source(catalog.demo(name).code).splitlines()
    assert 3 <= len(lines) <= 16


@pytest.mark.parametrize("name", catalog.NAMES)
def test_no_deck_holds_an_answer(name):
    """Students have the decks: the lab's lines are not in them."""
    lines = source(catalog.demo(name).code).splitlines()
    deck = gzip.decompress(catalog.deck_path(name).read_bytes()).decode()
    for line in lines[1:]:
        if len(line.strip()) > 20:
            assert line.strip() not in deck
