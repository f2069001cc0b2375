"""Classifiers in torch, small enough that a laptop trains a hundred of them.

    linear    logits = W x + b                                     (784, 10): 7,850
    mlp       one hidden layer of rectified linear units           (64, 64, 10): 4,810
    cnn       two 3 x 3 convolutions, each halved by max pooling   8 x 8: 1,898

Every one takes a batch of examples (n, ...) to logits (n, num_labels), draws nothing in
its forward pass and keeps no state but its parameters: no dropout, no batch
normalisation, whose running statistics would belong to one client's data.

The networks are initialised as torch does it by default, every weight and bias uniform
in +-1 / sqrt(inputs of the unit), but from a seed and not from the generator that the
whole process shares. This module imports torch; `lecturekit.models` does not, so it is
imported by its own name: `from lecturekit.models.torch_classifiers import mlp`.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


def linear(num_features: int = 64, num_labels: int = 10, *, seed: int = 0) -> nn.Module:
    """Return multinomial logistic regression on flattened examples."""
    return _drawn(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(num_features, num_labels)), seed
    )


def mlp(
    num_features: int = 64,
    num_hidden: int = 64,
    num_labels: int = 10,
    *,
    seed: int = 0,
) -> nn.Module:
    """Return a network with one hidden layer, on flattened examples.

    The defaults fit the digits, 8 * 8 pixels: 64 * 64 + 64 + 64 * 10 + 10 = 4,810
    parameters.
    """
    return _drawn(
        lambda: nn.Sequential(
            nn.Flatten(),
            nn.Linear(num_features, num_hidden),
            nn.ReLU(),
            nn.Linear(num_hidden, num_labels),
        ),
        seed,
    )


def cnn(
    side: int = 8, num_channels: int = 8, num_labels: int = 10, *, seed: int = 0
) -> nn.Module:
    """Return a convolutional network for square grey pictures.

    Parameters
    ----------
    side : int, a multiple of 4
        Pictures are (n, side, side): 8 for the digits, 28 for MNIST.
    num_channels : int
        Of the first convolution; the second has twice as many.
    num_labels : int
        Labels to choose from.
    seed : int
        What the parameters are drawn from.

    Raises
    ------
    ValueError
        If `side` is not a positive multiple of 4: each of two pools halves it.
    """
    if side < 4 or side % 4:
        raise ValueError(f"side must be a positive multiple of 4, got {side}")
    return _drawn(
        lambda: nn.Sequential(
            nn.Unflatten(1, (1, side)),  # (n, 1, side, side)
            nn.Conv2d(1, num_channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (n, num_channels, side / 2, side / 2)
            nn.Conv2d(num_channels, 2 * num_channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (n, 2 * num_channels, side / 4, side / 4)
            nn.Flatten(),
            nn.Linear(2 * num_channels * (side // 4) ** 2, num_labels),
        ),
        seed,
    )


def classification_losses(
    predict: Callable[[Tensor], Tensor], features: Tensor, labels: Tensor
) -> Tensor:
    """Return each example's cross-entropy in nats, shape (n,).

    Parameters
    ----------
    predict : callable
        From features to logits (n, num_labels): a network, or one with a model's
        arrays put in.
    features : (n, ...) float
    labels : (n,) int64
    """
    return cross_entropy(predict(features), labels, reduction="none")


def _drawn(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build a network and draw its parameters from `seed`.

    The layers' constructors draw from the generator of the process, too, which gets its
    state back.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        network = build()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                bound = layer.weight[0].numel() ** -0.5  # inputs of one unit
                for array in layer.parameters():
                    array.uniform_(-bound, bound, generator=generator)
    return network
