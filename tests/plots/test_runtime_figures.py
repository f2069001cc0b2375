"""Figures of a run: drawn from its trace, checked by hand."""

import json

import numpy as np
import pytest

from lecturekit import plots
from lecturekit.plots.costs import round_costs
from lecturekit.runtime import Device, Devices, Failures, LocalGrid, Network, Trace
from tests.runtime.toy import halfway_app, train_message


def two_rounds(timeout=None, **options):
    """Client k works k + 1 s, a second each way: rounds of 4 s for two clients."""
    options = {"network": Network(latency_ms=1000), **options}
    devices = Devices.equal(Device(examples_per_s=1))
    grid = LocalGrid(halfway_app(), 2, devices=devices, **options)
    for server_round in (1, 2):
        messages = [train_message(1000 + k, server_round) for k in range(2)]
        grid.send_and_receive(messages, timeout=timeout)
    return grid.trace


def bars(figure, kind):
    (found,) = [trace for trace in figure.data if trace.name == kind]
    return list(zip(found.y, found.base, found.x, strict=True))


def marks(figure, name):
    return [
        (y, x)
        for trace in figure.data
        if trace.name == name
        for y, x in zip(trace.y, trace.x, strict=True)
    ]


def test_every_figure_says_what_it_shows():
    """A title and two axis titles; and plotly can hand it to a browser."""
    trace = two_rounds()
    for figure in (
        plots.timeline(trace),
        plots.against({"run": (trace, [0.1, 0.2])}, "bytes"),
        plots.client_drift(np.ones((3, 2))),
    ):
        assert figure.layout.title.text
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
        assert json.loads(figure.to_json())["data"]


def test_a_round_is_receiving_computing_and_sending():
    """A second, k + 1 seconds, a second; nobody waits for a busy client."""
    figure = plots.timeline(two_rounds(), server_round=1)

    assert bars(figure, "receives") == [("0", 0.0, 1.0), ("1", 0.0, 1.0)]
    assert bars(figure, "computes") == [("0", 1.0, 1.0), ("1", 1.0, 2.0)]
    assert bars(figure, "sends") == [("0", 2.0, 1.0), ("1", 3.0, 1.0)]
    assert bars(figure, "waits") == []
    assert list(figure.layout.yaxis.categoryarray) == ["0", "1"]


def test_all_rounds_stand_one_after_another():
    """The second begins when the slowest has answered, at 4 s."""
    figure = plots.timeline(two_rounds())

    assert [start for _, start, _ in bars(figure, "receives")] == [0, 0, 4, 4]
    assert [line.x0 for line in figure.layout.shapes] == [0.0, 4.0]


def test_late_replies_are_seen():
    """Client 1 works 2 s: within 2.5 s, and late at the deadlines 1.5 s and 3 s."""
    in_time = plots.timeline(two_rounds(timeout=2.5, network=Network()))
    too_late = plots.timeline(two_rounds(timeout=1.5, network=Network()))

    assert marks(in_time, "is too late") == []
    assert marks(too_late, "is too late") == [("1", 1.5), ("1", 3.0)]


def test_a_busy_client_waits():
    """Two messages at once: the second waits a second for the first."""
    devices = Devices.equal(Device(examples_per_s=1))
    grid = LocalGrid(halfway_app(), 1, devices=devices)
    grid.send_and_receive([train_message(1000), train_message(1000)])

    assert bars(plots.timeline(grid.trace), "waits") == [("0", 0.0, 1.0)]


def test_crashes_are_marked():
    """Everybody crashes after the work, at 1 + (k + 1) s."""
    trace = two_rounds(failures=Failures(crash_after=1.0))
    figure = plots.timeline(trace, server_round=1)

    assert marks(figure, "crashes") == [("0", 2.0), ("1", 3.0)]


def test_a_trace_without_time_is_refused():
    """The sentence says what to give the grid."""
    grid = LocalGrid(halfway_app(), 2)
    grid.send_and_receive([train_message(1000)])
    with pytest.raises(ValueError, match=r"rounds \[1\]\): give LocalGrid devices or"):
        plots.timeline(grid.trace)
    with pytest.raises(ValueError, match="got none in round 1 "):
        plots.timeline(grid.trace, server_round=1)


@pytest.mark.parametrize("wrong", [9, "1"])
def test_a_round_that_is_not_in_the_trace_is_refused(wrong):
    """The sentence says which are; the grid has devices."""
    sentence = rf"server_round must be one of .* rounds, \[1, 2\], got {wrong!r}"
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        plots.timeline(two_rounds(), server_round=wrong)


@pytest.mark.parametrize("server_round", [None, 1, 2])
def test_rounds_that_all_timed_out_are_drawn(server_round):
    """Nothing came to its end before the deadlines: circles, and no bars."""
    trace = two_rounds(timeout=0.25)
    figure = plots.timeline(trace, server_round=server_round)

    assert not [line for line in figure.data if line.type == "bar" and len(line.y)]
    ends = {None: [0.25, 0.25, 0.5, 0.5], 1: [0.25] * 2, 2: [0.5] * 2}[server_round]
    assert [x for _, x in marks(figure, "is too late")] == ends


def test_costs_are_counted_to_the_end_of_each_round():
    """Rounds 0, 1, 2; seconds 0, 4, 8; bytes of two models down and two up."""
    trace = two_rounds()
    size = sum(row.bytes for row in trace if row.round == 1) / 1e6

    assert round_costs(trace, "rounds").tolist() == [0, 1, 2]
    assert round_costs(trace, "seconds").tolist() == [0, 4, 8]
    assert round_costs(trace, "bytes") == pytest.approx([0, size, 2 * size])
    assert size > 0
    assert round_costs(Trace(), "seconds").tolist() == [0]


def test_values_stand_at_their_costs():
    """One value per round; or one more, at no cost, for the initial model."""
    trace = two_rounds()
    runs = {"two": (trace, [0.5, 0.6]), "three": (trace, [0.1, 0.5, 0.6])}
    two, three = plots.against(runs, "seconds").data

    assert (list(two.x), list(two.y)) == ([4, 8], [0.5, 0.6])
    assert (list(three.x), list(three.y)) == ([0, 4, 8], [0.1, 0.5, 0.6])


def test_on_logarithmic_axes_a_name_stands_at_its_lines_end():
    """The initial model has cost nothing and is left out; exponents place a note."""
    runs = {"run": (two_rounds(), [9.0, 1.0, 0.01])}
    figure = plots.against(runs, "seconds", log=True)

    (line,), (note,) = figure.data, figure.layout.annotations
    assert (list(line.x), list(line.y)) == ([4, 8], [1.0, 0.01])
    assert (note.x, note.y) == (pytest.approx(np.log10(8)), pytest.approx(-2))
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_what_cannot_be_drawn_is_refused():
    """One sentence each."""
    trace = two_rounds()
    with pytest.raises(ValueError, match=r"positive values .* got \[ *0. +1.\]"):
        plots.against({"run": (trace, [0.0, 1.0])}, log=True)
    with pytest.raises(ValueError, match=r"x must be one of .*, got 'euros'"):
        plots.against({"run": (trace, [0.1, 0.2])}, "euros")
    with pytest.raises(ValueError, match=r"each of its 2 rounds, .* got 4 values"):
        plots.against({"run": (trace, [0.1] * 4)})
    with pytest.raises(ValueError, match="runs must be 1 to 20, got 0"):
        plots.against({})
    with pytest.raises(ValueError, match=r"row per round .* got shape \(3,\)"):
        plots.client_drift([1, 2, 3])
    with pytest.raises(ValueError, match="at least 0, got -1"):
        plots.client_drift([[1, -1]])


def test_drift_is_a_line_per_client_and_their_mean():
    """Client 1 sat round 2 out: the mean is client 0's."""
    figure = plots.client_drift([[1.0, 3.0], [2.0, np.nan]])

    assert [line.name for line in figure.data] == ["client 0", "client 1", "mean"]
    assert figure.data[2].y.tolist() == [2.0, 2.0]
    assert figure.data[2].x.tolist() == [1, 2]
