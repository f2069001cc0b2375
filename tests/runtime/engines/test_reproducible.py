"""Reproducible: one seed, one model, for any strategy and any disorder."""

import random

import numpy as np
import pytest
from flwr.app import ConfigRecord, MetricRecord
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import (
    DifferentialPrivacyServerSideFixedClipping,
    FedAdam,
    FedAvg,
    FedAvgM,
    FedMedian,
    FedTrimmedAvg,
    Krum,
    QFedAvg,
)

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.engines import (
    PartitionGrid,
    Reproducible,
    model_hash,
    report_partition,
    seeding_mod,
)
from tests.runtime.engines.restless_grid import RestlessGrid
from tests.runtime.toy import arrays_of, halfway_app, reply_with

NUM_CLIENTS = 8


def drawing_app():
    """Clients that add what the shared generators give, and note who was asked."""
    app = ClientApp(mods=[seeding_mod])
    app.query("partition")(report_partition)
    app.asked = []

    @app.train()
    def train(message, context):
        app.asked.append(context.node_config["partition-id"])
        w = message.content["arrays"]["w"].numpy()
        w = w + (random.random() + np.random.normal(size=2)) / 3
        message.content["arrays"] = arrays_of(*w)
        return reply_with(message, context, train_loss=float(np.random.random()))

    @app.evaluate()
    def evaluate(message, context):
        del message.content["arrays"], message.content["config"]
        loss = float(np.random.random())
        message.content["metrics"] = MetricRecord({"num-examples": 1, "loss": loss})
        return type(message)(message.content, reply_to=message)

    return app


def final_hash(grid, strategy, seed=3):
    if isinstance(grid, RestlessGrid):
        grid = PartitionGrid(grid, poll_s=0)
    result = Reproducible(strategy, seed=seed).start(
        grid, arrays_of(0.0, 1.0), num_rounds=3
    )
    return model_hash(result.arrays)


STRATEGIES = {
    "FedAvg": lambda: FedAvg(fraction_train=0.5, fraction_evaluate=0.5),
    "FedAvgM": lambda: FedAvgM(fraction_train=0.5),
    "FedAdam": lambda: FedAdam(fraction_train=0.5),
    "FedMedian": lambda: FedMedian(fraction_train=0.6),
    "FedTrimmedAvg": lambda: FedTrimmedAvg(fraction_train=0.6),
    "Krum": lambda: Krum(fraction_train=0.8, num_malicious_nodes=1),
    "QFedAvg": lambda: QFedAvg(client_learning_rate=0.1, fraction_train=0.5),
    "DP": lambda: DifferentialPrivacyServerSideFixedClipping(
        FedAvg(fraction_train=0.5), 1.0, 1.0, 4
    ),
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_model_is_that_of_a_local_grid(name):
    """Fresh node ids, late nodes, replies in any order, and a server that draws."""
    options = {"seed": 3, "run_config": {"seed": 3}}
    here = LocalGrid(drawing_app(), NUM_CLIENTS, **options)
    there = RestlessGrid(drawing_app(), NUM_CLIENTS, late=5, **options)
    random.seed()

    assert final_hash(here, STRATEGIES[name]()) == final_hash(there, STRATEGIES[name]())


def test_a_local_grid_is_taken_as_it_is():
    """It knows its partitions: no query, and its own clock stays in charge."""
    app = drawing_app()
    del app._registered_funcs["query.partition"]
    grid = LocalGrid(app, NUM_CLIENTS, seed=3, run_config={"seed": 3})
    final_hash(grid, FedAvg(fraction_evaluate=0.0))

    assert app.asked == 3 * list(range(NUM_CLIENTS))


def test_without_it_the_model_is_another_one():
    """The disorder of these tests is real: stock FedAvg sees it."""
    hashes = set()
    for _ in range(4):
        random.seed(3)
        grid = RestlessGrid(drawing_app(), NUM_CLIENTS, seed=3, run_config={"seed": 3})
        strategy = FedAvg(fraction_train=0.5, fraction_evaluate=0.0)
        replies = PartitionGrid(grid, poll_s=0)  # gathers replies; no order of nodes
        replies.get_node_ids = grid.get_node_ids
        result = strategy.start(replies, arrays_of(0.0, 1.0), num_rounds=3)
        hashes.add(model_hash(result.arrays))

    assert len(hashes) > 1


def test_another_seed_gives_another_model():
    """And the same seed the same one."""
    hashes = [
        final_hash(
            LocalGrid(drawing_app(), NUM_CLIENTS, seed=s, run_config={"seed": s}),
            FedAvg(fraction_train=0.5),
            seed=s,
        )
        for s in (1, 1, 2)
    ]

    assert hashes[0] == hashes[1] != hashes[2]


def test_the_cohort_depends_on_seed_and_round_alone():
    """Round 7 asks the same clients whether or not rounds 1 to 6 were run."""

    def cohort(strategy, server_round):
        grid = PartitionGrid(RestlessGrid(drawing_app(), NUM_CLIENTS), poll_s=0)
        grid._grid.run_config["seed"] = 0
        messages = strategy.configure_train(
            server_round, arrays_of(0.0), ConfigRecord(), grid
        )
        return sorted(grid._partitions[m.metadata.dst_node_id] for m in messages)

    used, fresh = (Reproducible(FedAvg(0.5), seed=5) for _ in range(2))
    cohorts = [cohort(used, server_round) for server_round in range(1, 8)]

    assert cohorts[6] == cohort(fresh, 7)
    assert len({tuple(c) for c in cohorts}) > 1
    assert all(len(c) == 4 for c in cohorts)


def test_the_servers_own_generators_are_left_alone():
    """Like a LocalGrid: what the caller draws next does not depend on the run."""
    strategy = Reproducible(FedAvg(0.5), seed=5)
    random.seed(1)
    expected = random.random()
    random.seed(1)
    grid = LocalGrid(drawing_app(), NUM_CLIENTS, run_config={"seed": 0})
    strategy.configure_train(1, arrays_of(0.0), ConfigRecord(), grid)

    assert random.random() == expected


@pytest.mark.parametrize("kind", ["train", "evaluate"])
def test_a_round_in_which_every_client_failed_is_refused(kind):
    """Flower alone would go on and report success."""
    app = halfway_app()
    app.query("partition")(report_partition)

    def fail(message, context):
        raise ArithmeticError("battery empty")

    failing = ClientApp()
    failing._registered_funcs = {**app._registered_funcs, f"{kind}.default": fail}
    grid = LocalGrid(failing, 3, on_error="reply")
    expected = rf"every client failed in round 1 on '{kind}'.*3 errors.*battery empty"

    assert FedAvg().start(grid, arrays_of(0.0), num_rounds=1)
    with pytest.raises(RuntimeError, match=expected):
        Reproducible(FedAvg(), seed=0).start(grid, arrays_of(0.0), num_rounds=1)


def test_a_client_that_fails_alone_is_left_out():
    """The strategy decides what becomes of the round, as in Flower."""
    app = drawing_app()
    train = app._registered_funcs["train.default"]

    def fail_sometimes(message, context):
        if context.node_config["partition-id"] == 1:
            raise ArithmeticError("battery empty")
        return train(message, context)

    app._registered_funcs["train.default"] = fail_sometimes
    grid = LocalGrid(app, 3, on_error="reply", run_config={"seed": 0})
    result = Reproducible(FedAvg(), seed=0).start(grid, arrays_of(0.0), num_rounds=1)

    assert app.asked == [0, 2]
    assert result.arrays


def test_no_reply_at_all_is_refused():
    """All were too late, say."""
    with pytest.raises(RuntimeError, match="no client replied in round 4"):
        Reproducible(FedAvg(), seed=0).aggregate_train(4, [])


def test_a_strategy_with_its_own_loop_is_refused():
    """Its rounds could not be seeded."""

    class Asynchronous(FedAvg):
        def start(self, grid, initial_arrays):
            """Go its own way."""

    with pytest.raises(TypeError, match="Asynchronous, which has its own"):
        Reproducible(Asynchronous(), seed=0)
    with pytest.raises(TypeError, match="must be a flwr Strategy, got 'FedAvg'"):
        Reproducible("FedAvg", seed=0)


def test_it_says_what_it_is():
    """For a notebook."""
    assert repr(Reproducible(FedAvg(), seed=2)) == "Reproducible(FedAvg, seed=2)"
