"""An ordinary app, as a student would write it; its server notes the time per round."""

import time
from functools import cache

import torch
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

from digits import task
from lecturekit.runtime.engines import save_result

client_app = ClientApp()
frugal_client_app = ClientApp()  # builds its network once in a process
server_app = ServerApp()

kept_network = cache(task.network)


@client_app.train()
def train(message, context):
    """Train the global model on this client's batches of this round."""
    config = message.content["config"]
    net = task.network(config["num-hidden"], config["device"])
    return trained_reply(net, message, context)


@frugal_client_app.train()
def train_kept(message, context):
    """Do the same with the network of the message before."""
    config = message.content["config"]
    net = kept_network(config["num-hidden"], config["device"])
    return trained_reply(net, message, context)


def trained_reply(net, message, context):
    """Load the global model into `net`, train it, and reply with it."""
    torch.set_num_threads(1)
    config = message.content["config"]
    net.load_state_dict(message.content["arrays"].to_torch_state_dict())
    positions = task.batches(
        config["server-round"],
        context.node_config["partition-id"],
        config["local-epochs"],
    )
    loss = task.train(net, positions, config["device"])
    metrics = MetricRecord({"num-examples": task.NUM_EXAMPLES, "train-loss": loss})
    content = RecordDict({"arrays": ArrayRecord(net.state_dict()), "metrics": metrics})
    return Message(content, reply_to=message)


def config_of(local_epochs, num_hidden, device="cpu"):
    """Return what the server tells the clients."""
    return ConfigRecord(
        {"local-epochs": local_epochs, "num-hidden": num_hidden, "device": device}
    )


@server_app.main()
def main(grid, context):
    """Average everybody's models; report the seconds of each round."""
    config = context.run_config
    began = [time.perf_counter()]

    def clock(server_round, arrays):
        began.append(time.perf_counter())
        return MetricRecord({"seconds": began[-1] - began[-2]})

    torch.manual_seed(0)
    strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=config["num-clients"])
    result = strategy.start(
        grid,
        ArrayRecord(task.network(config["num-hidden"]).state_dict()),
        num_rounds=config["num-rounds"],
        train_config=config_of(config["local-epochs"], config["num-hidden"]),
        evaluate_fn=clock,
    )
    save_result(result, config["result-path"])
