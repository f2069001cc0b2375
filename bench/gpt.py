"""A tiny GPT, trained on clients through LocalGrid and in a bare loop.

Both see the same tokens in the same order, so the ratio of their seconds is that of
their tokens per second. The GPT has 27,456 parameters; ten clients take twenty steps
each, on 16 sequences of 16 tokens.
"""

from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg
from torch import Tensor

from bench.measure import interleaved, median, ratios
from lecturekit.data import BigramLanguage
from lecturekit.models.torch_gpt import GPT, next_token_losses
from lecturekit.runtime import LocalGrid

NUM_CLIENTS = 10
STEPS = 20
SEQUENCES = 16
LENGTH = 16
LR = 0.1

client_app = ClientApp()


@cache
def batches(client: int, device: str) -> Tensor:
    """Return a client's tokens, (steps, sequences, length + 1)."""
    language = BigramLanguage.random(seed=0)
    tokens = language.sample(STEPS * SEQUENCES, LENGTH + 1, seed=(1, client))
    return torch.from_numpy(tokens).view(STEPS, SEQUENCES, -1).to(device)


def local_sgd(gpt: GPT, client: int, device: str) -> float:
    """Take a step per batch; return the last loss."""
    optimizer = torch.optim.SGD(gpt.parameters(), lr=LR)
    for tokens in batches(client, device):
        optimizer.zero_grad()
        loss = next_token_losses(gpt, tokens).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return loss.item()


@client_app.train()
def train(message, context):  # type: ignore[no-untyped-def]
    """Train as a student's app would."""
    device = message.content["config"]["device"]
    gpt = GPT().to(device)
    gpt.load_state_dict(message.content["arrays"].to_torch_state_dict())
    loss = local_sgd(gpt, context.node_config["partition-id"], device)
    metrics = MetricRecord({"num-examples": STEPS * SEQUENCES, "train-loss": loss})
    content = RecordDict({"arrays": ArrayRecord(gpt.state_dict()), "metrics": metrics})
    return Message(content, reply_to=message)


def bare(device: str) -> Callable[[], None]:
    """Return the floor: one network, a loop, a running sum."""
    gpt = GPT().to(device)
    start = {name: array.clone() for name, array in gpt.state_dict().items()}

    def one_round() -> None:
        total = {name: torch.zeros_like(array) for name, array in start.items()}
        for client in range(NUM_CLIENTS):
            gpt.load_state_dict(start)
            local_sgd(gpt, client, device)
            for name, array in gpt.state_dict().items():
                total[name] += array / NUM_CLIENTS

    return one_round


def on_grid(device: str) -> Callable[[], None]:
    """Return one round of Flower's FedAvg on a LocalGrid."""
    grid = LocalGrid(client_app, NUM_CLIENTS)
    arrays = ArrayRecord(GPT().state_dict())
    strategy = FedAvg(fraction_evaluate=0.0)
    config = ConfigRecord({"device": device})

    def one_round() -> None:
        strategy.start(grid, arrays, num_rounds=1, train_config=config)

    return one_round


def results(device: str = "cpu") -> dict[str, float]:
    """Return the cost of a round as a ratio, and the tokens per second behind it."""
    variants = {"bare": bare(device), "localgrid": on_grid(device)}
    seconds = interleaved(variants, repeats=7)
    clock: Literal["wall", "cpu"] = "cpu" if device == "cpu" else "wall"
    tokens = NUM_CLIENTS * STEPS * SEQUENCES * LENGTH
    return {
        "localgrid_10_gpt": ratios(seconds, "bare", clock)["localgrid"],
        "gpt_tokens_per_second": tokens / median(s.wall for s in seconds["localgrid"]),
    }
