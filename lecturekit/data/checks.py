"""Argument checks: say which argument is wrong, what was expected and what came."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_count(name: str, value: int, low: int, high: int | None = None) -> None:
    """Refuse a `value` that is not an integer in low..high (no upper end: None).

    Raises
    ------
    TypeError
        If `value` is not an integer (a bool is not a count either).
    ValueError
        If it lies outside the range.

    Examples
    --------
    >>> check_count("num_clients", 0, low=1, high=10)
    Traceback (most recent call last):
        ...
    ValueError: num_clients must be an integer from 1 to 10, got 0
    """
    expected = f"from {low} to {high}" if high is not None else f"of at least {low}"
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer {expected}, got {value!r}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be an integer {expected}, got {value}")


def check_seed(seed: int | Sequence[int]) -> None:
    """Refuse a seed that is not an integer >= 0, or several of them."""
    for part in seed if isinstance(seed, Sequence) else (seed,):
        check_count("seed", part, low=0)


def as_indices(indices: ArrayLike, num_examples: int) -> NDArray[np.int64]:
    """Return positions of examples as an int64 array; a boolean mask is one too.

    Parameters
    ----------
    indices : (m,) integers in 0..num_examples-1, or (num_examples,) booleans
        Which examples.
    num_examples : int
        How many there are.

    Raises
    ------
    TypeError
        If `indices` are not a flat list of integers or booleans.
    IndexError
        If an index does not exist or a mask has the wrong length.
    """
    array: NDArray[Any] = np.asarray(indices)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "biu":
        raise TypeError(
            "indices must be a flat list of integers or booleans, "
            f"got shape {array.shape} of {array.dtype}"
        )
    if array.dtype == bool:
        if len(array) != num_examples:
            raise IndexError(
                f"a mask needs one entry per example ({num_examples}), got {len(array)}"
            )
        return np.flatnonzero(array).astype(np.int64)
    if array.min() < 0 or array.max() >= num_examples:
        wrong = array[(array < 0) | (array >= num_examples)][0]
        raise IndexError(
            f"an index must be from 0 to {num_examples - 1}, "
            f"the last example's, got {wrong}"
        )
    return array.astype(np.int64)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view of `array` that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
