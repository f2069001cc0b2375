"""Partitioners: what all of them promise, and what each of them does."""

import numpy as np
import pytest

from lecturekit.data import (
    Dataset,
    by_key,
    by_label,
    by_quantity,
    digits,
    dirichlet,
    iid,
)

DRAWN = {
    "iid": lambda data, k, seed: iid(data, k, seed=seed),
    "dirichlet": lambda data, k, seed: dirichlet(data, k, alpha=0.3, seed=seed),
    "by_label": lambda data, k, seed: by_label(
        data, k, labels_per_client=10 if k == 1 else 3, seed=seed
    ),
    "by_quantity": lambda data, k, seed: by_quantity(data, k, alpha=0.3, seed=seed),
}


def balanced(per_label, num_labels=10):
    labels = np.repeat(np.arange(num_labels), per_label)
    names = tuple(str(label) for label in range(num_labels))
    return Dataset("balanced", np.zeros((len(labels), 1)), labels, names)


def same(one, other):
    pairs = zip(one.partitions, other.partitions, strict=True)
    return all(np.array_equal(p, q) for p, q in pairs)


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
@pytest.mark.parametrize("num_clients", [1, 4, 7, 100])
def test_every_example_has_one_client(draw, num_clients):
    """A disjoint cover: all positions, each once, ascending within a client."""
    data = digits()
    partitions = draw(data, num_clients, seed=3).partitions

    assert len(partitions) == num_clients
    assert sorted(np.concatenate(partitions)) == list(range(len(data)))
    assert all((np.diff(partition) > 0).all() for partition in partitions)


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_the_seed_decides_everything(draw):
    """The same seed gives the same partitions, another seed gives others."""
    np.random.seed(1)  # nobody looks at the global generator
    first = draw(digits(), 10, seed=5)
    np.random.seed(2)

    assert same(first, draw(digits(), 10, seed=5))
    assert not same(first, draw(digits(), 10, seed=6))


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_lone_client_holds_everything(draw):
    """One client is centralised training."""
    partitions = draw(digits(), 1, seed=0).partitions

    assert partitions[0].tolist() == list(range(1797))


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
@pytest.mark.parametrize(
    ("num_clients", "message"),
    [
        (0, "num_clients must be an integer of at least 1, got 0"),
        (-3, "num_clients must be an integer of at least 1, got -3"),
        (1798, "num_clients must be at most 1797, .* got 1798"),
    ],
)
def test_an_impossible_number_of_clients_is_refused(draw, num_clients, message):
    """Between one client and one example for each."""
    with pytest.raises(ValueError, match=message):
        draw(digits(), num_clients, seed=0)


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_arguments_of_the_wrong_kind_are_refused(draw):
    """Half a client is a TypeError, a negative seed a ValueError."""
    with pytest.raises(TypeError, match=r"num_clients must be an integer .* got 2.5"):
        draw(digits(), 2.5, seed=0)
    with pytest.raises(ValueError, match=r"seed must be an integer .* got -1"):
        draw(digits(), 2, seed=-1)


@pytest.mark.parametrize("partitioner", [dirichlet, by_quantity])
@pytest.mark.parametrize("alpha", [0, -1.0, float("nan"), float("inf")])
def test_alpha_must_be_positive_and_finite(partitioner, alpha):
    """The message gives the range and the value."""
    with pytest.raises(ValueError, match=f"alpha must be above 0 .* got {alpha}"):
        partitioner(digits(), 4, alpha=alpha)


@pytest.mark.parametrize("partitioner", [dirichlet, by_quantity])
def test_a_minimum_that_cannot_be_met_is_refused(partitioner):
    """180 examples cannot give 20 clients 10 each."""
    with pytest.raises(ValueError, match=r"at most 9 for 20 clients and 180 .* got 10"):
        partitioner(balanced(18), 20, alpha=1.0, min_examples=10)


def test_iid_sizes_differ_by_at_most_one():
    """1797 examples over 20 clients: 89 or 90 each."""
    assert set(iid(digits(), 20).num_examples()) == {89, 90}


def mean_label_entropy(federation):
    """Return the mean over clients of the entropy of their labels, in nats."""
    counts = federation.label_counts()
    shares = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log(shares, where=shares > 0, out=np.zeros(shares.shape))
    return -(shares * logs).sum(axis=1).mean()


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_less_skewed_for_larger_alpha(seed):
    """From nearly one label per client to nearly log(10) = 2.30 nats."""
    entropies = [
        mean_label_entropy(dirichlet(digits(), 10, alpha=alpha, seed=seed))
        for alpha in (0.03, 0.3, 3.0, 3000.0)
    ]

    assert entropies == sorted(entropies)
    assert entropies[0] < 1.2
    assert entropies[-1] > 2.29


def test_dirichlet_with_a_huge_alpha_deals_each_label_evenly():
    """100 examples of each label over 10 clients: 10 each, give or take rounding."""
    counts = dirichlet(balanced(100), 10, alpha=1e9).label_counts()

    assert abs(counts - 10).max() <= 1


def test_dirichlet_with_a_tiny_alpha_gives_each_label_to_one_client():
    """One of the ten shares is 1, the others 0."""
    federation = dirichlet(digits(), 10, alpha=1e-300, min_examples=0)

    assert ((federation.label_counts() > 0).sum(axis=0) == 1).all()


def test_dirichlet_redraws_until_clients_have_enough():
    """Attempt 0 leaves a client with fewer than 100 examples; a later one does not."""
    loose = dirichlet(digits(), 10, alpha=0.3, min_examples=0, seed=1)
    strict = dirichlet(digits(), 10, alpha=0.3, min_examples=100, seed=1)

    assert loose.num_examples().min() < 100 <= strict.num_examples().min()


def test_dirichlet_says_what_to_change_when_it_gives_up():
    """Ten labels at alpha 1e-9 go to at most ten clients: ten of twenty have none."""
    with pytest.raises(ValueError, match=r"alpha=1e-09 .* 20 clients .*: raise alpha"):
        dirichlet(digits(), 20, alpha=1e-9)


@pytest.mark.parametrize(
    ("num_clients", "labels_per_client"), [(10, 1), (20, 2), (7, 3), (10, 10), (3, 4)]
)
def test_by_label_gives_every_client_its_number_of_labels(
    num_clients, labels_per_client
):
    """Exactly that many, whether or not the shards divide evenly."""
    federation = by_label(
        digits(), num_clients, labels_per_client=labels_per_client, seed=2
    )

    held = federation.label_counts() > 0
    assert (held.sum(axis=1) == labels_per_client).all()
    clients_per_label = held.sum(axis=0)
    assert clients_per_label.max() - clients_per_label.min() <= 1


def test_by_label_cuts_equal_shards():
    """20 clients hold 2 of 10 labels, so a label of 40 is cut in 4 shards of 10."""
    counts = by_label(balanced(40), 20, labels_per_client=2).label_counts()

    assert set(counts.flat) == {0, 10}


def test_by_label_mixes_the_labels_that_stand_together():
    """Not the same five pairs over and over: 50 clients show many of the 45."""
    counts = by_label(balanced(100), 50, labels_per_client=2).label_counts()

    assert len({tuple(np.flatnonzero(row)) for row in counts}) > 15


def test_by_label_leaves_out_labels_without_examples():
    """A dataset without sevens has nine labels to hold."""
    data = digits()
    no_sevens = data.subset(data.labels != 7)
    counts = by_label(no_sevens, 9, labels_per_client=2).label_counts()

    assert ((counts > 0).sum(axis=1) == 2).all()
    with pytest.raises(ValueError, match="from 1 to 9, got 10"):
        by_label(no_sevens, 9, labels_per_client=10)


@pytest.mark.parametrize(
    ("num_clients", "labels_per_client", "message"),
    [
        (5, 0, "labels_per_client must be an integer from 1 to 10, got 0"),
        (5, 11, "labels_per_client must be an integer from 1 to 10, got 11"),
        (4, 2, "4 clients with 2 labels each cannot hold all 10 labels"),
        (30, 10, "label '0' has 3 examples for 30 shards: lower num_clients"),
    ],
)
def test_by_label_refuses_what_cannot_be_dealt(num_clients, labels_per_client, message):
    """Three examples of each of ten labels."""
    with pytest.raises(ValueError, match=message):
        by_label(balanced(3), num_clients, labels_per_client=labels_per_client)


@pytest.mark.parametrize("seed", range(5))
def test_by_quantity_is_more_even_for_larger_alpha(seed):
    """The largest client's size falls towards n / K = 180."""
    largest = [
        by_quantity(digits(), 10, alpha=alpha, seed=seed).num_examples().max()
        for alpha in (0.05, 1.0, 1e6)
    ]

    assert largest[0] > largest[1] > largest[2]
    assert largest[2] <= 182


@pytest.mark.parametrize("min_examples", [0, 1, 17])
def test_by_quantity_keeps_its_minimum_however_uneven(min_examples):
    """At alpha 0.001 one client gets all that is to spare."""
    sizes = by_quantity(
        digits(), 100, alpha=0.001, min_examples=min_examples
    ).num_examples()

    assert sizes.min() == min_examples
    assert sizes.sum() == 1797


def test_by_key_makes_each_group_a_client():
    """Keys 5, 2, 5, 9 are three clients: 2, 5 and 9."""
    keys = np.array([5, 2, 5, 9])
    data = Dataset("visits", np.zeros((4, 1)), [0, 0, 0, 0], ("x",), keys, "patient")
    federation = by_key(data)

    assert [p.tolist() for p in federation.partitions] == [[1], [0, 2], [3]]
    assert federation.method == "by patient"
    assert federation.seed is None


def test_by_key_equals_numpys_groups():
    """On 200 random keys, `np.unique` finds the same groups."""
    keys = np.random.default_rng(0).integers(0, 30, 200)
    data = Dataset("random", np.zeros((200, 1)), np.zeros(200, int), ("x",), keys, "id")
    values, inverse = np.unique(keys, return_inverse=True)

    partitions = by_key(data).partitions
    assert len(partitions) == len(values)
    for group, partition in enumerate(partitions):
        assert np.array_equal(partition, np.flatnonzero(inverse == group))


def test_by_key_needs_keys():
    """The digits' writers are not known."""
    with pytest.raises(ValueError, match="digits has none: take synthetic_writers"):
        by_key(digits())
