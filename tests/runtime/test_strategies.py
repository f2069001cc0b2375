"""Flower's own strategies run unmodified on a LocalGrid."""

import random

import numpy as np
import pytest
import torch
from flwr.app import (
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.clientapp.mod import adaptiveclipping_mod, fixedclipping_mod
from flwr.serverapp import strategy as flower
from torch import nn

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.seeding import client_entropy, seed_generators
from tests.runtime.toy import arrays_of, halfway_app

NUM_CLIENTS = 8

STRATEGIES = [
    flower.FedAvg(),
    flower.FedAvgM(server_learning_rate=1.0, server_momentum=0.9),
    flower.FedAdam(),
    flower.FedYogi(),
    flower.FedAdagrad(),
    flower.FedProx(proximal_mu=0.1),
    flower.FedMedian(),
    flower.FedTrimmedAvg(),
    flower.Krum(num_malicious_nodes=1),
    flower.MultiKrum(num_malicious_nodes=1, num_nodes_to_select=3),
    flower.Bulyan(num_malicious_nodes=1),
    flower.QFedAvg(client_learning_rate=0.1),
]


def run(strategy, app):
    grid = LocalGrid(app, NUM_CLIENTS)
    return strategy.start(grid, arrays_of(100.0, 100.0), num_rounds=2)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)
def test_stock_strategies_run(strategy):
    """Two rounds from w = 100 come nearer to the clients, who hold 0 to 7."""
    result = run(strategy, halfway_app())

    assert np.all(result.arrays["w"].numpy() < 100)
    assert np.all(np.isfinite(result.arrays["w"].numpy()))
    distances = [
        result.evaluate_metrics_clientapp[server_round]["distance"]
        for server_round in (1, 2)
    ]
    assert distances[1] < distances[0] < 100


@pytest.mark.parametrize(
    ("wrapper", "mods"),
    [
        (flower.DifferentialPrivacyServerSideFixedClipping, []),
        (flower.DifferentialPrivacyClientSideFixedClipping, [fixedclipping_mod]),
        (flower.DifferentialPrivacyServerSideAdaptiveClipping, []),
        (flower.DifferentialPrivacyClientSideAdaptiveClipping, [adaptiveclipping_mod]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_differential_privacy_wrappers_run(wrapper, mods):
    """With the client-side mods where Flower asks for them; updates are clipped."""
    clipping = {"clipping_norm": 1.0} if "Fixed" in wrapper.__name__ else {}
    strategy = wrapper(
        flower.FedAvg(),
        noise_multiplier=0.01 if clipping else 0.2,
        num_sampled_clients=NUM_CLIENTS,
        **clipping,
    )
    result = run(strategy, halfway_app(mods=mods))

    # Unclipped, each client would pull w from 100 towards 50 in the first round.
    assert 90 < result.arrays["w"].numpy()[0] < 100


class Regression:
    """Eight clients with linear data of their own, trained by two epochs of SGD."""

    def __init__(self):
        rng = np.random.default_rng(0)
        truth = rng.normal(size=(3, 1))
        self.data = []
        for k in range(NUM_CLIENTS):
            x = rng.normal(size=(4 + k, 3))
            y = x @ truth + k
            self.data.append((torch.tensor(x).float(), torch.tensor(y).float()))

    def train(self, model, k):
        features, targets = self.data[k]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(2):
            for batch in torch.randperm(len(targets)).split(2):
                optimizer.zero_grad()
                nn.functional.mse_loss(
                    model(features[batch]), targets[batch]
                ).backward()
                optimizer.step()
        return len(targets)

    def client_app(self):
        app = ClientApp()

        @app.train()
        def train(message, context):
            model = nn.Linear(3, 1)
            model.load_state_dict(message.content["arrays"].to_torch_state_dict())
            num_examples = self.train(model, context.node_config["partition-id"])
            metrics = MetricRecord({"num-examples": num_examples})
            arrays = ArrayRecord(model.state_dict())
            content = RecordDict({"arrays": arrays, "metrics": metrics})
            return Message(content, reply_to=message)

        return app

    def by_hand(self, model, num_rounds, grid_seed):
        """FedAvg as McMahan et al. write it, with the grid's rule for the draws."""
        total = sum(len(targets) for _, targets in self.data)
        for server_round in range(1, num_rounds + 1):
            mean = {}
            for k in range(NUM_CLIENTS):
                seed_generators(client_entropy(grid_seed, server_round, "train", k))
                local = nn.Linear(3, 1)
                local.load_state_dict(model.state_dict())
                weight = self.train(local, k) / total
                for name, tensor in local.state_dict().items():
                    mean[name] = mean.get(name, 0) + tensor * weight
            model.load_state_dict(mean)
        return model.state_dict()


def test_fedavg_equals_the_loop_written_by_hand():
    """Bit by bit: the same models, the same draws, the same order of summing."""
    task = Regression()
    model = nn.Linear(3, 1)
    strategy = flower.FedAvg(fraction_evaluate=0.0)
    grid = LocalGrid(task.client_app(), NUM_CLIENTS, seed=4)
    result = strategy.start(grid, ArrayRecord(model.state_dict()), num_rounds=3)
    expected = task.by_hand(model, num_rounds=3, grid_seed=4)

    for name, tensor in result.arrays.to_torch_state_dict().items():
        assert torch.equal(tensor, expected[name])


def run_sampled(grid_seed):
    """Five rounds with half the clients each, sampled from Python's generator."""
    torch.manual_seed(0)
    random.seed(1)
    grid = LocalGrid(Regression().client_app(), NUM_CLIENTS, seed=grid_seed)
    strategy = flower.FedAvg(fraction_train=0.5, fraction_evaluate=0.0)
    initial = ArrayRecord(nn.Linear(3, 1).state_dict())
    result = strategy.start(
        grid, initial, num_rounds=5, train_config=ConfigRecord({"lr": 0.1})
    )
    return result.arrays.object_id  # SHA-256 of names, shapes and values


def test_same_seed_same_bytes():
    """A whole run is a function of its seeds."""
    assert run_sampled(grid_seed=1) == run_sampled(grid_seed=1)
    assert run_sampled(grid_seed=1) != run_sampled(grid_seed=2)
