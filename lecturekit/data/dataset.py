"""A dataset: examples, their labels and, if it has one, what they naturally belong to.

Example i is `features[i]`, its label is `labels[i]` (spelt `label_names[labels[i]]`).
Some data come in natural groups: `keys[i]` says which writer, patient or centre example
i came from. That is the split a real federation has; see `partition.by_key`.

The arrays are read-only: one dataset is shared by many clients, and a client that could
write to it would change the others' data. Work on a copy: `dataset.features.copy()`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import as_indices, check_seed, read_only


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled examples in memory.

    Parameters
    ----------
    name : str
        What to call it in titles, for instance "digits".
    features : (n, ...) float32
        One example per entry of the first axis.
    labels : (n,) int64, in 0..len(label_names)-1
        The class of each example.
    label_names : tuple of str
        The classes' names; label c is called `label_names[c]`.
    keys : (n,) int64 or None
        The natural group of each example, None where there is none.
    key_name : str
        What a key is, in the singular: "writer". Empty without keys.

    Raises
    ------
    ValueError
        If the arrays differ in length or a label has no name.

    Examples
    --------
    >>> coins = Dataset("coins", [[0.1], [0.7], [0.9]], [0, 1, 1], ("tail", "head"))
    >>> coins
    Dataset('coins', 3 examples of shape (1,), 2 labels)
    >>> coins.subset([0, 2]).labels
    array([0, 1])
    """

    name: str
    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    label_names: tuple[str, ...]
    keys: NDArray[np.int64] | None = None
    key_name: str = ""

    def __post_init__(self) -> None:
        # A frozen dataclass is filled in through object.__setattr__.
        features = np.asarray(self.features, dtype=np.float32)
        object.__setattr__(self, "features", read_only(features))
        object.__setattr__(self, "label_names", tuple(self.label_names))
        labels = self._one_integer_each("labels", self.labels)
        object.__setattr__(self, "labels", labels)
        if self.keys is not None:
            keys = self._one_integer_each("keys", self.keys)
            object.__setattr__(self, "keys", keys)
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.num_labels:
            raise ValueError(
                f"labels must be from 0 to {self.num_labels - 1}, one per label name, "
                f"got {labels.min()} to {labels.max()}"
            )

    def _one_integer_each(self, field: str, values: ArrayLike) -> NDArray[np.int64]:
        """Return `values` as read-only int64, if there is one for each example."""
        array = np.asarray(values)
        if self.features.ndim == 0 or array.shape != self.features.shape[:1]:
            raise ValueError(
                f"{field} must have one entry for each example, "
                f"got shape {array.shape} for features of shape {self.features.shape}"
            )
        if array.size and array.dtype.kind not in "iu":
            raise ValueError(f"{field} must be integers, got {array.dtype}")
        return read_only(array.astype(np.int64, copy=False))

    @property
    def num_labels(self) -> int:
        """The number of classes, whether or not each of them has an example."""
        return len(self.label_names)

    def subset(self, indices: ArrayLike, *, name: str | None = None) -> "Dataset":
        """Return the examples at `indices`, in that order.

        Parameters
        ----------
        indices : (m,) integers in 0..n-1, or a boolean mask of length n
            Which examples; one may be taken more than once.
        name : str, optional
            The name of the result, by default this dataset's.
        """
        chosen = as_indices(indices, len(self))
        return Dataset(
            name=self.name if name is None else name,
            features=self.features[chosen],
            labels=self.labels[chosen],
            label_names=self.label_names,
            keys=None if self.keys is None else self.keys[chosen],
            key_name=self.key_name,
        )

    def split(
        self, test_fraction: float, *, seed: int = 0
    ) -> tuple["Dataset", "Dataset"]:
        """Return (train, test): every example in one of them, drawn by `seed`.

        Parameters
        ----------
        test_fraction : float, 0 < test_fraction < 1
            The share of examples to test on, rounded so that both parts have one.
        seed : int
            The same seed draws the same examples.

        Raises
        ------
        ValueError
            If the fraction is out of range or there are fewer than two examples.
        """
        if not 0 < test_fraction < 1:
            raise ValueError(
                f"test_fraction must be between 0 and 1, got {test_fraction}"
            )
        if len(self) < 2:
            raise ValueError(
                f"a split needs at least 2 examples, {self.name} has {len(self)}"
            )
        check_seed(seed)
        num_test = min(max(round(test_fraction * len(self)), 1), len(self) - 1)
        order = np.random.default_rng(seed).permutation(len(self))
        train = self.subset(np.sort(order[num_test:]), name=f"{self.name} (train)")
        test = self.subset(np.sort(order[:num_test]), name=f"{self.name} (test)")
        return train, test

    def __len__(self) -> int:
        return len(self.features)

    def __repr__(self) -> str:
        groups = ""
        if self.keys is not None:
            groups = f", {len(np.unique(self.keys))} {self.key_name or 'key'}s"
        return (
            f"Dataset({self.name!r}, {len(self)} examples of shape "
            f"{self.features.shape[1:]}, {self.num_labels} labels{groups})"
        )
