"""The bigram language, against chains whose entropy is known."""

import numpy as np
import pytest

from lecturekit.data import BigramLanguage


def uniform(vocab_size, branching):
    """Each token is followed by one of the `branching` next, all equally likely."""
    row = np.zeros(vocab_size)
    row[1 : branching + 1] = 1 / branching
    return BigramLanguage([np.roll(row, token) for token in range(vocab_size)])


@pytest.mark.parametrize("branching", [1, 2, 5, 7])
def test_the_floor_of_equal_choices_is_their_logarithm(branching):
    """Nothing tells three equally likely followers apart: log 3 nats."""
    assert uniform(8, branching).entropy_floor == pytest.approx(np.log(branching))


def test_the_floor_of_two_tokens_is_the_textbooks():
    """From 0 leave with a=1/4, from 1 with b=1/2: pi = (b, a)/(a+b) = (2/3, 1/3).

    The entropies of the rows are 0.5623 and 0.6931 nats, so the floor is 0.6059.
    """
    language = BigramLanguage([[0.75, 0.25], [0.5, 0.5]])

    assert language.stationary == pytest.approx([2 / 3, 1 / 3])
    leave = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert language.entropy_floor == pytest.approx(2 / 3 * leave + np.log(2) / 3)
    assert language.entropy_floor == pytest.approx(0.6059, abs=1e-4)


def test_a_cycle_is_foretold_without_loss():
    """Periodic chains have a floor too: 0, 1, 2, 0, 1, 2 holds no surprise."""
    cycle = BigramLanguage(np.roll(np.eye(3), 1, axis=1))

    assert cycle.entropy_floor == 0.0
    assert cycle.cross_entropy(cycle.sample(4, 10, seed=0)) == 0.0
    assert cycle.stationary == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("seed", range(3))
def test_the_true_models_loss_approaches_the_floor(seed):
    """On 400,000 tokens the loss is within 0.005 nats (four standard errors)."""
    language = BigramLanguage.random(seed=seed)
    tokens = language.sample(num_sequences=4000, length=101, seed=7)

    assert language.cross_entropy(tokens) == pytest.approx(
        language.entropy_floor, abs=0.005
    )


def test_sampled_transitions_are_as_frequent_as_the_matrix_says():
    """Count pairs, divide by the row's sum: the transition matrix within 0.02."""
    language = BigramLanguage.random(vocab_size=6, branching=3, seed=1)
    tokens = language.sample(num_sequences=2000, length=51, seed=2)
    counts = np.zeros((6, 6))
    np.add.at(counts, (tokens[:, :-1], tokens[:, 1:]), 1)

    assert counts / counts.sum(axis=1, keepdims=True) == pytest.approx(
        language.transitions, abs=0.02
    )
    assert (counts[language.transitions == 0] == 0).all()


def test_first_tokens_are_as_frequent_as_later_ones():
    """Sequences start from the stationary distribution: no warming up."""
    language = BigramLanguage([[0.9, 0.1], [0.3, 0.7]])
    tokens = language.sample(num_sequences=20000, length=3, seed=0)

    assert (tokens == 0).mean(axis=0) == pytest.approx([0.75] * 3, abs=0.015)


def test_cross_entropy_by_hand():
    """0 -> 1 has chance 1/4 and 1 -> 1 has 1/2: the mean of log 4 and log 2."""
    language = BigramLanguage([[0.75, 0.25], [0.5, 0.5]])

    assert language.cross_entropy([[0, 1, 1]]) == pytest.approx(1.5 * np.log(2))


def test_an_impossible_transition_costs_infinitely_much():
    """In a cycle 0 -> 1 -> 0, a repeated token cannot happen."""
    assert BigramLanguage([[0, 1], [1, 0]]).cross_entropy([0, 0]) == np.inf


def test_a_sample_is_a_function_of_its_seed():
    """(seed, client) tells clients' texts apart."""
    language = BigramLanguage.random()
    first = language.sample(3, 20, seed=(1, 0))

    assert first.dtype == np.int64
    assert np.array_equal(first, language.sample(3, 20, seed=(1, 0)))
    assert not np.array_equal(first, language.sample(3, 20, seed=(1, 1)))


@pytest.mark.parametrize("seed", range(20))
def test_a_random_language_uses_all_its_tokens(seed):
    """Each token has three followers and a positive frequency."""
    language = BigramLanguage.random(vocab_size=32, branching=3, seed=seed)

    assert ((language.transitions > 0).sum(axis=1) == 3).all()
    assert (language.stationary > 0).all()
    assert 0 < language.entropy_floor < np.log(3)


def test_domains_share_their_part_of_the_transitions():
    """P_d - P/2 is half a chain of its own; different domains have different ones."""
    base = BigramLanguage.random(seed=4)
    first, second = base.domains(2, shared=0.5, seed=4)

    for domain in (first, second):
        own = 2 * (domain.transitions - 0.5 * base.transitions)
        assert own.min() > -1e-12
        assert own.sum(axis=1) == pytest.approx(np.ones(32))
        assert not np.allclose(own, base.transitions)
    assert not np.allclose(first.transitions, second.transitions)


def test_domains_that_share_everything_are_copies():
    """shared=1 leaves nothing of their own, shared=0 nothing of the base."""
    base = BigramLanguage.random(vocab_size=8, seed=1)

    assert np.array_equal(base.domains(1, shared=1)[0].transitions, base.transitions)
    unrelated = base.domains(1, shared=0)[0].transitions
    assert ((unrelated > 0).sum(axis=1) == 3).all()


def test_a_domain_does_not_depend_on_how_many_there_are():
    """Domain 0 of two is domain 0 of five."""
    base = BigramLanguage.random()

    assert np.array_equal(
        base.domains(2)[0].transitions, base.domains(5)[0].transitions
    )


@pytest.mark.parametrize(
    ("transitions", "message"),
    [
        ([[0.5, 0.5]], r"must be square, got shape \(1, 2\)"),
        ([[0.5, 0.4], [0.5, 0.5]], "sum to 1, got rows that sum to 0.9"),
        ([[1.5, -0.5], [0.5, 0.5]], "least entry -0.5"),
        ([[float("nan"), 1.0], [0.5, 0.5]], "must be >= 0"),
        (np.eye(2), "several groups that never lead to each other"),
    ],
)
def test_what_is_not_a_single_chain_is_refused(transitions, message):
    """Rows are distributions and the tokens are connected."""
    with pytest.raises(ValueError, match=message):
        BigramLanguage(transitions)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([[0]], r"sequences of at least 2, got shape \(1, 1\)"),
        ([[0.0, 1.0]], "must be integers .* float64"),
        ([[0, 2]], "tokens must be from 0 to 1"),
        ([[0, -1]], "tokens must be from 0 to 1"),
    ],
)
def test_tokens_that_are_not_of_the_language_are_refused(tokens, message):
    """A token -1 would silently read the last row."""
    with pytest.raises(ValueError, match=message):
        BigramLanguage([[0.5, 0.5], [0.5, 0.5]]).cross_entropy(tokens)


def test_parameters_out_of_range_are_refused():
    """Each message names its parameter."""
    with pytest.raises(ValueError, match=r"branching must be .* from 1 to 4, got 5"):
        BigramLanguage.random(vocab_size=4, branching=5)
    with pytest.raises(ValueError, match=r"shared must be from 0 to 1, got 1.5"):
        BigramLanguage.random().domains(2, shared=1.5)
    with pytest.raises(ValueError, match=r"num must be .* at least 1, got 0"):
        BigramLanguage.random().domains(0)
    with pytest.raises(ValueError, match=r"length must be .* at least 1, got 0"):
        BigramLanguage.random().sample(1, 0, seed=0)
