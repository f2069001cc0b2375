"""An optimizer's memory, taken out and put back."""

import copy

import pytest
import torch
from flwr.app import ArrayRecord

from lecturekit.models.torch_optimizers import load_optimizer_tensors, optimizer_tensors

KINDS = {
    "AdamW": lambda weights: torch.optim.AdamW(weights, lr=0.1, weight_decay=0.1),
    "SGD with momentum": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.1),
}


def new_weights():
    generator = torch.Generator().manual_seed(3)
    shapes = ((3, 2), (), (4,))
    return [torch.randn(s, generator=generator).requires_grad_() for s in shapes]


def train(weights, optimizer, num_steps):
    for _ in range(num_steps):
        optimizer.zero_grad()
        sum(((w - 1) ** 4).sum() for w in weights).backward()
        optimizer.step()


@pytest.mark.parametrize("kind", KINDS)
def test_going_on_is_as_if_nothing_had_happened(kind):
    """Four steps at once equal two, a trip through a Flower record, and two more."""
    through, weights = new_weights(), new_weights()
    train(through, KINDS[kind](through), 4)

    first = KINDS[kind](weights)
    train(weights, first, 2)
    record = ArrayRecord.from_torch_state_dict(optimizer_tensors(first))
    second = KINDS[kind](weights)
    load_optimizer_tensors(second, record.to_torch_state_dict())
    train(weights, second, 2)

    for one, other in zip(through, weights, strict=True):
        assert torch.equal(one, other)


def test_the_tensors_are_copies():
    """Training on does not change what was taken out, nor what was put in."""
    weights = new_weights()
    optimizer = KINDS["AdamW"](weights)
    train(weights, optimizer, 1)
    taken = optimizer_tensors(optimizer)
    before = copy.deepcopy(taken)
    load_optimizer_tensors(optimizer, taken)
    train(weights, optimizer, 2)

    assert list(taken) == list(before)
    assert all(torch.equal(taken[name], before[name]) for name in taken)


def test_settings_stay_as_they_are():
    """What is put back is memory; the learning rate is the new optimizer's own."""
    weights = new_weights()
    optimizer = KINDS["AdamW"](weights)
    train(weights, optimizer, 1)
    slow = torch.optim.AdamW(weights, lr=0.001)
    load_optimizer_tensors(slow, optimizer_tensors(optimizer))

    assert slow.param_groups[0]["lr"] == 0.001


def test_refusals():
    """Names that are no parameter's, and another network's shapes."""
    optimizer = KINDS["AdamW"](new_weights())
    with pytest.raises(ValueError, match=r"named '0.exp_avg'.*3 parameters, got 'w'"):
        load_optimizer_tensors(optimizer, {"w": torch.ones(2)})
    with pytest.raises(ValueError, match=r"3 parameters, got '3.step'"):
        load_optimizer_tensors(optimizer, {"3.step": torch.ones(())})
    with pytest.raises(ValueError, match=r"0.exp_avg must have the shape \(3, 2\)"):
        load_optimizer_tensors(optimizer, {"0.exp_avg": torch.ones(2)})
