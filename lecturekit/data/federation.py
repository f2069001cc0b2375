"""A federation: one dataset, and which of its examples each client holds.

    partitions[k]      D_k, the positions of client k's examples, n_k = len(D_k)
    federation[k]      client k's data, a Dataset
    len(federation)    K, the number of clients

Every example belongs to exactly one client. Whether partitions look alike or not is
decided by how they were drawn: see `partition` and `label_skew`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import as_indices, read_only
from .dataset import Dataset

# The positions of one client's examples in the dataset.
Partition = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Federation:
    """A dataset divided among clients; client k has partition id k.

    Parameters
    ----------
    dataset : Dataset
        All examples.
    partitions : sequence of (n_k,) integers
        The positions of each client's examples. Together they hold every example
        once; a partition may be empty.
    method : str
        How it was divided, for titles: "dirichlet(alpha=0.3)".
    seed : int or None
        The seed it was drawn from, None if nothing was drawn.

    Raises
    ------
    ValueError
        If there is no client, or an example has no client or more than one.

    Examples
    --------
    >>> coins = Dataset("coins", [[0.1], [0.7], [0.9]], [0, 1, 1], ("tail", "head"))
    >>> federation = Federation(coins, [[1], [0, 2]], method="by hand")
    >>> federation
    Federation of coins: by hand
      clients                2
      examples per client    1 to 2, median 1.5
      labels per client      1 to 2, median 1.5
    >>> federation[1].labels
    array([0, 1])
    """

    dataset: Dataset
    partitions: Sequence[Partition]
    method: str
    seed: int | None = None

    def __post_init__(self) -> None:
        partitions = tuple(
            read_only(as_indices(partition, len(self.dataset)))
            for partition in self.partitions
        )
        # A frozen dataclass is filled in through object.__setattr__.
        object.__setattr__(self, "partitions", partitions)
        if not partitions:
            raise ValueError("a federation needs at least one client, got none")
        held = np.bincount(np.concatenate(partitions), minlength=len(self.dataset))
        if (held != 1).any():
            example = int(np.flatnonzero(held != 1)[0])
            raise ValueError(
                "every example must be held by exactly one client, "
                f"but {held[example]} hold example {example}"
            )

    def __len__(self) -> int:
        return len(self.partitions)

    def __getitem__(self, partition_id: int) -> Dataset:
        k = index(partition_id)
        if not 0 <= k < len(self):
            raise IndexError(
                f"a partition id must be from 0 to {len(self) - 1}, got {k}"
            )
        return self.dataset.subset(
            self.partitions[k], name=f"{self.dataset.name}, client {k}"
        )

    def __iter__(self) -> Iterator[Dataset]:
        return (self[k] for k in range(len(self)))

    def num_examples(self) -> NDArray[np.int64]:
        """Return n_k for every client, shape (num_clients,)."""
        return np.array([len(partition) for partition in self.partitions])

    def label_counts(self) -> NDArray[np.int64]:
        """Return how many examples of each label each client holds.

        Returns
        -------
        (num_clients, num_labels) int64
            Row k adds up to n_k, column c to the dataset's examples of label c.
        """
        labels, names = self.dataset.labels, self.dataset.label_names
        return np.stack(
            [
                np.bincount(labels[part], minlength=len(names))
                for part in self.partitions
            ]
        )

    def summary(self) -> str:
        """Return four lines on how the examples are divided, for any number of clients.

        The lines give the smallest, the median and the largest client's numbers.
        """
        drawn = "" if self.seed is None else f", seed {self.seed}"
        num_labels = (self.label_counts() > 0).sum(axis=1)
        return "\n".join(
            [
                f"Federation of {self.dataset.name}: {self.method}{drawn}",
                f"  clients                {len(self)}",
                f"  examples per client    {_spread(self.num_examples())}",
                f"  labels per client      {_spread(num_labels)}",
            ]
        )

    def __repr__(self) -> str:
        return self.summary()


def _spread(values: ArrayLike) -> str:
    """Return the range and median of some counts as text."""
    values = np.asarray(values)
    return f"{values.min()} to {values.max()}, median {np.median(values):g}"
