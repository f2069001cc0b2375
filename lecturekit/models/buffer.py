"""Models as a server with little memory receives them: one at a time, in one place.

A network card writes what arrives into a buffer, and the next message into the same
buffer. Whoever keeps a reference to "the first model" holds, one message later, the
second. A server that aggregates a model larger than half its memory has no choice but
to take what it needs before it asks for more.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ReceiveBuffer:
    """An iterator over (model, num_examples) that reuses the arrays it yields.

    It can be read once. After the last model the arrays are filled with NaN.

    Parameters
    ----------
    models : iterable of mapping from str to floating-point array
        Equal names, shapes and dtypes. They are read, never changed.
    num_examples : iterable of int
        n_k, one per model.

    Examples
    --------
    >>> first, second = {"w": np.array([1.0])}, {"w": np.array([2.0])}
    >>> kept = [model["w"] for model, _ in ReceiveBuffer([first, second], [10, 30])]
    >>> kept
    [array([nan]), array([nan])]
    """

    def __init__(
        self,
        models: Iterable[Mapping[str, NDArray[np.floating[Any]]]],
        num_examples: Iterable[int],
    ) -> None:
        # Lists, not generators: an unread buffer can be pickled and sent.
        self._waiting = list(zip(models, num_examples, strict=True))
        self._buffer: dict[str, NDArray[np.floating[Any]]] = {}

    def __iter__(self) -> Iterator[tuple[dict[str, NDArray[np.floating[Any]]], int]]:
        return self

    def __next__(self) -> tuple[dict[str, NDArray[np.floating[Any]]], int]:
        if not self._waiting:
            for array in self._buffer.values():
                array[...] = np.nan
            raise StopIteration
        model, num_examples = self._waiting.pop(0)
        if not self._buffer:
            self._buffer = {name: np.empty_like(a) for name, a in model.items()}
        for name, array in self._buffer.items():
            array[...] = model[name]
        return self._buffer, num_examples

    def __repr__(self) -> str:
        return f"ReceiveBuffer({len(self._waiting)} models waiting)"
