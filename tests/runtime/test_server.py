"""run_server_app: an unmodified ServerApp, reproducible from the grid's seed."""

import random

import pytest
from flwr.app import ConfigRecord
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import ClientFailed, LocalGrid, run_server_app
from tests.runtime.toy import app_with, arrays_of, halfway_app


def sampling_app(results):
    """Build a ServerApp that samples half the clients, for as long as configured."""
    app = ServerApp()

    @app.main()
    def main(grid, context):
        initial = arrays_of(random.random())
        strategy = FedAvg(fraction_train=0.5, fraction_evaluate=0.0)
        result = strategy.start(
            grid, initial, num_rounds=context.run_config["num-server-rounds"]
        )
        results.append(result.arrays["w"].numpy().tolist())
        context.state["done"] = ConfigRecord({"node": context.node_id})

    return app


def run(seed, num_rounds=3):
    results = []
    run_config = {"num-server-rounds": num_rounds}
    grid = LocalGrid(halfway_app(), 20, seed=seed, run_config=run_config)
    context = run_server_app(sampling_app(results), grid)
    return results[0], context


def test_the_whole_app_is_a_function_of_the_seed():
    """Initial model and cohorts too, though Flower draws them from `random`."""
    random.seed()
    first, _ = run(seed=1)
    random.seed()

    assert run(seed=1)[0] == first
    assert run(seed=2)[0] != first


def test_the_callers_generators_are_untouched():
    """What the app drew does not show in what is drawn after it."""
    before = random.getstate()
    run(seed=1)

    assert random.getstate() == before


def test_the_server_has_the_run_config_and_keeps_its_state():
    """The server's context is what the ServerApp saw, and is returned."""
    _, context = run(seed=1, num_rounds=1)

    assert context.run_config == {"num-server-rounds": 1}
    assert context.state["done"]["node"] == context.node_id


def test_a_failed_client_stops_the_server():
    """The failure goes through the ServerApp to the caller."""

    def train(message, context):
        raise OSError("battery empty")

    grid = LocalGrid(app_with(train), 2, run_config={"num-server-rounds": 1})
    with pytest.raises(ClientFailed, match=r"client 0 .* battery empty"):
        run_server_app(sampling_app([]), grid)
