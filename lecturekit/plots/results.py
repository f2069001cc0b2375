"""How did a run go? Its accuracy and loss against rounds, bytes and virtual seconds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from .colours import TEMPLATE, line_style
from .costs import X_TITLES, round_costs
from .curves import name_lines

if TYPE_CHECKING:
    from lecturekit.runtime import Trace

# Who measured, and where a result keeps it: Flower's Result, or a RunResult.
_SOURCES = {
    "server": ("evaluate_metrics_serverapp", "server_metrics"),
    "clients": ("evaluate_metrics_clientapp", "evaluate_metrics"),
    "training": ("train_metrics_clientapp", "train_metrics"),
}

_PANELS = {"accuracy (fraction)": "acc", "loss": "loss"}  # what names contain
_OTHERS = "metric"
_NO_METRICS = ("num-examples", "num_examples", "num-clients")

_PANEL_HEIGHT = 320  # pixels

Line = Mapping[int, float]  # round -> value


def result(
    result: Any, trace: "Trace | None" = None, *, title: str = "How did the run go?"
) -> go.Figure:
    """Draw a run's metrics: a row per kind, a column per cost.

    Parameters
    ----------
    result : Result or RunResult
        What a strategy's `start`, `run_rounds` or `run_app` has returned.
    trace : Trace, optional
        `grid.trace`, of this run alone; by default the result's own, if it has one.
        Without a trace there are rounds only; seconds need a grid that keeps time.
    title : str
        The question that the figure answers.

    Raises
    ------
    ValueError
        If there is no number in the result.
    """
    panels = _panels(result)
    if not panels:
        raise ValueError(
            "expected a result with a metric to draw, got none: have the clients or "
            "`evaluate_fn` report a loss or an accuracy"
        )
    costs = _costs(trace if trace is not None else getattr(result, "trace", None))
    figure = make_subplots(
        len(panels),
        len(costs),
        shared_xaxes=True,
        shared_yaxes=True,
        vertical_spacing=0.08,
    )
    figure.update_layout(
        template=TEMPLATE, title=title, height=100 + _PANEL_HEIGHT * len(panels)
    )
    for row, (panel, lines) in enumerate(panels.items(), start=1):
        shown = [value for line in lines.values() for value in line.values()]
        figure.update_yaxes(range=_padded(shown), row=row)
        figure.update_yaxes(title_text=panel, row=row, col=1)
        for column, cost_of in enumerate(costs.values(), start=1):
            drawn = _draw(figure, lines, cost_of, row, column)
            if drawn and column == len(costs):
                name_lines(figure, drawn, row=row, col=column)
    for column, cost in enumerate(costs, start=1):
        ends = [max(line.x, default=0.0) for line in figure.select_traces(col=column)]
        figure.update_xaxes(range=_padded([0.0, *ends]), col=column)
        figure.update_xaxes(title_text=X_TITLES[cost], row=len(panels), col=column)
    return figure


def _padded(values: Sequence[float]) -> list[float]:
    """Return the range of an axis. Left to plotly, it would make room for names, too.

    Examples
    --------
    >>> _padded([0.0, 0.5, 1.0])
    [-0.05, 1.05]
    """
    lowest, highest = min(values), max(values)
    margin = 0.05 * (highest - lowest or 1.0)
    return [lowest - margin, highest + margin]


def _draw(
    figure: go.Figure,
    lines: Mapping[str, Line],
    cost_of: Mapping[int, float] | None,
    row: int,
    column: int,
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Draw lines into one panel; return where they go."""
    drawn = {}
    for position, (name, line) in enumerate(lines.items()):
        rounds = [t for t in line if cost_of is None or t in cost_of]
        if not rounds:  # a trace of something else
            continue
        x = np.array([t if cost_of is None else cost_of[t] for t in rounds], float)
        y = np.array([line[t] for t in rounds])
        drawn[name] = x, y
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            mode="lines+markers" if len(y) <= 30 else "lines",
            line=line_style(position),
            hovertemplate="%{fullData.name}, %{x:.4g}: %{y:.4g}<extra></extra>",
            row=row,
            col=column,
        )
    return drawn


def _panels(result: Any) -> dict[str, dict[str, Line]]:
    """Return what to draw: panel -> name of a line -> round -> value."""
    panels: dict[str, dict[str, Line]] = {panel: {} for panel in (*_PANELS, _OTHERS)}
    for source, names in _SOURCES.items():
        for metric, line in _lines(result, names).items():
            kinds = [panel for panel, part in _PANELS.items() if part in metric.lower()]
            panels[kinds[0] if kinds else _OTHERS][f"{source}: {metric}"] = line
    if any(panels[panel] for panel in _PANELS):
        del panels[_OTHERS]  # what else clients count is not how the run went
    return {panel: lines for panel, lines in panels.items() if lines}


def _lines(result: Any, names: tuple[str, ...]) -> dict[str, dict[int, float]]:
    """Return the finite numbers of one source: metric -> round -> value."""
    by_round: Mapping[int, Mapping[str, Any]] = {}
    for name in names:
        by_round = getattr(result, name, by_round)
    lines: dict[str, dict[int, float]] = {}
    for server_round, metrics in by_round.items():
        for metric, value in metrics.items():
            is_number = isinstance(value, int | float) and np.isfinite(value)
            if is_number and metric not in _NO_METRICS:
                lines.setdefault(metric, {})[server_round] = float(value)
    return lines


def _costs(trace: "Trace | None") -> dict[str, dict[int, float] | None]:
    """Return the columns: cost -> round -> how much so far; rounds are themselves."""
    costs: dict[str, dict[int, float] | None] = {"rounds": None}
    if trace is None or not len(trace):
        return costs
    rounds = [int(t) for t in round_costs(trace, "rounds")]
    for cost in ("bytes", "seconds"):
        so_far = round_costs(trace, cost)
        if so_far.any():  # an ideal network takes no time
            costs[cost] = dict(zip(rounds, map(float, so_far), strict=True))
    return costs
