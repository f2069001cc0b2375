"""What a round costs: bare loop, no runtime, LocalGrid, process pool, cohort.

`no_runtime` is the app called in a loop, and its replies averaged by Flower: what the
app and Flower's records cost before any engine has done anything. `kept_network` is
LocalGrid with an app that builds its network once and not for every message.
`no_runtime_cohort` is the same for a cohort; `cohort_training` is its arithmetic alone.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from flwr.app import ArrayRecord, Context, RecordDict
from flwr.serverapp.strategy import FedAvg

from bench.measure import Seconds, interleaved, ratios
from lecturekit.models.torch_classifiers import classification_losses
from lecturekit.runtime import LocalGrid
from lecturekit.runtime.cohort import train_cohort
from lecturekit.runtime.cohort_executor import CohortExecutor
from lecturekit.runtime.cohort_training import CohortTraining, Work
from lecturekit.runtime.local_training import LocalSGD, Objective
from lecturekit.runtime.pool import ProcessPool

sys.path.insert(0, str(Path(__file__).parent / "digits_app"))
from digits import task
from digits.app import client_app, config_of, frugal_client_app


@dataclass(frozen=True)
class Load:
    """A federation to train for one round.

    Parameters
    ----------
    name : str
        As in results.json, for instance "100_tiny".
    num_clients, local_epochs, num_hidden, repeats : int
        An epoch is four steps.
    """

    name: str
    num_clients: int
    local_epochs: int
    num_hidden: int
    repeats: int


LOADS = (
    Load("10_tiny", 10, 1, 64, 41),
    Load("100_tiny", 100, 1, 64, 41),
    Load("1000_tiny", 1000, 1, 64, 7),
    Load("20_heavy", 20, 10, 64, 21),  # 40 steps, about 11 ms
    Load("20_heavier", 20, 100, 64, 5),  # 400 steps, about 110 ms
)


def bare(load: Load, device: str = "cpu") -> Callable[[], None]:
    """Return the floor: one network, a loop, a running sum."""
    net = task.network(load.num_hidden, device)
    start = {name: array.clone() for name, array in net.state_dict().items()}

    def one_round() -> None:
        total = {name: torch.zeros_like(array) for name, array in start.items()}
        for client in range(load.num_clients):
            net.load_state_dict(start)
            task.train(net, task.batches(1, client, load.local_epochs), device)
            for name, array in net.state_dict().items():
                total[name] += array / load.num_clients

    return one_round


def no_runtime(
    load: Load, device: str = "cpu", training: CohortTraining | None = None
) -> Callable[[], None]:
    """Return the same app in a loop: nothing isolated, seeded, timed or logged.

    With `training` it is the same cohort, not the app.
    """
    grid = LocalGrid(client_app, load.num_clients)  # for the ids of the clients
    arrays = ArrayRecord(task.network(load.num_hidden).state_dict())
    strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=load.num_clients)
    config = config_of(load.local_epochs, load.num_hidden, device)
    contexts = {
        node_id: Context(1, node_id, {"partition-id": k}, RecordDict(), {})
        for k, node_id in enumerate(grid.get_node_ids())
    }

    def one_round() -> None:
        messages = list(strategy.configure_train(1, arrays, config, grid))
        own = [contexts[message.metadata.dst_node_id] for message in messages]
        each = list(zip(messages, own, strict=True))
        if training is None:
            replies = [client_app(message, context) for message, context in each]
        else:
            works = [training.prepare(message, context) for message, context in each]
            replies = training.replies(messages, works)
        strategy.aggregate_train(1, replies)

    return one_round


def on_grid(grid: LocalGrid, load: Load, device: str = "cpu") -> Callable[[], None]:
    """Return one round of Flower's own FedAvg on `grid`."""
    arrays = ArrayRecord(task.network(load.num_hidden).state_dict())
    strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=load.num_clients)
    config = config_of(load.local_epochs, load.num_hidden, device)

    def one_round() -> None:
        strategy.start(grid, arrays, num_rounds=1, train_config=config)

    return one_round


def cohort(load: Load, device: str = "cpu") -> CohortTraining:
    """Return the same training, for all clients at once."""

    def prepare(message, context):  # type: ignore[no-untyped-def]
        config = message.content["config"]
        client = context.node_config["partition-id"]
        positions = task.batches(config["server-round"], client, config["local-epochs"])
        return Work(list(positions), task.NUM_EXAMPLES, LocalSGD(lr=task.LR))

    network = task.network(load.num_hidden, device)
    return CohortTraining(
        Objective(network, classification_losses, task.data(device)), prepare
    )


def cohort_training(load: Load, device: str = "cpu") -> Callable[[], None]:
    """Return the training of all clients at once: no messages, no average."""
    training = cohort(load, device)
    start = {n: p.detach() for n, p in training.objective.network.named_parameters()}
    batches = [
        list(task.batches(1, client, load.local_epochs))
        for client in range(load.num_clients)
    ]

    def one_round() -> None:
        train_cohort(
            training.objective,
            [start] * load.num_clients,
            batches,
            LocalSGD(lr=task.LR),
            chunk_size=training.chunk_size,
        )

    return one_round


def measure(load: Load, device: str = "cpu") -> dict[str, list[Seconds]]:
    """Return seconds per round and variant, measured in turn."""
    n = load.num_clients
    pool = ProcessPool(client_app, workers=2) if device == "cpu" else None
    training = cohort(load, device)
    together = CohortExecutor(client_app, {"train": training})
    variants = {
        "bare": bare(load, device),
        "no_runtime": no_runtime(load, device),
        "localgrid": on_grid(LocalGrid(client_app, n), load, device),
        "kept_network": on_grid(LocalGrid(frugal_client_app, n), load, device),
        "cohort": on_grid(LocalGrid(client_app, n, executor=together), load, device),
        "no_runtime_cohort": no_runtime(load, device, training),
        "cohort_training": cohort_training(load, device),
    }
    if pool is not None:
        variants["pool"] = on_grid(LocalGrid(client_app, n, executor=pool), load)
    try:
        return interleaved(variants, load.repeats)
    finally:
        if pool is not None:
            pool.close()


def results(device: str = "cpu") -> dict[str, float]:
    """Return every variant's ratio to the bare loop, for every load.

    In processor time where this process does all the work; a pool and a GPU do it
    elsewhere.
    """
    figures = {}
    for load in LOADS:
        seconds = measure(load, device)
        by_wall, by_cpu = (ratios(seconds, "bare", by) for by in ("wall", "cpu"))
        for variant in by_wall:
            is_here = device == "cpu" and variant != "pool"
            chosen = by_cpu if is_here else by_wall
            figures[f"{variant}_{load.name}"] = chosen[variant]
    return figures
