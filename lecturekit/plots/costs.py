"""What does it cost? A run's values against rounds, bytes or virtual seconds."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .colours import DASHES, HUES, blank, line_style
from .curves import name_lines
from .lines import make_logarithmic

if TYPE_CHECKING:  # a trace is read here: no need to wait for Flower
    from lecturekit.runtime import Trace

_MAX_LINES = len(HUES) * len(DASHES)

X_TITLES = {
    "rounds": "round",
    "bytes": "bytes sent and received by all clients (MB)",
    "seconds": "virtual time (s)",
}


def against(
    runs: "Mapping[str, tuple[Trace, Sequence[float]]]",
    x: Literal["rounds", "bytes", "seconds"] = "rounds",
    *,
    y_title: str = "test accuracy (fraction)",
    title: str = "",
    log: bool = False,
) -> go.Figure:
    """Draw one line per run against what it has cost so far.

    Parameters
    ----------
    runs : mapping from str to (Trace, values)
        A value for each round of the trace, in order; or one more, if the first is the
        initial model's, which has cost nothing.
    x : {"rounds", "bytes", "seconds"}
        What counts as cost. Bytes are those of messages both ways, of all clients.
    y_title, title : str
        What the values are, with the unit, and the question that the figure answers.
    log : bool
        Whether both axes are logarithmic; the values must then be positive, and an
        initial model, which has cost nothing, has no place.

    Raises
    ------
    ValueError
        If `x` is something else, or values and rounds do not fit together, or a value
        does not fit its axis.
    """
    if x not in X_TITLES:
        raise ValueError(f"x must be one of {list(X_TITLES)}, got {x!r}")
    if not 1 <= len(runs) <= _MAX_LINES:
        raise ValueError(f"runs must be 1 to {_MAX_LINES}, got {len(runs)}")
    figure = blank(
        title or f"What is reached in how many {x}?", X_TITLES[x], y_title=y_title
    )
    lines = {}
    for position, (name, (trace, values)) in enumerate(runs.items()):
        costs = round_costs(trace, x)
        y = np.asarray(values, dtype=float)
        if y.ndim != 1 or len(y) not in (len(costs) - 1, len(costs)) or not len(y):
            raise ValueError(
                f"run {name!r} must have a value for each of its {len(costs) - 1} "
                f"rounds, or one more for the initial model, got {len(y)} values"
            )
        if not np.isfinite(y).any():
            raise ValueError(f"run {name!r} must have a number among its values")
        lines[name] = costs[-len(y) :], y
        if log:
            lines[name] = _paid(name, *lines[name])
        figure.add_scatter(
            x=lines[name][0],
            y=lines[name][1],
            name=name,
            mode="lines+markers" if len(y) <= 30 else "lines",
            line=line_style(position),
            hovertemplate="%{fullData.name}, %{x:.4g}: %{y:.4g}<extra></extra>",
        )
    if log:  # there, plotly places a note by the exponent
        lines = {name: (np.log10(c), np.log10(y)) for name, (c, y) in lines.items()}
        make_logarithmic(figure.layout.xaxis, [c for c, _ in lines.values()])
        make_logarithmic(figure.layout.yaxis, [y for _, y in lines.values()])
    name_lines(figure, lines)
    figure.update_xaxes(rangemode="normal" if log else "tozero")
    return figure


def _paid(
    name: str, costs: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points that have cost something, as logarithmic axes need it."""
    costs, y = costs[costs > 0], y[costs > 0]
    if not np.isfinite(y).any() or np.any(y <= 0):
        raise ValueError(
            f"run {name!r} must have positive values after its first round on a "
            f"logarithmic axis, got {y}"
        )
    return costs, y


def round_costs(trace: "Trace", x: str) -> NDArray[np.float64]:
    """Return the costs before the first round and after each: (num_rounds + 1,).

    A round ends when the first message of the next one is sent; the last one, when the
    server has its last reply or stops waiting for it. Bytes are in MB, 10^6 bytes.
    """
    rows = list(trace)
    begins: dict[int, int] = {}
    for position, row in enumerate(rows):
        if row.event == "asked":
            begins.setdefault(row.round, position)
    if x == "rounds":
        return np.array([0.0, *begins])
    costs = [0.0]
    ends = [*sorted(begins.values())[1:], len(rows)] if begins else []
    for start, end in pairwise([0, *ends]):
        part = rows[start:end]
        if x == "bytes":
            costs.append(costs[-1] + sum(row.bytes for row in part) / 1e6)
        else:
            over = [r.time_s for r in part if r.event in ("replied", "dropped")]
            costs.append(rows[end].time_s if end < len(rows) else max(over, default=0))
    return np.array(costs)
