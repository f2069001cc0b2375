"""Stand-in for flwr_datasets: the digits of scikit-learn in the shape of CIFAR-10."""

import numpy as np
from sklearn.datasets import load_digits


class FederatedDataset:
    """Labelled images of (32, 32, 3) uint8 bytes, dealt out to partitions."""

    def __init__(self, dataset, partitioners):
        assert dataset == "uoft-cs/cifar10"
        digits = load_digits()
        grey = np.kron(digits.images, np.ones((4, 4))) * (255 / 16)
        self.images = np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)
        self.labels = digits.target
        self.num_partitions = partitioners["train"].num_partitions

    def load_partition(self, partition_id):
        """Every num_partitions-th image, from image partition_id on."""
        mine = slice(partition_id, None, self.num_partitions)
        return Split(list(self.images[mine]), self.labels[mine].tolist())


class Split:
    """What the app uses of a `datasets.Dataset` with columns "img" and "label"."""

    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        batch = self.transform({"img": [self.images[i]], "label": [self.labels[i]]})
        return {name: column[0] for name, column in batch.items()}

    def train_test_split(self, test_size, seed):
        """Shuffle and cut into "train" and "test"."""
        order = np.random.default_rng(seed).permutation(len(self))
        num_test = int(test_size * len(self))
        return Splits(
            test=self.take(order[:num_test]), train=self.take(order[num_test:])
        )

    def take(self, indices):
        """Return the examples at these indices."""
        return Split(
            [self.images[i] for i in indices], [self.labels[i] for i in indices]
        )


class Splits(dict):
    """What the app uses of a `datasets.DatasetDict`."""

    def with_transform(self, transform):
        """Apply `transform` to batches as they are read."""
        return Splits(
            (name, Split(split.images, split.labels, transform))
            for name, split in self.items()
        )
