"""The client's half of determinism: the same draws wherever the client runs."""

import random

import numpy as np
import pytest
import torch
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

from lecturekit.runtime import LocalGrid, run_server_app
from lecturekit.runtime.engines import report_partition, seed_server, seeding_mod
from lecturekit.runtime.engines.mods import read_partition
from tests.runtime.toy import reply_with, train_message


def draws(message=None, context=None):
    """One number from each generator, as the metrics of a reply."""
    return {
        "python": random.random(),
        "numpy": float(np.random.random()),
        "torch": float(torch.rand(())),
    }


def app_that_draws(mods=None):
    app = ClientApp(mods=mods)
    app.train()(lambda message, context: reply_with(message, context, **draws()))
    return app


def node_context(partition_id=2, **run_config):
    return Context(
        run_id=1,
        node_id=77,
        node_config={"partition-id": partition_id, "num-partitions": 3},
        state=RecordDict(),
        run_config=run_config,
    )


def drawn(reply):
    metrics = reply.content["metrics"]
    return [metrics[name] for name in ("python", "numpy", "torch")]


@pytest.mark.parametrize("server_round", [1, 5])
def test_a_client_draws_what_it_draws_on_a_local_grid(server_round):
    """Python, NumPy and torch, from (seed, round, message type, partition)."""
    grid = LocalGrid(app_that_draws(), 3, seed=9)
    (here,) = grid.send_and_receive([train_message(1002, server_round)])
    random.seed(1)
    there = app_that_draws([seeding_mod])(
        train_message(77, server_round), node_context(seed=9)
    )

    assert drawn(there) == drawn(here)


def test_messages_without_a_round_count_as_on_a_local_grid():
    """The n-th message of its type is round n; the client's state keeps the count."""
    grid = LocalGrid(app_that_draws(), 3, seed=9)
    content = RecordDict({"arrays": train_message(1).content["arrays"]})
    here = [
        drawn(reply)
        for _ in range(3)
        for reply in grid.send_and_receive([Message(content, 1002, "train")])
    ]
    context = node_context(seed=9)
    app = app_that_draws([seeding_mod])
    there = [drawn(app(Message(content, 77, "train"), context)) for _ in range(3)]

    assert there == here
    assert len({tuple(numbers) for numbers in there}) == 3


def test_on_a_local_grid_the_mod_changes_nothing():
    """The grid has seeded already, from the same numbers."""
    replies = [
        LocalGrid(app, 3, seed=4, run_config={"seed": 4}).send_and_receive(
            [train_message(1001)]
        )
        for app in (app_that_draws(), app_that_draws([seeding_mod]))
    ]

    assert drawn(replies[0][0]) == drawn(replies[1][0])


def test_the_server_draws_what_it_draws_in_run_server_app():
    """A model that the server initialises is the same everywhere."""
    seen, server_app = [], ServerApp()
    server_app.main()(lambda grid, context: seen.append(draws()))
    run_server_app(server_app, LocalGrid(app_that_draws(), 1, seed=3))
    seed_server(3)

    assert draws() == seen[0]


@pytest.mark.parametrize("seed", [None, "3", 1.5, True])
def test_a_run_without_a_seed_is_refused(seed):
    """The message says what to write, and where."""
    config = {} if seed is None else {"seed": seed}
    with pytest.raises(ValueError, match=r"`seed`.*write `seed = 0` under \[tool.flwr"):
        app_that_draws([seeding_mod])(train_message(77), node_context(**config))


def test_a_node_says_which_partition_it_holds():
    """One QUERY; public API only."""
    app = ClientApp(mods=[seeding_mod])
    app.query("partition")(report_partition)
    query = Message(RecordDict(), 77, "query.partition")

    assert read_partition(app(query, node_context(1, seed=0))) == (1, 3)


def test_a_node_without_a_partition_is_refused():
    """A SuperNode started without --node-config."""
    context = node_context(seed=0)
    context.node_config = {}
    with pytest.raises(ValueError, match="start the SuperNode with --node-config"):
        report_partition(
            Message(RecordDict({"c": ConfigRecord()}), 7, "query"), context
        )
