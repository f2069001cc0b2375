"""Kernels as clients of a real SuperLink: one in this process, one in Jupyter."""

import inspect
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.clientapp import ClientApp

from lecturekit.runtime.engines import (
    AppFolder,
    KernelNode,
    SuperLink,
    fleet,
    flower_private,
    run_app,
)
from lecturekit.runtime.engines.client_error import show_error
from lecturekit.runtime.engines.flower_private import NEEDED
from lecturekit.runtime.engines.processes import free_port
from lecturekit.runtime.engines.result import read_result
from tests.runtime.notebook import Notebook
from tests.runtime.toy import app_with

COIN = Path(__file__).parent / "coin_app"

CONFIG = {"seed": 5, "fraction-train": 1.0, "fraction-evaluate": 1.0}

# A notebook's cells: no mod, no query function. The node does what a LocalGrid does.
IMPORTS = """\
import random
import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from lecturekit.runtime.engines import KernelNode
client_app = ClientApp()
"""

START = """\
node = KernelNode(client_app, {address!r}, partition_id=1, num_partitions=2).start()
"""

FAULTY = """\
faulty = ClientApp()
@faulty.train()
def train(message, context):
    return 1 / 0  # a student's line
node.client_app = faulty
"""


@pytest.fixture(scope="module")
def superlink():
    with SuperLink() as running:
        yield running


@pytest.fixture(scope="module")
def coin():
    """The functions of the app folder's clients, as a student would have typed them."""
    with AppFolder.read(COIN).loaded():
        module = sys.modules["coin.app"]
        return "\n".join(map(inspect.getsource, (module.train, module.evaluate)))


@pytest.fixture
def notebook():
    opened = Notebook()
    yield opened
    opened.close()


@pytest.fixture
def asked(monkeypatch):
    """Collect the private names of Flower that are asked for."""
    names, private = set(), flower_private.private

    def noting(module, path):
        names.add((module, path))
        return private(module, path)

    for module in (flower_private, fleet):
        monkeypatch.setattr(module, "private", noting)
    return names


def class_run(superlink, path, **run_config):
    config = {**CONFIG, "result-path": str(path), **run_config}
    superlink.run(COIN, config, timeout_s=400)
    return read_result(path, engine="superlink", wall_s=0)


@pytest.mark.slow
def test_a_class_gets_the_model_of_a_local_grid(
    superlink, notebook, coin, tmp_path, asked
):
    """Two kernels, one of them Jupyter's with the ClientApp in a cell; equal bytes.

    Then the student breaks the cell: the notebook shows the student's line, the server
    gets an error reply, and the class goes on without.
    """
    here = run_app(COIN, num_clients=2, seed=5, run_config=CONFIG)
    names = {}
    exec(IMPORTS + coin, names)
    mine = KernelNode(
        names["client_app"], superlink.address, partition_id=0, num_partitions=2
    )
    mine.start()
    notebook.run(IMPORTS)
    notebook.run(coin)
    notebook.run(START.format(address=superlink.address))
    there = class_run(superlink, tmp_path / "first")

    assert there.model_hash == here.model_hash
    assert there.evaluate_metrics == here.evaluate_metrics
    counts = "answered 2 evaluate, 1 query.partition, 2 train;"
    online = f"at {superlink.address}: online; {counts}"
    assert repr(mine).startswith(f"KernelNode(partition 0 of 2 {online}")
    assert notebook.run("node").startswith(f"KernelNode(partition 1 of 2 {online}")

    notebook.run(FAULTY)
    alone = class_run(superlink, tmp_path / "second", **{"fraction-evaluate": 0.0})
    shown = notebook.shown_meanwhile()

    assert alone.train_metrics[2]["partition-id"] == 0
    assert "Client 1 on 'train' failed" in shown
    assert "return 1 / 0  # a student's line" in shown
    assert "ZeroDivisionError: division by zero" in shown
    assert "lecturekit" not in shown
    assert "2 failed" in notebook.run("node")
    assert notebook.run("type(node.errors[0]).__name__") == "'ZeroDivisionError'"
    notebook.run("node.stop()")
    mine.stop()
    assert "stopped" in notebook.run("node")
    assert "stopped" in repr(mine)
    assert asked <= {(module, n) for module in NEEDED for n in NEEDED[module]}


@pytest.mark.slow
def test_a_cell_may_be_run_twice(superlink):
    """The node of the first time leaves; the partition is held once."""
    app = app_with(lambda message, context: None)
    first, second = (
        KernelNode(app, superlink.address, partition_id=0, num_partitions=1)
        for _ in range(2)
    )
    first.start()
    second.start()

    assert "stopped" in repr(first)
    assert "online" in repr(second)
    second.stop()


@pytest.mark.slow
def test_a_node_joins_again_when_the_superlink_is_back():
    """A new SuperLink at the same address knows nobody; the node registers anew."""
    port = free_port("127.0.0.1")
    app = app_with(lambda message, context: None)
    with SuperLink(port=port) as superlink:
        node = KernelNode(app, superlink.address, partition_id=0, num_partitions=1)
        node.start()
    wait_until(lambda: "offline" in repr(node))
    with SuperLink(port=port):
        wait_until(lambda: "online" in repr(node))
        node.stop()


def wait_until(condition, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_superlink_that_is_not_there_is_named():
    """Here, in the cell that starts the node, and the kernel lives on."""
    address = f"127.0.0.1:{free_port('127.0.0.1')}"
    node = KernelNode(ClientApp(), address, partition_id=0, num_partitions=1)
    with pytest.raises(
        ConnectionError, match=rf"expected a SuperLink at {address}, got"
    ):
        node.start()
    assert "stopped" in repr(node)


@pytest.mark.parametrize(
    ("arguments", "error", "complaint"),
    [
        ({"client_app": 3}, TypeError, "client_app must be a .*ClientApp, got 3"),
        ({"partition_id": 2}, ValueError, "in 0 to num_partitions - 1, got 2 of 2"),
        (
            {"superlink": "class.org"},
            ValueError,
            "must be 'host:port', got 'class.org'",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, complaint):
    """In one sentence."""
    right = {
        "client_app": ClientApp(),
        "superlink": "127.0.0.1:8000",
        "partition_id": 0,
        "num_partitions": 2,
    }
    with pytest.raises(error, match=complaint):
        KernelNode(**(right | arguments))


def test_an_error_is_shown_from_the_students_line_on(capsys):
    """Neither our frames nor Flower's stand above it."""

    def train(message, context):
        return np.zeros(2)[5]  # the student's line

    message = Message(RecordDict({"c": ConfigRecord()}), 1, "train")
    try:
        app_with(train)(message, None)
    except IndexError as error:
        show_error(error.with_traceback(error.__traceback__.tb_next), "3 on 'train'")
    shown = capsys.readouterr().err

    assert shown.startswith("Client 3 on 'train' failed:\nTraceback")
    assert (
        shown.splitlines()[3].strip() == "return np.zeros(2)[5]  # the student's line"
    )
    assert "flwr" not in shown
