"""Partitioners that leave the labels alone: who holds how much, and whose.

    iid           everybody the same amount, at random
    by_quantity   different amounts, at random
    by_key        each natural group is a client; nothing is drawn

A partitioner is a pure function: the same dataset and arguments give the same
Federation. Within a partition examples stand in the dataset's order. Those that make
clients differ in their labels are in `label_skew`.
"""

from collections.abc import Sequence

import numpy as np

from .checks import check_count
from .dataset import Dataset
from .federation import Federation, Partition

# Above this a Dirichlet draw is even to nine digits, and soon overflows.
_MAX_ALPHA = 1e9


def iid(dataset: Dataset, num_clients: int, *, seed: int = 0) -> Federation:
    """Deal the examples out at random, n / num_clients to each, give or take one.

    Parameters
    ----------
    dataset : Dataset
        n examples.
    num_clients : int, 1 to n
        K, the number of clients.
    seed : int
        The same seed deals the same examples.

    Examples
    --------
    >>> from lecturekit.data import digits
    >>> iid(digits(), num_clients=4).num_examples()
    array([450, 449, 449, 449])
    """
    check_clients(dataset, num_clients, seed)
    order = np.random.default_rng(seed).permutation(len(dataset))
    partitions = np.array_split(order, num_clients)
    return in_order(dataset, partitions, "iid", seed)


def by_quantity(
    dataset: Dataset,
    num_clients: int,
    *,
    alpha: float,
    min_examples: int = 1,
    seed: int = 0,
) -> Federation:
    """Deal the examples out at random, in Dirichlet-distributed amounts.

    Every client first gets `min_examples`; of the others it gets its share q_k, with
    q ~ Dirichlet(alpha, ..., alpha). Labels are spread as in the whole dataset.

    Parameters
    ----------
    dataset : Dataset
        n examples.
    num_clients : int, 1 to n
        K, the number of clients.
    alpha : float, > 0
        Concentration: small gives a few large clients, large gives equal ones.
    min_examples : int, 0 to n // num_clients
        The least a client gets.
    seed : int
        The same seed deals the same examples.

    Examples
    --------
    >>> from lecturekit.data import digits
    >>> sizes = by_quantity(digits(), num_clients=4, alpha=1e9).num_examples()
    >>> sizes.tolist()
    [449, 449, 450, 449]
    """
    check_clients(dataset, num_clients, seed)
    check_alpha(alpha)
    check_min_examples(dataset, num_clients, min_examples)
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(num_clients, alpha))
    spare = len(dataset) - num_clients * min_examples
    ends = np.rint(np.cumsum(shares)[:-1] * spare).astype(np.int64)
    ends += min_examples * np.arange(1, num_clients)
    partitions = np.split(rng.permutation(len(dataset)), ends)
    return in_order(dataset, partitions, f"by_quantity(alpha={alpha:g})", seed)


def by_key(dataset: Dataset) -> Federation:
    """Make every natural group a client, in ascending order of keys.

    Raises
    ------
    ValueError
        If the dataset has no keys.

    Examples
    --------
    >>> from lecturekit.data import synthetic_writers
    >>> federation = by_key(synthetic_writers(num_writers=8))
    >>> federation.num_examples().tolist()
    [625, 625, 625, 625, 625, 625, 625, 625]
    """
    if dataset.keys is None:
        raise ValueError(
            f"by_key needs a dataset with keys, {dataset.name} has none: take "
            "synthetic_writers(), or a partitioner that draws clients, such as iid"
        )
    keys = dataset.keys
    partitions = [np.flatnonzero(keys == key) for key in np.unique(keys)]
    return in_order(dataset, partitions, f"by {dataset.key_name or 'key'}", None)


def in_order(
    dataset: Dataset, partitions: Sequence[Partition], method: str, seed: int | None
) -> Federation:
    """Return the federation whose clients hold their examples in ascending order."""
    ascending = [np.sort(partition) for partition in partitions]
    return Federation(dataset, ascending, method, seed)


def check_clients(dataset: Dataset, num_clients: int, seed: int) -> None:
    """Refuse a number of clients for which there are not enough examples."""
    check_count("num_clients", num_clients, low=1)
    if num_clients > len(dataset):
        raise ValueError(
            f"num_clients must be at most {len(dataset)}, the examples of "
            f"{dataset.name}, got {num_clients}"
        )
    check_count("seed", seed, low=0)


def check_alpha(alpha: float) -> None:
    """Refuse a concentration that is not a positive, moderate number."""
    if not 0 < alpha <= _MAX_ALPHA:
        raise ValueError(
            f"alpha must be above 0 and at most {_MAX_ALPHA:g}, got {alpha}"
        )


def check_min_examples(dataset: Dataset, num_clients: int, min_examples: int) -> None:
    """Refuse a least number of examples that not all clients can have."""
    check_count("min_examples", min_examples, low=0)
    if num_clients * min_examples > len(dataset):
        raise ValueError(
            f"min_examples must be at most {len(dataset) // num_clients} for "
            f"{num_clients} clients and {len(dataset)} examples, got {min_examples}"
        )
