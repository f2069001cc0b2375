"""Clients that draw from the generators that the whole process shares.

Client k of K adds to the model w, of four numbers, a draw from Python's generator and
four from NumPy's, divided by three to fill all bits, and weighs it by k + 1: a model
is the same twice only if seeds, cohorts and the order of summing are.
"""

import random

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime.engines import (
    Reproducible,
    report_partition,
    save_result,
    seed_server,
    seeding_mod,
)

client_app = ClientApp(mods=[seeding_mod])
client_app.query("partition")(report_partition)
server_app = ServerApp()


@client_app.train()
def train(message, context):
    """Add what the generators give."""
    server_round = message.content["config"]["server-round"]
    if 0 < context.run_config["failing-from-round"] <= server_round:
        raise ArithmeticError("the coin stood on its edge")
    partition_id = context.node_config["partition-id"]
    asked = context.state.get("memory", MetricRecord({"asked": 0}))["asked"] + 1
    context.state["memory"] = MetricRecord({"asked": asked})
    w = message.content["arrays"]["w"].numpy()
    w = w + (random.random() + np.random.normal(size=4)) / 3
    arrays = ArrayRecord({"w": Array(w.astype(np.float32))})
    metrics = MetricRecord(
        {"num-examples": partition_id + 1, "partition-id": partition_id, "asked": asked}
    )
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)


@client_app.evaluate()
def evaluate(message, context):
    """Say how far the model is from a random point."""
    distance = np.abs(message.content["arrays"]["w"].numpy() - np.random.normal()).max()
    metrics = MetricRecord({"num-examples": 1, "distance": float(distance)})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)


@server_app.main()
def main(grid, context):
    """Average for some rounds, from a random start; save the model."""
    config = context.run_config
    seed_server(config["seed"])
    initial = ArrayRecord({"w": Array(np.random.normal(size=4).astype(np.float32))})
    strategy = FedAvg(config["fraction-train"], config["fraction-evaluate"])
    result = Reproducible(strategy, seed=config["seed"]).start(
        grid, initial, num_rounds=config["num-server-rounds"]
    )
    save_result(result, config["result-path"])
