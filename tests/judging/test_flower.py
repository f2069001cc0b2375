"""A student's ClientApp on our grid, and a student's Strategy over it."""

import numpy as np
import pytest
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg, Result

from lecturekit.runtime import ClientFailed, Device, Devices, LocalGrid, Network
from tests.judging.student import talking_to

CELL = """
import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

app = ClientApp()

@app.train()
def train(message, context):
    k = context.node_config['partition-id']
    seen = context.state.get('seen', MetricRecord({'n': 0}))
    context.state['seen'] = MetricRecord({'n': seen['n'] + 1})
    w = message.content['arrays']['w'].numpy() + k + 1
    message.content['config']['lr'] = 99.0
    draw = float(np.random.rand())
    metrics = MetricRecord({'num-examples': k + 1, 'n': seen['n'] + 1, 'draw': draw})
    arrays = ArrayRecord({'w': Array(w)})
    return Message(RecordDict({'arrays': arrays, 'metrics': metrics}), reply_to=message)

broken = ClientApp()

@broken.train()
def fail(message, context):
    raise RuntimeError('battery empty')

class Half(FedAvg):
    '''Keeps half of what FedAvg would learn.'''
    def aggregate_train(self, server_round, replies):
        arrays, metrics = super().aggregate_train(server_round, replies)
        half = {name: Array(array.numpy() / 2) for name, array in arrays.items()}
        return ArrayRecord(half), metrics

def wait(grid, content, timeout):
    clock, times = grid.clock, []
    nodes = grid.get_node_ids()
    ids = grid.push_messages([Message(content, node, 'train') for node in nodes])
    for _ in nodes:
        replies = grid.pull_messages(ids, timeout=timeout)
        times.append((clock.now, grid.clock.now, len(replies)))
    return times

def ask(grid, content):
    asked = [Message(content, node, 'train') for node in grid.get_node_ids()]
    return [r.metadata.src_node_id for r in grid.send_and_receive(asked)]
"""


def request_to(grid, k):
    content = RecordDict(
        {
            "arrays": ArrayRecord({"w": Array(np.zeros(2))}),
            "config": ConfigRecord({"lr": 0.1}),
        }
    )
    return Message(content, list(grid.get_node_ids())[k], MessageType.TRAIN)


@pytest.fixture
def student():
    with talking_to(CELL) as (_, names):
        yield names


def test_a_client_app_of_the_students_runs_on_our_grid(student):
    """Trace and clock are ours; state lives between rounds; messages are copies."""
    assert isinstance(student.app, ClientApp)
    grid = LocalGrid(student.app, 3, seed=1)
    asked = request_to(grid, 1)
    first, second = (grid.send_and_receive([asked])[0] for _ in range(2))

    assert np.array_equal(first.content["arrays"]["w"].numpy(), [2, 2])
    assert [r.content["metrics"]["n"] for r in (first, second)] == [1, 2]
    assert asked.content["config"]["lr"] == 0.1
    assert len(list(grid.trace)) > 0


def test_the_clients_draws_are_those_of_one_process(student):
    """The grid's seeding reaches the student's process."""
    app = ClientApp()

    @app.train()
    def train(message, context):
        metrics = MetricRecord({"draw": float(np.random.rand())})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    theirs, ours = LocalGrid(student.app, 3, seed=5), LocalGrid(app, 3, seed=5)
    draws = [
        grid.send_and_receive([request_to(grid, 2)])[0].content["metrics"]["draw"]
        for grid in (theirs, ours)
    ]
    assert draws[0] == draws[1]


def test_a_failing_client_app_fails_as_in_one_process(student):
    """ClientFailed names client and round; or the reply is Flower's error."""
    grid = LocalGrid(student.broken, 2)
    with pytest.raises(ClientFailed, match="battery empty"):
        grid.send_and_receive([request_to(grid, 0)])
    grid = LocalGrid(student.broken, 2, on_error="reply")
    (reply,) = grid.send_and_receive([request_to(grid, 0)])
    assert reply.has_error() and "battery empty" in reply.error.reason


def test_a_grids_clock_is_read_where_it_runs(student):
    """A student who keeps `grid.clock` sees it move, and pulls with a timeout."""
    kinds = [Device(network=Network(latency_ms=500 * s)) for s in (1, 4)]
    grid = LocalGrid(student.app, 2, devices=Devices(kinds))
    content = request_to(grid, 0).content

    assert student.wait(grid, content, 2.0) == [(1.0, 1.0, 1), (3.0, 3.0, 0)]
    assert grid.clock.now == 3.0


@pytest.mark.parametrize("theirs", [True, False])
def test_a_strategy_of_the_students_runs_over_our_grid(student, theirs):
    """Whether the clients are the test's or the student's."""
    app = ClientApp()

    @app.train()
    def train(message, context):
        k = context.node_config["partition-id"]
        w = ArrayRecord({"w": Array(message.content["arrays"]["w"].numpy() + k + 1)})
        metrics = MetricRecord({"num-examples": k + 1})
        return Message(RecordDict({"arrays": w, "metrics": metrics}), reply_to=message)

    rounds = []

    def evaluate(server_round, arrays):
        rounds.append(server_round)
        return MetricRecord({"w": float(arrays["w"].numpy()[0])})

    grid = LocalGrid(student.app if theirs else app, 2)
    strategy = student.Half(fraction_evaluate=0.0, min_available_nodes=2)
    result = strategy.start(
        grid, ArrayRecord({"w": Array(np.zeros(1))}), num_rounds=2, evaluate_fn=evaluate
    )

    assert type(result) is Result and rounds == [0, 1, 2]
    # (1 * 1 + 2 * 2) / 3 / 2, then the same step from there
    step = 5 / 3
    expected = [0.0, step / 2, (step / 2 + step) / 2]
    got = [m["w"] for m in result.evaluate_metrics_serverapp.values()]
    assert np.allclose(got, expected)


def test_a_strategys_single_steps_can_be_tested(student):
    """Replies go over by value, and the aggregate comes back."""
    grid = LocalGrid(student.app, 2)
    asked = student.Half(fraction_train=1.0, min_available_nodes=2).configure_train(
        1, ArrayRecord({"w": Array(np.zeros(1))}), ConfigRecord(), grid
    )
    messages = list(asked)
    assert {m.metadata.dst_node_id for m in messages} == set(grid.get_node_ids())
    replies = grid.send_and_receive(messages)
    ours = FedAvg().aggregate_train(1, replies)[0]["w"].numpy()
    theirs = student.Half().aggregate_train(1, replies)[0]["w"].numpy()
    assert np.allclose(theirs, ours / 2)


def test_a_students_server_loop_asks_our_grid(student):
    """`Message(...)` works over there, and the replies come back through the grid."""
    grid = LocalGrid(student.app, 3)
    content = request_to(grid, 0).content
    assert student.ask(grid, content) == list(grid.get_node_ids())
