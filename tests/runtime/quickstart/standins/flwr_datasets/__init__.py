"""Stand-in for flwr_datasets: local images in the shape of those it downloads.

CIFAR-10 are the digits of scikit-learn, MNIST are the 5,000 images of lecturekit.
"""

import numpy as np
from sklearn.datasets import load_digits

from lecturekit.data import mnist5k


def cifar10():
    """Images of (32, 32, 3) uint8 bytes and their labels, by column."""
    digits = load_digits()
    grey = np.kron(digits.images, np.ones((4, 4))) * (255 / 16)
    images = np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)
    return {"img": images, "label": digits.target}


def mnist():
    """Images of (28, 28) uint8 bytes and their labels, by column."""
    dataset = mnist5k()
    images = np.round(dataset.features * 255).astype(np.uint8)
    return {"image": images, "label": np.asarray(dataset.labels)}


DATASETS = {"uoft-cs/cifar10": cifar10, "ylecun/mnist": mnist}


class FederatedDataset:
    """Labelled images, dealt out to partitions."""

    def __init__(self, dataset, partitioners):
        self.columns = DATASETS[dataset]()
        self.num_partitions = partitioners["train"].num_partitions

    def load_partition(self, partition_id, split="train"):
        """Every num_partitions-th image, from image partition_id on."""
        assert split == "train"
        mine = slice(partition_id, None, self.num_partitions)
        return Split({name: column[mine] for name, column in self.columns.items()})


class Split:
    """What the apps use of a `datasets.Dataset`."""

    def __init__(self, columns, transform=None):
        self.columns, self.transform = columns, transform

    def __len__(self):
        return len(self.columns["label"])

    def __getitem__(self, key):
        """Return a column, by name, or an example, by number."""
        if isinstance(key, str):
            return self.columns[key]
        batch = {name: [column[key]] for name, column in self.columns.items()}
        batch["label"] = [int(label) for label in batch["label"]]
        return {name: column[0] for name, column in self.transform(batch).items()}

    def with_format(self, kind):
        """Columns are NumPy arrays already."""
        assert kind == "numpy"
        return self

    def train_test_split(self, test_size, seed):
        """Shuffle and cut into "train" and "test"."""
        order = np.random.default_rng(seed).permutation(len(self))
        num_test = int(test_size * len(self))
        return Splits(
            test=self.take(order[:num_test]), train=self.take(order[num_test:])
        )

    def take(self, indices):
        """Return the examples at these indices."""
        return Split({name: column[indices] for name, column in self.columns.items()})


class Splits(dict):
    """What the apps use of a `datasets.DatasetDict`."""

    def with_transform(self, transform):
        """Apply `transform` to batches as they are read."""
        return Splits(
            (name, Split(split.columns, transform)) for name, split in self.items()
        )
