"""torch tensors as windows on shared memory, like NumPy's arrays.

A tensor crosses without its graph: what was computed under autograd arrives as numbers,
and a leaf that requires a gradient arrives as one. torch is not imported here unless a
tensor arrives.
"""

import builtins
import math
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.judging.errors import Malformed
from autograder.judging.memory import Region, check_window

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_DTYPES = frozenset(
    [
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)


def torch_module() -> ModuleType | None:
    """Return torch if this process has imported it."""
    return sys.modules.get("torch")


def is_tensor(value: Any) -> bool:
    """Tell whether `value` is a dense tensor in the main memory, of a usual dtype."""
    torch = torch_module()
    if torch is None or not issubclass(type(value), torch.Tensor):
        return False
    return (
        value.layout is torch.strided
        and value.device.type == "cpu"
        and _name_of(value.dtype) in _DTYPES
        and not value.is_conj()
        and not value.is_neg()
    )


def is_dtype(value: Any) -> bool:
    """Tell whether `value` is one of torch's usual dtypes."""
    torch = torch_module()
    return (
        torch is not None and type(value) is torch.dtype and _name_of(value) in _DTYPES
    )


def dtype_node(value: Any) -> str:
    """Return the name of a dtype of torch's."""
    return _name_of(value)


def dtype_named(name: Any) -> Any:
    """Return torch's dtype of that name."""
    if not isinstance(name, str) or name not in _DTYPES:
        raise Malformed(f"expected a dtype of torch's, got {str(name)[:40]}")
    import torch

    return getattr(torch, name)


def _name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def memory_of(tensor: Any) -> NDArray[np.uint8]:
    """Return the bytes of a tensor's storage, without a copy."""
    torch: Any = torch_module()
    flat = torch.empty(0, dtype=torch.uint8).set_(tensor.detach().untyped_storage())
    array: NDArray[np.uint8] = flat.numpy()
    return array


def window_of(tensor: Any, region: Region | None) -> list[Any]:
    """Return a tensor's offset in bytes, dtype, shape and strides in items."""
    torch: Any = torch_module()
    needs_grad = tensor.requires_grad and tensor.is_leaf
    return [
        tensor.data_ptr() - region.low if region is not None else 0,
        _name_of(tensor.dtype),
        list(tensor.shape),
        list(tensor.stride()),
        needs_grad,
        type(tensor) is torch.nn.Parameter,
    ]


def opened(region: Region | None, window: list[Any], limit: int) -> Any:
    """Return the tensor behind a window; an empty one has no region."""
    import torch

    offset, name, shape, strides, needs_grad, is_parameter = window
    dtype = dtype_named(name)
    if not isinstance(shape, list) or not isinstance(strides, list):
        raise Malformed("expected lists for a shape and its strides")
    itemsize, size = dtype.itemsize, region.size if region is not None else 0
    in_bytes = [
        stride * itemsize if type(stride) is int else stride for stride in strides
    ]
    check_window(offset, itemsize, shape, in_bytes, size, limit)
    if region is None:
        if math.prod(shape):
            raise Malformed("expected a region for a tensor that is not empty")
        tensor = torch.empty(shape, dtype=dtype)
    else:
        if any(stride < 0 for stride in strides) or offset % itemsize:
            raise Malformed("expected strides >= 0 and whole items")
        region.dtype = region.dtype or f"torch.{name}"
        whole = size - size % itemsize
        flat = torch.frombuffer(region.bytes, dtype=torch.uint8)[:whole].view(dtype)
        tensor = flat.as_strided(shape, strides, offset // itemsize)
    if needs_grad is True and (dtype.is_floating_point or dtype.is_complex):
        tensor.requires_grad_()
    if is_parameter is True:
        tensor = torch.nn.Parameter(tensor, requires_grad=needs_grad is True)
    return tensor
