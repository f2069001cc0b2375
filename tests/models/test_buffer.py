"""A receive buffer: one place in memory, read once."""

import pickle

import numpy as np
import pytest

from lecturekit.models import ReceiveBuffer


@pytest.fixture
def models():
    """Return three models of one number each: 1, 2, 3."""
    return [{"w": np.array([float(k)])} for k in (1, 2, 3)]


def test_models_come_in_order_with_their_examples(models):
    """Each step shows the next model and its n_k."""
    stream = ReceiveBuffer(models, [10, 0, 30])

    seen = [(float(model["w"][0]), n_k) for model, n_k in stream]

    assert seen == [(1.0, 10), (2.0, 0), (3.0, 30)]


def test_the_arrays_are_reused(models):
    """What was yielded first holds the second model one step later, at last NaN."""
    stream = ReceiveBuffer(models[:2], [1, 1])
    first, _ = next(stream)
    assert first["w"] == 1.0

    next(stream)
    assert first["w"] == 2.0

    assert next(stream, None) is None
    assert np.isnan(first["w"])


def test_the_stream_can_be_read_once(models):
    """A second loop finds nothing."""
    stream = ReceiveBuffer(models, [1, 1, 1])

    assert len(list(stream)) == 3
    assert list(stream) == []


def test_the_models_given_are_left_as_they_are(models):
    """The buffer is a copy, so its reuse reaches nobody else's arrays."""
    for model, _ in ReceiveBuffer(models, [1, 1, 1]):
        model["w"][...] = -1.0

    assert [float(model["w"][0]) for model in models] == [1.0, 2.0, 3.0]


def test_an_unread_stream_can_be_pickled(models):
    """It can be handed to another process, as a grader does."""
    stream = pickle.loads(pickle.dumps(ReceiveBuffer(models, [1, 2, 3])))

    assert [n_k for _, n_k in stream] == [1, 2, 3]


def test_lists_of_different_lengths_are_refused(models):
    """Every model needs its n_k."""
    with pytest.raises(ValueError, match="shorter"):
        ReceiveBuffer(models, [1, 2])


def test_repr_says_how_many_are_waiting(models):
    """A reader of a notebook sees where the stream stands."""
    stream = ReceiveBuffer(models, [1, 1, 1])
    next(stream)

    assert repr(stream) == "ReceiveBuffer(2 models waiting)"
