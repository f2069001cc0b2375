"""A result shows itself: the figure of `lk.plots.result`, in a real notebook too."""

import random

import plotly.io
import pytest
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import LocalGrid, Network
from lecturekit.runtime.rounds import run_rounds
from lecturekit.runtime.shown import TracedResult
from tests.runtime.notebook import Notebook
from tests.runtime.toy import app_with, arrays_of, halfway_app, reply_with

PLOTLY = "application/vnd.plotly.v1+json"

CELL = """\
import lecturekit as lk
from flwr.serverapp.strategy import FedAvg
from tests.runtime.toy import arrays_of, halfway_app
grid = lk.runtime.LocalGrid(halfway_app(), 2)
with lk.runtime.RoundProgress(3) as progress:
    result = lk.runtime.run_rounds(
        FedAvg(), grid, arrays_of(0.0), num_rounds=3, on_round=progress
    )
result
"""


def run(grid, **options):
    random.seed(0)
    return run_rounds(FedAvg(), grid, arrays_of(0.0), num_rounds=2, **options)


def test_a_result_is_flowers_and_knows_its_run():
    """Equal to what Flower's loop returns, and it has the trace."""
    grid = LocalGrid(halfway_app(), 2)
    random.seed(0)
    flowers = FedAvg().start(LocalGrid(halfway_app(), 2), arrays_of(0.0), num_rounds=2)
    result = run(grid)

    assert isinstance(result, TracedResult)
    assert result == flowers
    assert flowers == result
    assert result.trace.hash() == grid.trace.hash()
    assert repr(result) == repr(flowers)


def test_results_that_differ_are_not_equal():
    """Another model, another result."""
    one, other = (
        run_rounds(FedAvg(), LocalGrid(halfway_app(), 2), arrays_of(w), num_rounds=1)
        for w in (0.0, 8.0)
    )
    assert one != other


def test_a_second_run_on_a_grid_has_a_trace_of_its_own():
    """Its rounds begin at 1 again; those of the first stay as they were."""
    grid = LocalGrid(halfway_app(), 2, network=Network(latency_ms=1000))
    first, second = run(grid), run(grid)

    asked = [row.round for row in second.trace if row.event == "asked"]
    assert asked == [1, 1, 1, 1, 2, 2, 2, 2]
    assert len(first.trace) == len(second.trace) == len(grid.trace) / 2
    assert second.trace[0].time_s == first.trace[len(first.trace) - 1].time_s == 8.0


def test_a_run_that_goes_on_has_the_whole_trace(tmp_path):
    """Rows of before the checkpoint included."""
    whole = run(LocalGrid(halfway_app(), 2))
    random.seed(0)
    half = LocalGrid(halfway_app(), 2)
    run_rounds(
        FedAvg(), half, arrays_of(0.0), num_rounds=1, checkpoint=tmp_path / "run"
    )
    resumed = run(LocalGrid(halfway_app(), 2), checkpoint=tmp_path / "run")

    assert resumed.trace.hash() == whole.trace.hash()


def test_what_a_notebook_gets_is_the_figure_and_the_text(monkeypatch):
    """By MIME type, as IPython asks for it."""
    monkeypatch.setattr(plotly.io.renderers, "default", "plotly_mimetype")
    bundle = run(LocalGrid(halfway_app(), 2))._repr_mimebundle_()

    assert bundle["text/plain"].startswith("Global Arrays")
    assert bundle[PLOTLY]["data"]


def test_a_result_without_metrics_is_text():
    """Nothing to draw is no error."""
    app = app_with(reply_with)  # reports "num-examples" alone
    strategy = FedAvg(fraction_evaluate=0.0)
    result = run_rounds(strategy, LocalGrid(app, 2), arrays_of(0.0), num_rounds=1)

    assert list(result._repr_mimebundle_()) == ["text/plain"]


@pytest.mark.slow
def test_a_notebook_shows_a_figure_and_one_line_of_progress():
    """The line is replaced after each round; the cell ends in plotly's figure."""
    notebook = Notebook()
    try:
        notebook.run(CELL)
        shown = notebook.shown()
        kinds = [message["msg_type"] for message in notebook.messages]
    finally:
        notebook.close()

    lines = [data["text/plain"] for data in shown if PLOTLY not in data]
    (figure,) = [data[PLOTLY] for data in shown if PLOTLY in data]
    assert kinds.count("display_data") == 1
    assert kinds.count("update_display_data") == 3
    assert lines[0].startswith("round 0/3")
    assert lines[-1].startswith("round 3/3")
    assert "train_loss" in lines[-1]
    assert [line["name"] for line in figure["data"]] == ["training: train_loss"] * 2
    assert "stderr" not in kinds
