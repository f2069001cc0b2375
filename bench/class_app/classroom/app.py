"""A small network on digits; the server notes the seconds of each round."""

import time

import torch
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg
from torch import nn
from torch.nn.functional import cross_entropy

from lecturekit.data import digits
from lecturekit.runtime.engines import Reproducible, save_result, seed_server

client_app = ClientApp()
server_app = ServerApp()


def network():
    """Return a 64-64-10 network as torch initialises it."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def received(message, context):
    """Return the network that came, and this client's 64 digits."""
    net = network()
    net.load_state_dict(message.content["arrays"].to_torch_state_dict())
    start = 64 * context.node_config["partition-id"]
    dataset = digits()
    features = torch.tensor(dataset.features[start : start + 64].reshape(-1, 64))
    return net, features, torch.tensor(dataset.labels[start : start + 64])


@client_app.train()
def train(message, context):
    """Take four steps of SGD."""
    net, features, labels = received(message, context)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for batch in torch.randperm(64).split(16):
        optimizer.zero_grad()
        loss = cross_entropy(net(features[batch]), labels[batch])
        loss.backward()
        optimizer.step()
    metrics = MetricRecord({"num-examples": 64, "train-loss": loss.item()})
    content = RecordDict({"arrays": ArrayRecord(net.state_dict()), "metrics": metrics})
    return Message(content, reply_to=message)


@client_app.evaluate()
def evaluate(message, context):
    """Return the accuracy on this client's digits."""
    net, features, labels = received(message, context)
    correct = (net(features).argmax(1) == labels).float().mean()
    metrics = MetricRecord({"num-examples": 64, "accuracy": correct.item()})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)


@server_app.main()
def main(grid, context):
    """Train and evaluate with everybody, round by round."""
    config = context.run_config
    seed_server(config["seed"])
    began = [time.perf_counter()]

    def clock(server_round, arrays):
        began.append(time.perf_counter())
        return MetricRecord({"seconds": began[-1] - began[-2]})

    result = Reproducible(FedAvg(), seed=config["seed"]).start(
        grid,
        ArrayRecord(network().state_dict()),
        num_rounds=config["num-rounds"],
        evaluate_fn=clock,
    )
    save_result(result, config["result-path"])
