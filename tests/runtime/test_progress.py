"""RoundProgress: one line for those who ask, silence for all others."""

from io import StringIO

from flwr.app import MetricRecord
from flwr.serverapp.strategy import FedAvg
from rich.console import Console

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.progress import RoundProgress, metrics_text
from lecturekit.runtime.rounds import run_rounds
from tests.runtime.toy import arrays_of, halfway_app


def run(**options):
    grid = LocalGrid(halfway_app(), 2)
    return run_rounds(FedAvg(), grid, arrays_of(0.0), num_rounds=2, **options)


def test_the_last_round_and_its_metrics_are_shown():
    """Client 0 from w = 1/3, client 1 from there: distances as in the result."""
    output = StringIO()
    with RoundProgress(2, Console(file=output, width=120)) as progress:
        result = run(on_round=progress)

    distance = result.evaluate_metrics_clientapp[2]["distance"]
    assert "round 2/2" in output.getvalue()
    assert f"distance {distance:.3g}" in output.getvalue()


def test_a_run_that_goes_on_begins_where_it_was():
    """The bar shows the round it was told, not how many calls there were."""
    output = StringIO()
    with RoundProgress(20, Console(file=output, width=120)) as progress:
        progress(17, {"server": MetricRecord({"accuracy": 0.5})})

    assert "round 17/20" in output.getvalue()
    assert "accuracy 0.5" in output.getvalue()


def test_nothing_is_printed_unless_asked(capfd):
    """Neither to stdout nor to stderr."""
    run()

    assert capfd.readouterr() == ("", "")


def test_lists_are_left_out():
    """Numbers that fit on a line."""
    metrics = {"train": MetricRecord({"losses": [1.0, 2.0], "loss": 0.12345})}

    assert metrics_text(metrics) == "loss 0.123"
