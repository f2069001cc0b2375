"""Partitioners with label skew: clients that see different labels.

`dirichlet`. For every label c draw what share of its examples each client gets,

    q_c ~ Dirichlet(alpha, ..., alpha)      K shares that add up to 1

Small alpha: a label goes to few clients. Large alpha: everybody gets the same.
Papers: Yurochkin et al., Bayesian Nonparametric Federated Learning of Neural Networks,
ICML 2019, https://arxiv.org/abs/1905.12022 (this draw: per label, over clients);
Hsu et al., Measuring the Effects of Non-Identical Data Distribution for Federated
Visual Classification, 2019, https://arxiv.org/abs/1909.06335 (the other way round: per
client, over labels, all clients of one size). Here clients differ in size too.

`by_label`. Every client holds a fixed number of labels, in equal shards. This is the
"pathological" split of McMahan et al., Communication-Efficient Learning of Deep
Networks from Decentralized Data, AISTATS 2017, https://arxiv.org/abs/1602.05629. There
a client may draw two shards of one label, and a shard may straddle two labels; here a
client's labels are distinct and their number is exact.
"""

import numpy as np
from numpy.typing import NDArray

from .checks import check_count
from .dataset import Dataset
from .federation import Federation, Partition
from .partition import check_alpha, check_clients, check_min_examples, in_order

_MAX_ATTEMPTS = 1000


def dirichlet(
    dataset: Dataset,
    num_clients: int,
    *,
    alpha: float,
    min_examples: int = 1,
    seed: int = 0,
) -> Federation:
    """Split each label over the clients in Dirichlet-distributed shares.

    Parameters
    ----------
    dataset : Dataset
        n examples.
    num_clients : int, 1 to n
        K, the number of clients.
    alpha : float, > 0
        Concentration: 0.1 is strong skew, 1 is mild, 1000 is close to IID.
    min_examples : int, 0 to n // num_clients
        The least a client must hold. A draw that leaves a client with fewer is thrown
        away: attempt i draws from (seed, i).
    seed : int
        The same seed draws the same partitions.

    Raises
    ------
    ValueError
        If an argument is out of range, or no attempt satisfied `min_examples`.

    Examples
    --------
    >>> from lecturekit.data import digits
    >>> dirichlet(digits(), num_clients=20, alpha=0.3, seed=1)
    Federation of digits: dirichlet(alpha=0.3), seed 1
      clients                20
      examples per client    14 to 207, median 81
      labels per client      3 to 9, median 7
    """
    check_clients(dataset, num_clients, seed)
    check_alpha(alpha)
    check_min_examples(dataset, num_clients, min_examples)
    totals = np.bincount(dataset.labels, minlength=dataset.num_labels)
    for attempt in range(_MAX_ATTEMPTS):
        rng = np.random.default_rng((seed, attempt))
        counts = _draw_counts(totals, num_clients, alpha, rng)
        if counts.sum(axis=0).min() >= min_examples:
            partitions = _deal(dataset.labels, counts, rng)
            return in_order(dataset, partitions, f"dirichlet(alpha={alpha:g})", seed)
    raise ValueError(
        f"in {_MAX_ATTEMPTS} draws with alpha={alpha:g} there was always one of "
        f"{num_clients} clients with fewer than {min_examples} examples: raise alpha, "
        "or lower num_clients or min_examples (0 allows clients without data)"
    )


def _draw_counts(
    totals: NDArray[np.int64],
    num_clients: int,
    alpha: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return how many examples of label c go to client k, (num_labels, num_clients)."""
    shares = rng.dirichlet(np.full(num_clients, alpha), size=len(totals))
    ends = np.rint(np.cumsum(shares, axis=1) * totals[:, None]).astype(np.int64)
    ends[:, -1] = totals  # whatever the sum of shares was rounded to
    return np.diff(ends, axis=1, prepend=0)


def by_label(
    dataset: Dataset, num_clients: int, *, labels_per_client: int, seed: int = 0
) -> Federation:
    """Give every client exactly `labels_per_client` labels, in equal shards.

    Each label is cut into as many shards as clients hold it. With C labels that is
    num_clients * labels_per_client / C of them, rounded up or down where it must be.

    Parameters
    ----------
    dataset : Dataset
        C labels that have examples.
    num_clients : int
        K, the number of clients; K * labels_per_client >= C, or a label had no client.
    labels_per_client : int, 1 to C
        How many labels a client holds; McMahan et al.: 2.
    seed : int
        The same seed deals the same shards.

    Raises
    ------
    ValueError
        If an argument is out of range, or a label has fewer examples than shards.

    Examples
    --------
    >>> from lecturekit.data import digits
    >>> federation = by_label(digits(), num_clients=20, labels_per_client=2)
    >>> (federation.label_counts() > 0).sum(axis=1).tolist()
    [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    """
    check_clients(dataset, num_clients, seed)
    totals = np.bincount(dataset.labels, minlength=dataset.num_labels)
    present = np.flatnonzero(totals)
    check_count("labels_per_client", labels_per_client, low=1, high=len(present))
    if num_clients * labels_per_client < len(present):
        raise ValueError(
            f"{num_clients} clients with {labels_per_client} labels each cannot hold "
            f"all {len(present)} labels: raise num_clients or labels_per_client"
        )
    rng = np.random.default_rng(seed)
    holds = np.zeros((dataset.num_labels, num_clients), dtype=bool)
    holds[present] = _assign_labels(len(present), num_clients, labels_per_client, rng)
    num_shards = holds.sum(axis=1)
    if (totals < num_shards).any():
        short = int(np.flatnonzero(totals < num_shards)[0])
        raise ValueError(
            f"label {dataset.label_names[short]!r} has {totals[short]} examples for "
            f"{num_shards[short]} shards: lower num_clients or labels_per_client"
        )
    counts = np.zeros(holds.shape, dtype=np.int64)
    for label in present:
        shards = np.array_split(np.arange(totals[label]), num_shards[label])
        counts[label, holds[label]] = [len(shard) for shard in shards]
    method = f"by_label(labels_per_client={labels_per_client})"
    return in_order(dataset, _deal(dataset.labels, counts, rng), method, seed)


def _assign_labels(
    num_labels: int, num_clients: int, labels_per_client: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return who holds which label, (num_labels, num_clients).

    A client takes the labels with most shards left, ties broken by chance. So no label
    ever has more shards left than there are clients to come, and the shards run out
    exactly with the last client.
    """
    left, extra = np.divmod(
        np.full(num_labels, num_clients * labels_per_client), num_labels
    )
    left[rng.permutation(num_labels)[: extra[0]]] += 1
    holds = np.zeros((num_labels, num_clients), dtype=bool)
    for k in range(num_clients):
        by_shards_left = np.lexsort((rng.random(num_labels), -left))
        taken = by_shards_left[:labels_per_client]
        holds[taken, k] = True
        left[taken] -= 1
    return holds


def _deal(
    labels: NDArray[np.int64], counts: NDArray[np.int64], rng: np.random.Generator
) -> list[Partition]:
    """Return partitions with counts[c, k] random examples of label c for client k."""
    hands: list[list[Partition]] = [[] for _ in range(counts.shape[1])]
    for label, per_client in enumerate(counts):
        examples = rng.permutation(np.flatnonzero(labels == label))
        shards = np.split(examples, np.cumsum(per_client)[:-1])
        for hand, shard in zip(hands, shards, strict=True):
            hand.append(shard)
    return [np.concatenate(hand) for hand in hands]
