"""What registered clients cost: memory follows the cohort, not the population.

Two federations, of 100 and of 10,000 clients, each with 100 of them in every round, and
every client keeps a number between rounds. Python's own allocations are counted, which
are all that a grid makes.
"""

import gc
import tracemalloc

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from bench.rounds import task
from lecturekit.runtime import LocalGrid

COHORT = 100
ROUNDS = 2

client_app = ClientApp()


@client_app.train()
def train(message, context):  # type: ignore[no-untyped-def]
    """Count the calls, and send the model back."""
    calls = context.state.get("memory", ConfigRecord({"calls": 0}))["calls"] + 1
    context.state["memory"] = ConfigRecord({"calls": calls})
    content = RecordDict({"arrays": message.content["arrays"]})
    content["metrics"] = MetricRecord({"num-examples": 1})
    return Message(content, reply_to=message)


def round_bytes(num_clients: int) -> tuple[int, int]:
    """Return what a grid and its rounds keep, and need at most, in bytes."""
    arrays = ArrayRecord(task.network().state_dict())
    gc.collect()
    tracemalloc.start()
    try:
        grid = LocalGrid(client_app, num_clients)
        strategy = FedAvg(COHORT / num_clients, fraction_evaluate=0.0)
        strategy.start(grid, arrays, num_rounds=ROUNDS)
        gc.collect()
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return kept, peak


def results(device: str = "cpu") -> dict[str, float]:
    """Return the peak of 10,000 clients over that of 100, and it in megabytes."""
    round_bytes(COHORT)  # imports and caches
    small = round_bytes(COHORT)[1]
    large = round_bytes(10_000)[1]
    return {
        "memory_peak_10000_over_100_registered": large / small,
        "memory_peak_mb_10000_registered": large / 1e6,
    }
