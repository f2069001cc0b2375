"""The network's gradient against torch, its loss on numbers checkable by hand."""

import numpy as np
import pytest
import torch

from lecturekit.models import MLP


def torch_loss(model, features, labels):
    """Return the loss with torch's own layers, and the arrays it can differentiate."""
    arrays = {
        name: torch.tensor(array, requires_grad=True) for name, array in model.items()
    }
    flat = torch.tensor(features).flatten(start_dim=1)
    hidden = torch.relu(flat @ arrays["hidden.weight"] + arrays["hidden.bias"])
    logits = hidden @ arrays["output.weight"] + arrays["output.bias"]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    return loss, arrays


@pytest.fixture
def batch():
    """Draw thirty-two 8 x 8 pictures with random labels."""
    rng = np.random.default_rng(7)
    return rng.random((32, 8, 8), dtype=np.float32), rng.integers(10, size=32)


def test_loss_is_torchs_cross_entropy(batch):
    """Equal to `torch.nn.functional.cross_entropy` within float32 rounding."""
    model = MLP().initial(seed=1)

    expected, _ = torch_loss(model, *batch)

    assert MLP().loss(model, *batch) == pytest.approx(expected.item(), rel=1e-5)


def test_gradient_is_torchs(batch):
    """Every array's gradient equals autograd's within float32 rounding."""
    model = MLP().initial(seed=1)
    loss, arrays = torch_loss(model, *batch)
    loss.backward()

    gradients = MLP().gradients(model, *batch)

    assert list(gradients) == list(model)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, arrays[name].grad, rtol=1e-4, atol=1e-7)


def test_equal_logits_cost_log_of_the_number_of_labels():
    """A model of zeros gives every label the same probability."""
    mlp = MLP(num_features=2, num_hidden=3, num_labels=4)
    model = {name: 0 * array for name, array in mlp.initial(seed=1).items()}

    assert mlp.loss(model, np.ones((5, 2), np.float32), np.zeros(5, int)) == (
        pytest.approx(np.log(4))
    )


def test_large_logits_do_not_overflow():
    """Logits of 10,000 and 0: a loss of 10,000 where the label is the second."""
    mlp = MLP(num_features=1, num_hidden=1, num_labels=2)
    model = {
        "hidden.weight": np.ones((1, 1), np.float32),
        "hidden.bias": np.zeros(1, np.float32),
        "output.weight": np.array([[1e4, 0.0]], np.float32),
        "output.bias": np.zeros(2, np.float32),
    }
    features = np.ones((1, 1), np.float32)

    assert mlp.loss(model, features, np.array([1])) == pytest.approx(1e4)
    assert mlp.accuracy(model, features, np.array([0])) == 1.0


def test_arrays_are_float32_and_named_in_the_order_of_the_layers():
    """The order in which arrays travel, which is not the alphabet's."""
    model = MLP().initial(seed=1)

    names = ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
    assert list(model) == names
    assert {array.dtype for array in model.values()} == {np.dtype("float32")}
    assert sum(array.size for array in model.values()) == 64 * 64 + 64 + 640 + 10


def test_gradients_are_float32(batch):
    """A step with them leaves the model's dtype as it is."""
    gradients = MLP().gradients(MLP().initial(seed=1), *batch)

    assert {array.dtype for array in gradients.values()} == {np.dtype("float32")}


def test_same_seed_same_model():
    """Two draws from one seed are equal, bit for bit; another seed differs."""
    first, second, other = (MLP().initial(seed) for seed in (3, 3, 4))

    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["hidden.weight"], other["hidden.weight"])


def test_gradient_steps_lower_the_loss(batch):
    """Fifty steps of gradient descent fit 32 examples better than none."""
    mlp = MLP()
    start = model = mlp.initial(seed=1)
    for _ in range(50):
        gradients = mlp.gradients(model, *batch)
        model = {name: model[name] - 0.1 * gradients[name] for name in model}

    assert mlp.loss(model, *batch) < mlp.loss(start, *batch) - 0.05


def test_sizes_below_one_are_refused():
    """The message names the parameter and the value."""
    with pytest.raises(ValueError, match=r"num_hidden must be >= 1, got 0"):
        MLP(num_hidden=0)


def test_an_empty_batch_is_refused():
    """A mean over no examples would be NaN."""
    mlp = MLP()
    features, labels = np.zeros((0, 8, 8), np.float32), np.zeros(0, np.int64)

    with pytest.raises(ValueError, match=r"at least one example, got none"):
        mlp.loss(mlp.initial(seed=1), features, labels)


def test_examples_of_the_wrong_size_are_refused():
    """The message gives both sizes."""
    mlp = MLP()
    features = np.zeros((2, 28, 28), np.float32)

    with pytest.raises(ValueError, match=r"must have 64 numbers, got 784"):
        mlp.accuracy(mlp.initial(seed=1), features, np.zeros(2, np.int64))
