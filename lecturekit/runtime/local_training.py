"""What a client does in a round: some steps of SGD on minibatches of its examples.

    for every batch b:    w <- w - lr * grad l(w; b)        l is the mean loss on b

`train_one` is that loop in plain torch, for one client, and `train_loop` runs it for
one client after another. `cohort.train_cohort` is the fast version beside them.

The examples of all clients stand in one set of tensors, and a batch is an array of
positions in it. Which positions, in which order, is the business of whoever calls: a
client draws them from a generator of its own, seeded by (seed, round, client).

This module imports torch, so `lecturekit.runtime` does not import it:
`from lecturekit.runtime.local_training import train_one`.

Paper: McMahan et al., Communication-Efficient Learning of Deep Networks from
Decentralized Data, AISTATS 2017, Algorithm 1, ClientUpdate.
https://arxiv.org/abs/1602.05629
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

Model = dict[str, Tensor]  # the network's parameters by name
Batches = Sequence[NDArray[np.int64]]  # per step, the positions of its examples


@dataclass(frozen=True, eq=False)
class Objective:
    """What is minimised: the mean loss of a model on some examples.

    Parameters
    ----------
    network : nn.Module
        The architecture; its own parameters are not used. Its forward pass draws
        nothing and it has no buffers (no dropout, no batch normalisation).
    losses : callable
        `losses(predict, *examples)` returns one loss per example, shape (n,), where
        `predict` is the network with a model's arrays put in. Each loss depends on its
        own example alone. See `models.torch_classifiers.classification_losses`.
    data : tuple of (num_examples, ...) tensors
        Everybody's examples, for instance (features, labels). A client's batches are
        positions in it, so that no client's data are ever copied. Training happens on
        their device; the network must be there, too.
    """

    network: nn.Module
    losses: Callable[..., Tensor]
    data: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        if buffers := [name for name, _ in self.network.named_buffers()]:
            raise ValueError(
                f"network must have no buffers, got {buffers}: use group or layer "
                "normalisation instead of batch normalisation"
            )

    @property
    def device(self) -> torch.device:
        """Where the examples are, and training happens."""
        return self.data[0].device

    def examples(self, positions: Tensor) -> list[Tensor]:
        """Return the examples at `positions`, int64 of any shape."""
        flat = positions.flatten().to(
            self.device
        )  # index_select costs less than column[...]
        return [
            column.index_select(0, flat).view(*positions.shape, *column.shape[1:])
            for column in self.data
        ]

    def example_losses(self, model: Model, *examples: Tensor) -> Tensor:
        """Return the loss of `model` on each of n examples, shape (n,)."""
        predict = partial(functional_call, self.network, model)
        losses = self.losses(predict, *examples)
        if losses.shape != examples[0].shape[:1]:
            raise ValueError(
                "losses must return one loss per example, shape "
                f"{tuple(examples[0].shape[:1])}, got shape {tuple(losses.shape)}: "
                "leave out the mean (reduction='none')"
            )
        return losses


@dataclass(frozen=True)
class LocalSGD:
    """A client's inner optimizer: `torch.optim.SGD` with these settings.

    Parameters
    ----------
    lr : float
        The step size.
    momentum, weight_decay : float
        0 for plain SGD. The momentum starts at zero in every round.
    """

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0


class Trained(NamedTuple):
    """A trained model and its loss, the mean over the steps; 0 if there was none."""

    model: Model
    loss: float


def train_one(
    objective: Objective, model: Model, batches: Batches, inner: LocalSGD
) -> Trained:
    """Train one client's model: a step for every batch, in order.

    Parameters
    ----------
    objective : Objective
        The network, the loss and the examples.
    model : dict of str to Tensor
        Where training starts; it is not changed.
    batches : sequence of (n,) int64, n >= 1
        The positions of each step's examples in `objective.data`.
    inner : LocalSGD
        The inner optimizer.
    """
    trained = {
        name: array.detach().to(objective.device, copy=True).requires_grad_()
        for name, array in model.items()
    }
    optimizer = torch.optim.SGD(
        trained.values(),
        lr=inner.lr,
        momentum=inner.momentum,
        weight_decay=inner.weight_decay,
    )
    total = 0.0
    for batch in batches:
        examples = objective.examples(torch.from_numpy(batch))
        loss = objective.example_losses(trained, *examples).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item()
    done = {name: array.detach() for name, array in trained.items()}
    return Trained(done, total / max(len(batches), 1))


def train_loop(
    objective: Objective,
    models: Sequence[Model],
    batches: Sequence[Batches],
    inner: LocalSGD,
) -> list[Trained]:
    """Train K clients one after another: client k starts at models[k]."""
    return [
        train_one(objective, model, batches_of_client, inner)
        for model, batches_of_client in zip(models, batches, strict=True)
    ]
