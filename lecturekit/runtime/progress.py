"""A line that shows how far a run has come, for those who ask for one.

    with RoundProgress(num_rounds=20) as progress:
        run_rounds(strategy, grid, initial_arrays, 20, on_round=progress)

    round 7/20 ━━━━━━━━━╸━━━━━━━━━━━━━━━━ 0:00:12 left  train-loss 0.412 · accuracy 0.87

In a terminal the line is rich's; in a notebook it is plain text that is replaced after
every round, and the last state stays in the saved notebook. Nothing else in the runtime
prints.
"""

from collections.abc import Mapping
from io import StringIO
from types import TracebackType
from typing import Any

from flwr.app import MetricRecord
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class RoundProgress:
    """A progress bar, to be given to `run_rounds` as `on_round`.

    Parameters
    ----------
    num_rounds : int
        Of the whole run; one that goes on from a checkpoint begins where it was.
    console : rich.console.Console, optional
        Where to print; by default the notebook or the terminal.
    """

    def __init__(self, num_rounds: int, console: Console | None = None) -> None:
        self._bar = Progress(
            TextColumn("round {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=30),
            TimeRemainingColumn(),
            TextColumn("left  {task.fields[metrics]}"),
            console=console,
        )
        self._task = self._bar.add_task("", total=num_rounds, metrics="")
        self._line: Any = None  # of a notebook: what IPython shows, to be replaced

    def __enter__(self) -> "RoundProgress":
        if self._bar.console.is_jupyter:
            from IPython.display import display

            self._line = display(self._text(), raw=True, display_id=True)
        else:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._line is None:
            self._bar.stop()

    def __call__(self, server_round: int, metrics: Mapping[str, MetricRecord]) -> None:
        """Show that this round is over, and its metrics."""
        self._bar.update(
            self._task, completed=server_round, metrics=metrics_text(metrics)
        )
        if self._line is not None:
            self._line.update(self._text(), raw=True)

    def _text(self) -> dict[str, str]:
        """Return the line as a notebook takes it, by MIME type."""
        page = Console(file=StringIO(), width=120, force_jupyter=False)
        with page.capture() as line:
            page.print(self._bar.get_renderable())
        return {"text/plain": line.get().rstrip()}


def metrics_text(metrics: Mapping[str, MetricRecord]) -> str:
    """Return the single numbers among `metrics`, with three digits.

    Examples
    --------
    >>> metrics_text({"train": MetricRecord({"train-loss": 0.41234, "all": [1, 2]}),
    ...               "server": MetricRecord({"accuracy": 0.87})})
    'train-loss 0.412 · accuracy 0.87'
    """
    return " · ".join(
        f"{name} {value:.3g}"
        for record in metrics.values()
        for name, value in record.items()
        if isinstance(value, int | float)
    )
