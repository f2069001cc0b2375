"""How does it go, round by round? Lines that bear their own names."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .colours import DASHES, HUES, blank, line_style

_MAX_LINES = len(HUES) * len(DASHES)

# Names closer than this share of the height would overlap.
_LABEL_GAP = 0.06


def accuracy(
    curves: Mapping[str, Sequence[float]],
    *,
    y_title: str = "test accuracy (fraction)",
    title: str = "How does accuracy change from round to round?",
    first_round: int = 1,
) -> go.Figure:
    """Draw one line per name against the rounds.

    Parameters
    ----------
    curves : mapping from str to sequence of float
        Value i of a line belongs to round first_round + i. NaN leaves a gap.
    y_title : str
        What the values are, with the unit: "excess loss (nats per token)".
    title : str
        The question that the figure answers.
    first_round : int
        The round of the first value; 0 if it is the initial model's.

    Raises
    ------
    ValueError
        If there is no line, more than 20, or one without a number.

    Examples
    --------
    >>> figure = accuracy({"IID": [0.5, 0.8, 0.9], "skewed": [0.3, 0.5, 0.6]})
    >>> [line.name for line in figure.data]
    ['IID', 'skewed']
    """
    if not 1 <= len(curves) <= _MAX_LINES:
        raise ValueError(f"curves must be 1 to {_MAX_LINES} lines, got {len(curves)}")
    figure = blank(title, x_title="round", y_title=y_title)
    lines = {name: np.asarray(curve, dtype=float) for name, curve in curves.items()}
    for position, (name, values) in enumerate(lines.items()):
        if values.ndim != 1 or not np.isfinite(values).any():
            raise ValueError(f"curve {name!r} must be a list of numbers, got {values}")
        rounds = np.arange(first_round, first_round + len(values))
        figure.add_scatter(
            x=rounds,
            y=values,
            name=name,
            mode="lines+markers" if len(values) <= 30 else "lines",
            line=line_style(position),
            hovertemplate="%{fullData.name}, round %{x}: %{y:.4g}<extra></extra>",
        )
    name_lines(
        figure,
        {
            name: (np.arange(first_round, first_round + len(values)), values)
            for name, values in lines.items()
        },
    )
    num_rounds = max(len(values) for values in lines.values())
    margin = max(0.02 * num_rounds, 0.2)
    figure.update_xaxes(
        range=[first_round - margin, first_round + num_rounds - 1 + margin],
        tickformat="d",
        dtick=1 if num_rounds <= 15 else None,
    )
    return figure


def name_lines(
    figure: go.Figure,
    lines: Mapping[str, tuple[NDArray[Any], NDArray[np.float64]]],
    **panel: int,
) -> None:
    """Write each line's name at its end, moved up where names would overlap.

    Parameters
    ----------
    figure : Figure
        With the lines, drawn with `line_style(0)`, `line_style(1)`, ...
    lines : mapping from str to pair of (n,) arrays
        Where each line goes: x and y.
    **panel : int
        `row` and `col`, in a figure of several panels.
    """
    shown = np.concatenate([y[np.isfinite(y)] for _, y in lines.values()])
    height = float(np.ptp(shown)) or 1.0
    last = [int(np.flatnonzero(np.isfinite(y))[-1]) for _, y in lines.values()]
    ends = [(x[i], y[i]) for (x, y), i in zip(lines.values(), last, strict=True)]
    places = _apart([float(y) for _, y in ends], _LABEL_GAP * height)
    for position, name in enumerate(lines):
        color = line_style(position)["color"]
        figure.add_annotation(
            text=f"<span style='color:{color}'>■</span> {escape(name)}",
            x=ends[position][0],
            y=places[position],
            showarrow=False,
            xanchor="left",
            xshift=8,
            bgcolor="rgba(255, 255, 255, 0.8)",  # other lines may pass here
            **panel,
        )
    longest = max(len(name) for name in lines)
    figure.update_layout(margin={"r": 50 + 8 * longest})


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Return places at least `gap` apart, in the order of `values`, from below.

    Examples
    --------
    >>> _apart([0.5, 0.5, 0.9], gap=0.1)
    [0.5, 0.6, 0.9]
    """
    places = [0.0] * len(values)
    lowest = -np.inf
    for position in np.argsort(values, kind="stable"):
        places[position] = max(values[position], lowest)
        lowest = places[position] + gap
    return places
