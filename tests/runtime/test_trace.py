"""The trace: what happened, in order; the same for everybody who runs it."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import (
    Device,
    Devices,
    Failures,
    LocalGrid,
    Network,
    Row,
    Trace,
    first_difference,
)
from lecturekit.runtime.pool import ProcessPool
from lecturekit.runtime.trace import EVENTS
from tests.runtime.toy import (
    app_with,
    arrays_of,
    halfway_app,
    reply_with,
    train_message,
)

ROOT = Path(__file__).parents[2]


def eventful_run(executor=None, seed=1):
    """Let phones crash, slow down and repeat themselves; what they keep shows."""

    def train(message, context):
        calls = context.state.get("memory", ConfigRecord({"calls": 0}))["calls"] + 1
        context.state["memory"] = ConfigRecord({"calls": calls})
        k = context.node_config["partition-id"]
        w = message.content["arrays"]["w"].numpy() + calls * np.random.random()
        metrics = MetricRecord({"num-examples": 10 * k + 10, "calls": calls})
        content = RecordDict(
            {"arrays": arrays_of(*w.astype(np.float32)), "metrics": metrics}
        )
        return Message(content, reply_to=message)

    app = app_with(train)
    grid = LocalGrid(
        app,
        6,
        seed=seed,
        devices=Devices.mixed_phones(),
        failures=Failures(0.1, 0.2, 0.1, slow=0.3, corrupt=0.1, duplicate=0.2),
        executor=executor(app) if executor else None,
    )
    strategy = FedAvg(fraction_evaluate=0.0)
    strategy.start(grid, arrays_of(0.0, 1.0), num_rounds=5, timeout=20.0)
    return grid.trace


def test_one_message_leaves_a_row_at_every_step():
    """A second each way, two seconds of work; seconds say how long each took."""
    grid = LocalGrid(
        halfway_app(),
        2,
        devices=Devices.equal(Device(examples_per_s=1)),
        network=Network(latency_ms=1000),
    )
    message = train_message(1001, server_round=3)
    (reply,) = grid.send_and_receive([message])

    assert [(r.event, r.time_s, r.seconds) for r in grid.trace] == [
        ("asked", 0.0, 0.0),
        ("sent", 0.0, 0.0),
        ("received", 1.0, 1.0),
        ("computed", 3.0, 2.0),
        ("sent", 3.0, 0.0),
        ("replied", 4.0, 1.0),
        ("aggregated", 4.0, 0.0),
    ]
    links = [row.detail for row in grid.trace.where(event="sent")]
    assert links == ["downlink", "uplink"]
    for row in grid.trace.where(partition=1):
        assert (row.round, row.partition, row.node_id) == (3, 1, 1001)
        assert (row.message_id, row.message_type) == ("message-1", "train")
    computed = grid.trace.where(event="computed")[0]
    assert computed.metrics == dict(reply.content["metrics"])
    assert grid.trace.where(event="replied", partition=0) == []


def test_a_message_leaves_when_its_link_is_free():
    """Two messages of a second each: the second one waits a second for the first."""
    message = train_message(1000)
    grid = LocalGrid(halfway_app(), 1)
    grid.send_and_receive([message])
    slow = Network(downlink_mbps=8e-6 * grid.trace[0].bytes)
    grid = LocalGrid(halfway_app(), 1, network=slow)
    grid.send_and_receive([train_message(1000), train_message(1000)])

    sent = [row for row in grid.trace.where(event="sent") if row.detail == "downlink"]
    assert [(row.time_s, row.seconds) for row in sent] == [(0.0, 0.0), (1.0, 1.0)]


def test_what_the_server_has_taken_in_is_counted():
    """Three train, one of them crashes; then all evaluate; the round ends at 1 s."""

    def train(message, context):
        if context.node_config["partition-id"] == 2:
            raise RuntimeError("battery empty")
        return reply_with(message, context)

    app = app_with(train)
    app.evaluate()(reply_with)
    network = Network(latency_ms=500)
    grid = LocalGrid(app, 3, on_error="reply", network=network)
    FedAvg().start(grid, arrays_of(1.0), num_rounds=1)

    rows = grid.trace.where(event="aggregated")
    assert [(r.time_s, r.message_type, r.metrics) for r in rows] == [
        (1.0, "train", {"num-replies": 2}),
        (2.0, "evaluate", {"num-replies": 3}),
    ]
    assert {(row.round, row.partition, row.node_id) for row in rows} == {(1, -1, 1)}


def test_only_models_and_metrics_are_aggregated():
    """Not the answers to a query, nor a round in which all have failed."""
    app = halfway_app()
    app.query()(lambda message, context: Message(RecordDict(), reply_to=message))
    grid = LocalGrid(app, 2, failures=Failures(crash_before=1.0))
    grid.send_and_receive([train_message(1000)])
    assert grid.trace.where(event="aggregated") == []

    grid = LocalGrid(app, 2)
    grid.send_and_receive([Message(RecordDict(), 1000, "query")])
    assert grid.trace.where(event="aggregated") == []


def test_a_server_that_pulls_takes_replies_in_as_they_come():
    """Client k works k + 1 s; a pull at 1 s and one at 2 s take one reply each."""
    devices = Devices.equal(Device(examples_per_s=1))
    grid = LocalGrid(halfway_app(), 2, devices=devices)
    ids = grid.push_messages([train_message(1000), train_message(1001)])
    grid.pull_messages(ids)
    grid.pull_messages(ids)

    rows = grid.trace.where(event="aggregated")
    assert [(row.time_s, row.metrics) for row in rows] == [
        (1.0, {"num-replies": 1}),
        (2.0, {"num-replies": 1}),
    ]


def test_time_never_goes_back():
    """Rows are appended in the order of time, through all that goes wrong."""
    times = [row.time_s for row in eventful_run()]

    assert times == sorted(times)
    assert times[-1] > 0


def test_models_can_be_followed():
    """What the server sends next is what it aggregated: here, the only reply."""
    grid = LocalGrid(halfway_app(), 1)
    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1)
    strategy.start(grid, arrays_of(8.0), num_rounds=2)

    asked = [row.model for row in grid.trace.where(event="asked")]
    replied = [row.model for row in grid.trace.where(event="replied")]
    assert asked[1] == replied[0] != asked[0]


def test_the_same_seed_leaves_the_same_trace():
    """In one process, row by row; another seed, another trace."""
    one, two, other = eventful_run(), eventful_run(), eventful_run(seed=2)

    assert first_difference(one, two) is None
    assert one.hash() == two.hash() != other.hash()
    assert {row.event for row in one} == set(EVENTS)


@pytest.mark.skipif(sys.platform != "linux", reason="pools fork")
def test_workers_do_not_show_in_the_trace():
    """Two processes, clients with state that crash and come back: equal bytes."""
    pools = []

    def pool(app):
        pools.append(ProcessPool(app, workers=2))
        return pools[0]

    try:
        with_pool = eventful_run(pool)
    finally:
        pools[0].close()

    assert first_difference(eventful_run(), with_pool) is None


def test_another_process_leaves_the_same_trace():
    """Also with another hash seed: nothing depends on the order of sets."""
    code = (
        "from tests.runtime.test_trace import eventful_run\n"
        "print(eventful_run().hash())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == eventful_run().hash()


def test_the_first_difference_is_named():
    """The row, the field and both values; or which one goes on."""
    row = Row(1.5, "asked", 2, 3, 1003, "message-1", "train", bytes=10)
    one, other = Trace([row]), Trace([row._replace(bytes=11, detail="x")])

    assert first_difference(one, one) is None
    assert first_difference(one, other) == (
        "row 0 (asked, round 2, client 3, 1.5 s) differs in bytes: 10 and 11"
    )
    longer = Trace([row, row._replace(event="replied", time_s=2.0)])
    expected = "row 1 is in the {} trace only: replied, round 2, client 3, 2 s"
    assert first_difference(one, longer) == expected.format("second")
    assert first_difference(longer, one) == expected.format("first")


def test_a_saved_trace_can_be_loaded(tmp_path):
    """A line of JSON per row, and nothing is lost, not even what is not a number."""
    trace = eventful_run()
    trace.append(trace[0]._replace(metrics={"loss": float("nan"), "list": [1, 2]}))
    trace.save(tmp_path / "run.jsonl")
    loaded = Trace.load(tmp_path / "run.jsonl")

    assert first_difference(trace, loaded) is None
    assert loaded.hash() == trace.hash()
    lines = (tmp_path / "run.jsonl").read_text().splitlines()
    assert len(lines) == len(trace)
    assert json.loads(lines[0])["event"] == "asked"


@pytest.mark.parametrize(
    "line", ["no json", "[1]", '{"event": "asked"}', '{"what": 1}']
)
def test_a_broken_file_is_named(tmp_path, line):
    """With the line at fault."""
    path = tmp_path / "broken.jsonl"
    Trace([Row(0.0, "asked", 1, 0, 1000, "message-1", "train")]).save(path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match=r"broken\.jsonl must have a row .* line 2: "):
        Trace.load(path)


def test_a_table_has_a_line_per_row():
    """With the fields as columns; an empty trace has them, too."""
    trace = eventful_run()
    table = trace.to_dataframe()

    assert len(table) == len(trace)
    assert table["event"].tolist() == [row.event for row in trace]
    assert list(Trace().to_dataframe().columns) == list(table.columns)
    assert list(table.columns)[:4] == ["time_s", "event", "round", "partition"]


def test_rows_are_frozen_and_traces_only_grow():
    """What happened has happened."""
    row = Row(0.0, "asked", 1, 0, 1000, "message-1", "train")
    with pytest.raises(AttributeError):
        row.time_s = 1.0
    assert row._replace(time_s=1.0).time_s == 1.0
    assert row.time_s == 0.0
    with pytest.raises(ValueError, match=r"rows have the fields .*, got 'client'"):
        Trace([row]).where(client=3)
    assert repr(Trace([row._replace(time_s=2.5)])) == "Trace(1 rows, 0 to 2.5 s)"


def test_a_grid_can_do_without():
    """The same result, and nothing is written down."""
    results = [
        FedAvg().start(LocalGrid(halfway_app(), 3, trace=t), arrays_of(1.0), 2)
        for t in (True, False)
    ]
    grid = LocalGrid(halfway_app(), 3, trace=False, network=Network(latency_ms=1))
    grid.send_and_receive([train_message(1000)])

    assert results[0].arrays.object_id == results[1].arrays.object_id
    assert len(grid.trace) == 0
    assert grid.clock.now == 0.002


def test_what_is_under_way_can_be_pickled():
    """Clock, inbox, trace and replies in flight: a run can be saved at any time."""
    devices = Devices.equal(Device(examples_per_s=1))
    grid = LocalGrid(halfway_app(), 3, devices=devices)
    ids = grid.push_messages(train_message(1000 + k) for k in range(3))
    grid.pull_messages(ids)
    copy = pickle.loads(pickle.dumps(grid._delivery))

    replies = copy.inbox.pull(ids)
    assert [reply.metadata.src_node_id for reply in replies] == [1001]
    assert (copy.clock.now, grid.clock.now) == (2.0, 1.0)
    assert len(copy.trace) > len(grid.trace)
