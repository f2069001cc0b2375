"""Datasets, on three examples."""

import numpy as np
import pytest

from lecturekit.data import Dataset


def coins(n=3, keys=None):
    labels = np.arange(n) % 2
    return Dataset("coins", np.arange(n)[:, None], labels, ("tail", "head"), keys)


def test_arrays_have_the_promised_types():
    """Whatever the numbers came as, features are float32 and labels int64."""
    dataset = Dataset("coins", [[1], [2]], np.array([0, 1], np.uint8), ["tail", "head"])

    assert dataset.features.dtype == np.float32
    assert dataset.labels.dtype == np.int64
    assert dataset.label_names == ("tail", "head")


@pytest.mark.parametrize("field", ["features", "labels", "keys"])
def test_arrays_cannot_be_written_to(field):
    """A client cannot change the data of another one."""
    dataset = coins(keys=np.array([7, 7, 8]))
    with pytest.raises(ValueError, match="read-only"):
        getattr(dataset, field)[0] = 1


def test_the_callers_own_arrays_stay_writable():
    """Making a dataset does not lock what it was made from."""
    features = np.zeros((2, 1), np.float32)
    Dataset("zeros", features, np.array([0, 0]), ("zero",))
    features[0] = 1.0


def test_subset_keeps_the_order_asked_for():
    """Features, labels and keys stay together."""
    chosen = coins(keys=np.array([7, 8, 9])).subset([2, 0])

    assert chosen.features[:, 0].tolist() == [2.0, 0.0]
    assert chosen.labels.tolist() == [0, 0]
    assert chosen.keys.tolist() == [9, 7]


def test_subset_takes_a_mask_and_may_be_empty():
    """`labels == 1` picks the heads; no index at all picks nothing."""
    dataset = coins()

    assert dataset.subset(dataset.labels == 1).features.tolist() == [[1.0]]
    assert len(dataset.subset([])) == 0


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([3], IndexError, "from 0 to 2, .*got 3"),
        ([-1], IndexError, "from 0 to 2, .*got -1"),
        ([0.5], TypeError, "flat list of integers or booleans, .* float64"),
        ([[0]], TypeError, r"got shape \(1, 1\)"),
        ([True], IndexError, r"one entry per example \(3\), got 1"),
    ],
)
def test_indices_that_mean_nothing_are_refused(indices, error, message):
    """Negative numbers do not count from the end: they are usually a mistake."""
    with pytest.raises(error, match=message):
        coins().subset(indices)


@pytest.mark.parametrize(
    ("n", "fraction", "num_test"),
    [(10, 0.2, 2), (10, 0.01, 1), (10, 0.99, 9), (2, 0.5, 1)],
)
def test_split_puts_every_example_on_one_side(n, fraction, num_test):
    """Both sides have at least one example."""
    train, test = coins(n).split(fraction, seed=1)

    assert len(test) == num_test
    together = np.concatenate([train.features, test.features])[:, 0]
    assert sorted(together) == list(range(n))


def test_split_is_a_function_of_its_seed():
    """The same seed holds out the same examples, another seed others."""
    splits = [coins(50).split(0.5, seed=seed)[1] for seed in (1, 1, 2)]

    assert np.array_equal(splits[0].features, splits[1].features)
    assert not np.array_equal(splits[0].features, splits[2].features)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, float("nan")])
def test_split_refuses_a_fraction_outside_its_range(fraction):
    """One of the sides would be empty."""
    with pytest.raises(ValueError, match=rf"between 0 and 1, got {fraction}"):
        coins().split(fraction)


def test_a_single_example_cannot_be_split():
    """The message names the dataset, for it may be one client's."""
    with pytest.raises(ValueError, match="at least 2 examples, coins has 1"):
        coins(1).split(0.5)


@pytest.mark.parametrize(
    ("labels", "keys", "message"),
    [
        ([0, 1], None, r"labels must have one entry .*\(2,\) for features .*\(3, 1\)"),
        ([0, 1, 2], None, "labels must be from 0 to 1, .*got 0 to 2"),
        ([0, 1, -1], None, "labels must be from 0 to 1, .*got -1 to 1"),
        ([0.0, 1.0, 0.5], None, "labels must be integers, got float64"),
        ([0, 1, 0], [1, 2], "keys must have one entry"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(labels, keys, message):
    """A label without a name, or an example without a label, is found at once."""
    with pytest.raises(ValueError, match=message):
        Dataset("coins", [[1], [2], [3]], labels, ("tail", "head"), keys)
