"""Failures on purpose: how often, what the server sees, and how to replay them."""

import numpy as np
import pytest
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import Device, Devices, Failures, LocalGrid, Network
from lecturekit.runtime.failures import Fate
from tests.runtime.toy import app_with, arrays_of, halfway_app, train_message


def counting(message, context):
    """Train ten examples; remember how often, and say so."""
    calls = context.state.get("memory", MetricRecord({"calls": 0}))["calls"] + 1
    context.state["memory"] = MetricRecord({"calls": calls})
    metrics = MetricRecord({"num-examples": 10, "calls": calls})
    arrays = message.content["arrays"]
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)


def grid_with(failures, num_clients=1, **options):
    """Ten examples at ten per second: a second of work."""
    options = {"devices": Devices.equal(Device(examples_per_s=10)), **options}
    return LocalGrid(app_with(counting), num_clients, failures=failures, **options)


def ask(grid, server_round=1, num_clients=1):
    arrays = arrays_of(1.0, -2.0)
    return grid.send_and_receive(
        train_message(1000 + k, server_round, arrays=arrays) for k in range(num_clients)
    )


def test_probabilities_come_out():
    """Of 4,000 fates, 30 % crash before, 20 % of the rest are slow or double."""
    failures = Failures(crash_before=0.3, slow=0.2, duplicate=0.2, slow_factor=3)
    fates = [failures.fate(1, t, k) for t in range(40) for k in range(100)]

    crashed = [fate for fate in fates if fate.crash]
    alive = [fate for fate in fates if not fate.crash]
    assert len(crashed) / 4000 == pytest.approx(0.3, abs=0.03)
    assert np.mean([f.slow_factor == 3 for f in alive]) == pytest.approx(0.2, abs=0.03)
    assert np.mean([f.duplicate for f in alive]) == pytest.approx(0.2, abs=0.03)


def test_a_fate_is_a_function_of_seed_round_and_client():
    """Replayed alike; and one probability does not move the others' failures."""
    failures = Failures(slow=0.5)
    fates = [failures.fate(1, t, 3) for t in range(30)]

    assert fates == [Failures(slow=0.5).fate(1, t, 3) for t in range(30)]
    assert fates != [failures.fate(2, t, 3) for t in range(30)]
    both = Failures(slow=0.5, duplicate=0.5)
    slow_factors = [both.fate(1, t, 3).slow_factor for t in range(30)]
    assert slow_factors == [fate.slow_factor for fate in fates]
    assert Failures().fate(1, 2, 3) == Fate()


@pytest.mark.parametrize(
    ("when", "seconds", "calls"),
    [("before", 0.0, 1), ("during", None, 1), ("after", 1.0, 2)],
)
def test_a_crash_is_an_error_reply_and_costs_its_work(when, seconds, calls):
    """Before: nothing was done. During: some time, no trace of it. After: all of it."""
    grid = grid_with(Failures(**{f"crash_{when}": 1.0}))
    (reply,) = ask(grid)
    spent = grid.clock.now
    grid._dispatch._failures = None  # the device is repaired
    (again,) = ask(grid, server_round=2)

    assert reply.has_error()
    assert f"crash {when} the work" in reply.error.reason
    assert reply.metadata.src_node_id == 1000
    assert spent == seconds if seconds is not None else 0 < spent < 1
    assert again.content["metrics"]["calls"] == calls
    (failed,) = grid.trace.where(event="failed")
    assert (failed.detail, failed.time_s) == (f"crash {when} the work", spent)


def test_a_strategy_goes_on_without_those_who_crash():
    """FedAvg averages who is left, also with on_error="raise": nobody did wrong."""
    grid = LocalGrid(halfway_app(), 6, failures=Failures(crash_after=0.4), seed=1)
    result = FedAvg(fraction_evaluate=0.0).start(grid, arrays_of(0.0), num_rounds=4)

    failed = {row.round for row in grid.trace.where(event="failed")}
    assert failed
    assert list(result.train_metrics_clientapp) == [1, 2, 3, 4]


def test_a_real_mistake_is_still_raised():
    """A client that was to crash during its work, and raises, is a student's bug."""

    def train(message, context):
        raise OSError("battery empty")

    grid = LocalGrid(app_with(train), 1, failures=Failures(crash_during=1.0))
    with pytest.raises(RuntimeError, match=r"client 0 .* battery empty"):
        ask(grid)


def test_slow_clients_take_longer():
    """A second of work takes seven."""
    grid = grid_with(Failures(slow=1.0, slow_factor=7))
    ask(grid)

    assert grid.clock.now == 7.0


@pytest.mark.parametrize(
    ("corruption", "expected"),
    [("nan", [np.nan, np.nan]), ("flipped", [-1.0, 2.0]), ("shape", [1.0])],
)
def test_corrupt_replies(corruption, expected):
    """The model is garbage of one kind; the metrics are as they were."""
    grid = grid_with(Failures(corrupt=1.0, corruption=corruption))
    (reply,) = ask(grid)

    values = reply.content["arrays"]["w"].numpy()
    np.testing.assert_array_equal(values, np.array(expected, np.float32), strict=True)
    assert reply.content["metrics"]["num-examples"] == 10
    asked, *_, replied = grid.trace
    assert asked.model != replied.model


def test_all_kinds_of_arrays_can_be_corrupted():
    """Whole numbers and truth values, too; and scalars."""
    arrays = [np.array([True, False]), np.array([3], np.uint8), np.array(2.0)]
    for corruption in ("nan", "flipped", "shape"):
        grid = grid_with(Failures(corrupt=1.0, corruption=corruption))
        message = train_message(1000, arrays=ArrayRecord(arrays))
        (reply,) = grid.send_and_receive([message])
        garbled = reply.content["arrays"].to_numpy_ndarrays()
        assert len(garbled) == 3
        assert not np.array_equal(garbled[0], arrays[0])


def test_an_asynchronous_server_sees_a_duplicate():
    """The second copy is sent when the first has arrived, and shares nothing."""
    grid = grid_with(Failures(duplicate=1.0), network=Network(latency_ms=500))
    ids = grid.push_messages([train_message(1000)])
    (first,) = grid.pull_messages(ids)
    arrived_s = grid.clock.now
    (second,) = grid.pull_messages(ids)

    assert (arrived_s, grid.clock.now) == (2.0, 2.5)
    assert first.content is not second.content
    assert first.metadata.message_id == second.metadata.message_id
    assert grid.pull_messages(ids) == []


def test_a_synchronous_server_takes_one_copy():
    """The other is dropped, now or when it comes."""
    size_grid = grid_with(None)
    ask(size_grid)
    size = size_grid.trace.where(event="replied")[0].bytes
    slow = Network(uplink_mbps=8e-6 * size)  # a second per reply
    for network, end_s in [(None, 1.0), (slow, 2.0)]:
        grid = grid_with(Failures(duplicate=1.0), network=network)
        assert len(ask(grid)) == 1
        assert grid.clock.now == pytest.approx(end_s)
        grid.clock.advance_to(10.0)
        (dropped,) = grid.trace.where(event="dropped")
        assert "received before" in dropped.detail
        assert len(grid.trace.where(event="replied")) == 2


def test_clients_leave_and_come_back_between_rounds():
    """Who is there after round t is drawn from (seed, t, client); at first, all are."""
    failures = Failures(leave=0.5)
    grid = LocalGrid(halfway_app(), 10, failures=failures, seed=2)
    seen = [grid.get_node_ids()]
    for server_round in (1, 2, 3):
        grid.send_and_receive([train_message(seen[-1][0], server_round)])
        seen.append(grid.get_node_ids())

    assert len(seen[0]) == 10
    for server_round in (1, 2, 3):
        away = failures.away(2, server_round, 10)
        assert 0 < len(away) < 9
        assert seen[server_round] == [1000 + k for k in range(10) if k not in away]


def test_two_clients_always_stay():
    """Flower's strategies would wait for them for ever."""
    assert len(Failures(leave=1.0).away(0, 1, 10)) == 8
    assert Failures(leave=1.0).away(0, 1, 2) == set()
    assert Failures(leave=1.0).away(0, 1, 1) == set()


def test_a_message_to_one_who_left_is_an_error_reply():
    """Its code does not run."""
    grid = grid_with(Failures(leave=1.0), num_clients=4)
    ask(grid, num_clients=4)
    here = grid.get_node_ids()
    replies = ask(grid, server_round=2, num_clients=4)

    assert len(here) == 2
    for reply in replies:
        assert reply.has_error() == (reply.metadata.src_node_id not in here)


def test_wrong_probabilities_are_refused():
    """Each with its name."""
    for name in ("crash_before", "crash_during", "slow", "corrupt", "leave"):
        with pytest.raises(ValueError, match=rf"{name} must be a prob.* got 1\.5"):
            Failures(**{name: 1.5})
    with pytest.raises(ValueError, match=r"slow_factor must be .* finite, got 0\.5"):
        Failures(slow_factor=0.5)
    with pytest.raises(ValueError, match=r"corruption must be .*, got 'zero'"):
        Failures(corruption="zero")
