"""The work that every variant does: local SGD on 64 digits per client.

One client step is a batch of 16. The batches depend on (round, client) alone and are
the same for the bare loop, the grid, the pool, the cohort and Flower's Ray engine.
"""

from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lecturekit.data import digits

NUM_EXAMPLES = 64  # per client
BATCH_SIZE = 16
LR = 0.1


@cache
def data(device="cpu"):
    """Return (features (1797, 64), labels (1797,)) as tensors."""
    dataset = digits()
    features = torch.tensor(dataset.features.reshape(len(dataset), 64))
    return features.to(device), torch.tensor(dataset.labels).to(device)


def network(num_hidden=64, device="cpu"):
    """Return a 64-`num_hidden`-10 network as torch initialises it."""
    net = nn.Sequential(nn.Linear(64, num_hidden), nn.ReLU(), nn.Linear(num_hidden, 10))
    return net.to(device)


@cache
def batches(server_round, client, local_epochs):
    """Return (steps, 16) positions in the data."""
    rng = np.random.default_rng((server_round, client))
    own = (client * NUM_EXAMPLES + np.arange(NUM_EXAMPLES)) % 1797
    epochs = [rng.permutation(own) for _ in range(local_epochs)]
    return np.concatenate(epochs).reshape(-1, BATCH_SIZE)


def train(net, positions, device="cpu"):
    """Take one SGD step per row of `positions`; return the last loss."""
    features, labels = data(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    for batch in positions:
        optimizer.zero_grad()
        loss = cross_entropy(net(features[batch]), labels[batch])
        loss.backward()
        optimizer.step()
    return loss.item()
