"""What an optimizer remembers, as named tensors that can be sent or kept.

AdamW keeps two moving averages and a counter for every parameter: twice the size of the
model. Whoever stops training and wants to go on as if nothing had happened must keep
them. `torch.optim` numbers the parameters 0, 1, ... in the order in which it got them;
here the same things have names, "0.exp_avg", "0.exp_avg_sq", "0.step", "1.exp_avg", ...
so that they fit in Flower's records like a model:

    record = ArrayRecord.from_torch_state_dict(optimizer_tensors(optimizer))
    load_optimizer_tensors(optimizer, record.to_torch_state_dict())

Settings such as the learning rate are not among them. This module imports torch;
`lecturekit.models` does not, so it is imported by its own name.

Paper: Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019,
https://arxiv.org/abs/1711.05101.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return copies of what `optimizer` remembers, by name; {} before its first step.

    Examples
    --------
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.AdamW([w])
    >>> w.sum().backward()
    >>> optimizer.step()
    >>> list(optimizer_tensors(optimizer))
    ['0.step', '0.exp_avg', '0.exp_avg_sq']
    """
    return {
        f"{number}.{name}": torch.as_tensor(value).detach().clone()
        for number, remembered in optimizer.state_dict()["state"].items()
        for name, value in remembered.items()
        if value is not None
    }


def load_optimizer_tensors(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]
) -> None:
    """Make `optimizer` remember `tensors`, which `optimizer_tensors` returned.

    Its settings stay as they are.

    Raises
    ------
    ValueError
        If a name is not a parameter's number, a dot and a name, or the shape is that of
        another parameter.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        if not (number.isdigit() and name and int(number) < len(parameters)):
            raise ValueError(
                f"tensors must be named '0.exp_avg' and so on, for {len(parameters)} "
                f"parameters, got {key!r}"
            )
        shape = parameters[int(number)].shape
        if tensor.ndim and tensor.shape != shape:
            raise ValueError(
                f"{key} must have the shape {tuple(shape)} of its parameter, got "
                f"{tuple(tensor.shape)}: was it another network's?"
            )
        state.setdefault(int(number), {})[name] = tensor.clone()
    settings = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": settings})
