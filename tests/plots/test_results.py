"""The figure of a run: rows are metrics, columns are what they have cost."""

import json

import plotly.io
import pytest
from flwr.app import MetricRecord
from flwr.serverapp.strategy import FedAvg, Result

from lecturekit import plots
from lecturekit.runtime import Device, Devices, LocalGrid, Network
from lecturekit.runtime.engines import RunResult
from tests.runtime.toy import arrays_of, halfway_app


def records(**values):
    """Return a metric's values, from round 1, as Flower's results keep them."""
    (name, numbers), *_ = values.items()
    return {t: MetricRecord({name: x}) for t, x in enumerate(numbers, start=1)}


def titles(figure, axis):
    layout = figure.to_plotly_json()["layout"]
    return [
        layout[name]["title"]["text"]
        for name in layout
        if name.startswith(f"{axis}axis") and "title" in layout[name]
    ]


def test_accuracy_and_loss_stand_in_panels_of_their_own():
    """From the server, the clients' evaluation and their training; round 0 as well."""
    result = Result()
    result.train_metrics_clientapp = records(train_loss=[0.9, 0.5])
    result.evaluate_metrics_clientapp = records(accuracy=[0.4, 0.6])
    result.evaluate_metrics_serverapp = {0: MetricRecord({"test-acc": 0.1, "n": 7})}
    figure = plots.result(result)

    assert {line.name: (list(line.x), list(line.y)) for line in figure.data} == {
        "server: test-acc": ([0], [0.1]),
        "clients: accuracy": ([1, 2], [0.4, 0.6]),
        "training: train_loss": ([1, 2], [0.9, 0.5]),
    }
    assert titles(figure, "y") == ["accuracy (fraction)", "loss"]
    assert titles(figure, "x") == ["round"]
    assert json.loads(figure.to_json())["data"]


def test_a_trace_adds_bytes_and_seconds():
    """Rounds of 4 s: a second each way, and the slower client works two."""
    devices = Devices.equal(Device(examples_per_s=1))
    network = Network(latency_ms=1000)
    grid = LocalGrid(halfway_app(), 2, devices=devices, network=network)
    strategy = FedAvg(fraction_evaluate=0.0)
    result = strategy.start(grid, arrays_of(0.0), num_rounds=2)
    rounds, megabytes, seconds = plots.result(result, grid.trace).data
    sent = sum(row.bytes for row in grid.trace if row.round == 1) / 1e6

    assert list(rounds.x) == [1, 2]
    assert list(megabytes.x) == pytest.approx([sent, 2 * sent])
    assert list(seconds.x) == [4.0, 8.0]
    assert list(rounds.y) == list(seconds.y)
    assert len(plots.result(result).data) == 1


def test_an_ideal_network_takes_no_time():
    """A column in which all points stand at 0 is left out."""
    grid = LocalGrid(halfway_app(), 2)
    result = FedAvg().start(grid, arrays_of(0.0), num_rounds=1)
    figure = plots.result(result, grid.trace)

    assert titles(figure, "x") == [
        "round",
        "bytes sent and received by all clients (MB)",
    ]


def test_other_metrics_are_drawn_if_there_is_no_better():
    """The toy's clients evaluate to a distance; they count examples, too."""
    result = Result()
    result.evaluate_metrics_clientapp = {
        1: MetricRecord({"distance": 2.0, "num-examples": 9, "each": [1.0, 3.0]})
    }
    (line,) = plots.result(result).data

    assert (line.name, list(line.y)) == ("clients: distance", [2.0])


def test_a_result_of_an_engine_is_drawn_as_well(monkeypatch):
    """What `run_app` returns."""
    monkeypatch.setattr(plotly.io.renderers, "default", "plotly_mimetype")
    result = RunResult("ray", arrays_of(0.0), server_metrics={1: {"accuracy": 0.5}})
    (line,) = plots.result(result).data

    assert (line.name, list(line.x), list(line.y)) == ("server: accuracy", [1], [0.5])
    assert "application/vnd.plotly.v1+json" in result._repr_mimebundle_()


def test_a_metric_that_is_no_number_leaves_a_gap():
    """A loss of infinity has no place in a figure."""
    result = Result()
    result.train_metrics_clientapp = records(loss=[0.9, float("inf"), 0.5])
    (line,) = plots.result(result).data

    assert list(line.x) == [1, 3]


def test_a_result_without_metrics_is_refused():
    """The sentence says what to report."""
    with pytest.raises(ValueError, match=r"with a metric to draw, got none: have the"):
        plots.result(Result())


def test_rounds_that_a_trace_does_not_know_are_left_out():
    """Their costs are not known; against rounds they are drawn."""
    grid = LocalGrid(halfway_app(), 2)
    FedAvg(fraction_evaluate=0.0).start(grid, arrays_of(0.0), num_rounds=1)
    result = Result()
    result.train_metrics_clientapp = records(loss=[0.9, 0.5])
    result.evaluate_metrics_serverapp = {7: MetricRecord({"loss": 0.1})}
    drawn = [(line.name, len(line.x)) for line in plots.result(result, grid.trace).data]

    assert drawn == [("server: loss", 1), ("training: loss", 2), ("training: loss", 1)]
