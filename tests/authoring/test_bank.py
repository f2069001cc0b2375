"""The bank of a lab: right and wrong answers with their sentences."""

import pytest

from autograder.authoring.bank import read_bank
from autograder.authoring.percent import AuthoringError

BANK = """\
# %% [markdown]
# Wrong and unusual means.

# %% mutant="sum" exercise="mean"
# You forgot to divide
# by the count.
def mean(values):
    return sum(values)

# %% alternative="numpy" exercise="mean"
# Lets NumPy do it.
def mean(values):
    return float(np.mean(values))
"""


@pytest.fixture
def bank_of(lab_of):
    """Read the bank above, with one text replaced, beside the sound lab."""

    def read(old="", new=""):
        lab = lab_of()
        assert old in BANK
        lab.path.with_name("mutants.py").write_text(BANK.replace(old, new, 1))
        return read_bank(lab)

    return read


def test_a_lab_without_a_bank_has_no_answers(lab_of):
    """A missing file is an empty bank."""
    assert read_bank(lab_of()) == ()


def test_answers_have_a_sentence_and_a_whole_cell(bank_of):
    """The leading comment, joined, is the sentence; the rest is the cell."""
    wrong, right = bank_of()

    assert (wrong.name, wrong.is_right, wrong.line) == ("sum", False, 4)
    assert wrong.sentence == "You forgot to divide by the count."
    assert wrong.source == "def mean(values):\n    return sum(values)"
    assert (right.name, right.is_right, right.line) == ("numpy", True, 10)


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ('mutant="sum" ', "", 4, 'mutant="name" or alternative="name" .* neither'),
        ('mutant="sum"', 'mutant="a" alternative="a"', 4, "mutant and alternative"),
        ('exercise="mean"', 'exercise="median"', 4, "exercises mean, got 'median'"),
        ('exercise="mean"', "", 4, "exercises mean, got None"),
        ("# You forgot to divide\n# by the count.\n", "", 4, "a leading comment"),
        (
            "def mean(values):\n    return sum(values)\n",
            "",
            4,
            "expected code, got none",
        ),
        ('alternative="numpy"', 'mutant="sum"', 10, "the first is at line 4"),
    ],
)
def test_an_answer_that_is_none_is_refused(bank_of, old, new, line, sentence):
    """The sentence names the bank and the line of the marker."""
    with pytest.raises(AuthoringError, match=sentence) as raised:
        bank_of(old, new)
    assert raised.value.path.name == "mutants.py"
    assert raised.value.line == line
