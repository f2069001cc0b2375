"""One Flower app, public API only, whose result does not depend on the engine.

What makes determinism travel: every draw comes from (seed, round, partition); all
clients take part and the server waits until all have registered; replies are summed in
the order of the partitions.
"""

import numpy as np
import torch
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

client_app = ClientApp()
server_app = ServerApp()


def local_data(context):
    """Every num-partitions-th digit: features (n, 64) in [0, 1], labels (n,)."""
    digits = load_digits()
    mine = slice(
        context.node_config["partition-id"], None, context.node_config["num-partitions"]
    )
    features = torch.tensor(digits.data[mine] / 16, dtype=torch.float32)
    return features, torch.tensor(digits.target[mine])


def logits(model, features):
    """Apply the network 64-32-10."""
    return torch.relu(features @ model["w1"] + model["b1"]) @ model["w2"] + model["b2"]


@client_app.train()
def train(message, context):
    """One epoch of SGD with batches of 16, from an explicit generator."""
    config = message.content["config"]
    partition_id = context.node_config["partition-id"]
    model = message.content["arrays"].to_torch_state_dict()
    features, labels = local_data(context)
    rng = np.random.default_rng((config["seed"], config["server-round"], partition_id))
    for batch in torch.from_numpy(rng.permutation(len(labels))).split(16):
        for tensor in model.values():
            tensor.requires_grad_()
        loss = cross_entropy(logits(model, features[batch]), labels[batch])
        gradients = torch.autograd.grad(loss, list(model.values()))
        with torch.no_grad():
            model = {
                name: tensor - config["lr"] * gradient
                for (name, tensor), gradient in zip(
                    model.items(), gradients, strict=True
                )
            }
    metrics = MetricRecord({"num-examples": len(labels), "partition-id": partition_id})
    content = RecordDict({"arrays": ArrayRecord(model), "metrics": metrics})
    return Message(content, reply_to=message)


@client_app.evaluate()
def evaluate(message, context):
    """Accuracy on the client's own data; and how often the client was asked so far."""
    calls = context.state.get("memory", MetricRecord({"calls": 0}))["calls"] + 1
    context.state["memory"] = MetricRecord({"calls": calls})
    features, labels = local_data(context)
    model = message.content["arrays"].to_torch_state_dict()
    correct = logits(model, features).argmax(1) == labels
    metrics = {
        "num-examples": len(labels),
        "partition-id": context.node_config["partition-id"],
        "accuracy": float(correct.float().mean()),
        "calls": calls,
    }
    return Message(RecordDict({"metrics": MetricRecord(metrics)}), reply_to=message)


def by_partition(replies):
    """Sort replies, which arrive in the order in which clients happen to finish."""
    return sorted(replies, key=lambda r: r.content["metrics"]["partition-id"])


class OrderedFedAvg(FedAvg):
    """FedAvg that sums in the order of the partitions."""

    def aggregate_train(self, server_round, replies):
        """Sort, then average."""
        return super().aggregate_train(server_round, by_partition(replies))

    def aggregate_evaluate(self, server_round, replies):
        """Sort, then average."""
        return super().aggregate_evaluate(server_round, by_partition(replies))


@server_app.main()
def main(grid, context):
    """Three rounds of all clients; the model and the metrics go to a file."""
    config = context.run_config
    rng = np.random.default_rng(config["seed"])
    shapes = {"w1": (64, 32), "b1": (32,), "w2": (32, 10), "b2": (10,)}
    model = {
        name: torch.tensor(rng.normal(scale=0.1, size=shape), dtype=torch.float32)
        for name, shape in shapes.items()
    }
    num_clients = config["num-clients"]  # or round 1 may start with those who are early
    strategy = OrderedFedAvg(min_available_nodes=num_clients)
    result = strategy.start(
        grid,
        ArrayRecord(model),
        num_rounds=3,
        train_config=ConfigRecord({"lr": 0.1, "seed": config["seed"]}),
    )
    evaluations = [
        [metrics["accuracy"], metrics["calls"]]
        for metrics in result.evaluate_metrics_clientapp.values()
    ]
    arrays = {name: array.numpy() for name, array in result.arrays.items()}
    np.savez(config["out"], evaluations=np.array(evaluations), **arrays)
