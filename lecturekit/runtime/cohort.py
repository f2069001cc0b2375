"""Local SGD for a cohort: many clients' models of equal shape, trained at once.

A small network keeps a processor waiting. A step of a 64-64-10 network is some forty
calls of torch, and the calls take longer than the arithmetic in them. So stack the
models of K clients, array by array, and let every call do the work of all:

    train_one       a client       w  (P,)      w <- w - lr * grad l(w; batch)
    train_loop      K clients, one after another
    train_cohort    K clients      W  (K, P)    the same step, for all rows of W

The first two, in `local_training`, are the definition. The third is the fast version
beside them: equal within float rounding (the tests say 1e-5) and not bit for bit, since
a product of K matrices is added up in another order than K products are. It is built on
`torch.func`: `functional_call` makes the network a function of its arrays, `grad` the
derivative of that function, and `vmap` a function on stacks of both. Clients need not
be alike:

    fewer steps        rows are sorted, longest first; at step s the first rows have
                       work left, and those behind them are not touched any more
    smaller batches    padded with the batch's own first example, at weight 0
    no examples        no steps: the model comes back unchanged

This module imports torch, so `lecturekit.runtime` does not import it:
`from lecturekit.runtime.cohort import train_cohort`.

Stacking clients on one accelerator: Ro, Suresh, Wu, FedJAX: Federated learning
simulation with JAX, 2021, https://arxiv.org/abs/2108.02117.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import grad_and_value, vmap

from .local_training import Batches, LocalSGD, Model, Objective, Trained


class Stack(NamedTuple):
    """Clients that were trained together.

    Parameters
    ----------
    clients : list of int
        Which ones; row i of every array belongs to clients[i].
    model : dict of str to (num_clients, ...) Tensor
        Their models, one above the other.
    losses : (num_clients,) float32
        As in `Trained`.
    """

    clients: list[int]
    model: Model
    losses: NDArray[np.float32]


def train_cohort(
    objective: Objective,
    models: Sequence[Model],
    batches: Sequence[Batches],
    inner: LocalSGD,
    *,
    chunk_size: int = 256,
) -> list[Trained]:
    """Train K clients at once: the result of `train_loop` to within 1e-5.

    Parameters
    ----------
    objective, inner
        As for `train_one`.
    models : sequence of dict of str to Tensor
        K models, equal in names and shapes; one may stand there K times.
    batches : sequence of Batches
        What each client trains on. Clients may differ in number and size of batches.
    chunk_size : int, >= 1
        How many clients are stacked. Besides the K results, memory holds what one step
        of so many clients needs.

    Raises
    ------
    ValueError
        If `chunk_size` is not positive, there are not as many models as clients, or a
        batch is empty.
    """
    trained: dict[int, Trained] = {}
    for stack in train_stacks(objective, models, batches, inner, chunk_size=chunk_size):
        rows = zip(*(array.unbind() for array in stack.model.values()), strict=True)
        for k, row, loss in zip(stack.clients, rows, stack.losses, strict=True):
            trained[k] = Trained(dict(zip(stack.model, row, strict=True)), float(loss))
    return [trained[k] for k in range(len(models))]


def train_stacks(
    objective: Objective,
    models: Sequence[Model],
    batches: Sequence[Batches],
    inner: LocalSGD,
    *,
    chunk_size: int = 256,
) -> Iterator[Stack]:
    """Do as `train_cohort`, and yield the results stack by stack, when they are done.

    Every client is in one stack, those with most steps in the first. Whoever takes what
    it needs before asking for the next holds one stack in memory.
    """
    if chunk_size < 1:
        raise ValueError(f"chunk_size must be >= 1, got {chunk_size}")
    if len(models) != len(batches):
        raise ValueError(
            "each client needs a model and its batches, "
            f"got {len(models)} models and batches for {len(batches)} clients"
        )
    order = sorted(range(len(models)), key=lambda k: _work(batches[k]), reverse=True)
    for first in range(0, len(order), chunk_size):
        clients = order[first : first + chunk_size]
        stacked = {
            name: torch.stack([models[k][name] for k in clients])
            .detach()
            .to(objective.device)
            for name in models[clients[0]]
        }
        losses = _train_rows(objective, stacked, [batches[k] for k in clients], inner)
        yield Stack(clients, stacked, losses)


def _work(batches: Batches) -> tuple[int, int]:
    """Return what clients are sorted by: steps, then the size of the first batch."""
    return len(batches), len(batches[0]) if len(batches) else 0


def _train_rows(
    objective: Objective, stacked: Model, batches: Sequence[Batches], inner: LocalSGD
) -> NDArray[np.float32]:
    """Train the rows of `stacked` in place, and return their losses.

    Those with most steps come first: `batches` is sorted.
    """
    device = objective.device
    # Both (K, steps, largest batch):
    positions, weights = (padded.to(device) for padded in _padded(batches))
    num_steps = np.array([len(of_client) for of_client in batches])
    totals = torch.zeros(len(batches), device=device)
    velocity: Model = {}
    if inner.momentum:
        velocity = {name: torch.zeros_like(array) for name, array in stacked.items()}

    def weighted_loss(model: Model, weights: Tensor, *examples: Tensor) -> Tensor:
        return (weights * objective.example_losses(model, *examples)).sum()

    slopes = vmap(grad_and_value(weighted_loss))
    for step in range(positions.shape[1]):
        active = int((num_steps > step).sum())  # rows 0 ... active-1 have work left
        rows = {name: array[:active] for name, array in stacked.items()}
        examples = objective.examples(positions[:active, step])
        gradients, losses = slopes(rows, weights[:active, step], *examples)
        totals[:active] += losses
        for name, row in rows.items():
            direction = gradients[name]
            if inner.weight_decay:
                direction = direction.add(row, alpha=inner.weight_decay)
            if inner.momentum:
                direction = velocity[name][:active].mul_(inner.momentum).add_(direction)
            row.sub_(direction, alpha=inner.lr)
    num_losses = torch.from_numpy(num_steps.clip(min=1))
    mean_losses: NDArray[np.float32] = (totals.cpu() / num_losses).numpy()
    return mean_losses


def _padded(batches: Sequence[Batches]) -> tuple[Tensor, Tensor]:
    """Return positions and weights of all batches, shape (K, steps, largest batch).

    A batch of n examples has n weights of 1 / n and then zeros, so that the weighted
    sum of losses is its mean loss.
    """
    steps = max(len(of_client) for of_client in batches)
    sizes = np.zeros((len(batches), steps), dtype=np.int64)
    for k, of_client in enumerate(batches):
        sizes[k, : len(of_client)] = [len(batch) for batch in of_client]
        if not sizes[k, : len(of_client)].all():
            raise ValueError("a batch must hold at least one example, got none")
    real = np.arange(sizes.max(initial=0)) < sizes[..., None]
    positions = np.zeros(real.shape, dtype=np.int64)
    if in_order := [batch for of_client in batches for batch in of_client]:
        positions[real] = np.concatenate(in_order)
    positions = np.where(real, positions, positions[..., :1])
    weights = real / sizes.clip(min=1)[..., None]
    return torch.from_numpy(positions), torch.from_numpy(weights.astype(np.float32))
