"""How does one quantity change with another? Curves over any axis, log axes too."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .colours import DASHES, HUES, blank, line_style
from .curves import name_lines

_MAX_LINES = len(HUES) * len(DASHES)


def lines(
    x: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    x_title: str,
    y_title: str,
    title: str,
    log_x: bool = False,
    log_y: bool = False,
) -> go.Figure:
    """Draw one line per name over common values of x.

    Parameters
    ----------
    x : sequence of n >= 2 floats, ascending
        Where all lines have their points.
    curves : mapping from str to sequence of n floats
        NaN leaves a gap.
    x_title, y_title, title : str
        What the axes measure, with units, and the question that the figure answers.
    log_x, log_y : bool
        Whether that axis is logarithmic; its values must then be positive.

    Raises
    ------
    ValueError
        If there is no line, more than 20, or one that does not fit `x` or its axis.

    Examples
    --------
    >>> figure = lines([1, 10], {"cost": [2, 20]}, x_title="n", y_title="cost (s)",
    ...                title="How does the cost grow?", log_x=True, log_y=True)
    >>> figure.layout.xaxis.type
    'log'
    """
    if not 1 <= len(curves) <= _MAX_LINES:
        raise ValueError(f"curves must be 1 to {_MAX_LINES} lines, got {len(curves)}")
    at = _checked("x", x, len(x), is_log=log_x)
    if len(at) < 2 or not np.all(np.diff(at) > 0):
        raise ValueError(f"x must be two or more ascending numbers, got {list(x)}")
    figure = blank(title, x_title, y_title)
    drawn = {}
    for position, (name, curve) in enumerate(curves.items()):
        y = _checked(f"curve {name!r}", curve, len(at), is_log=log_y)
        figure.add_scatter(
            x=at,
            y=y,
            name=name,
            mode="lines+markers" if len(at) <= 30 else "lines",
            line=line_style(position),
            hovertemplate="%{fullData.name}, %{x:.4g}: %{y:.4g}<extra></extra>",
        )
        # On a logarithmic axis, plotly places a note by the exponent.
        drawn[name] = (np.log10(at) if log_x else at, np.log10(y) if log_y else y)
    name_lines(figure, drawn)
    if log_x:
        make_logarithmic(figure.layout.xaxis, [x for x, _ in drawn.values()])
    if log_y:
        make_logarithmic(figure.layout.yaxis, [y for _, y in drawn.values()])
    return figure


def make_logarithmic(axis: Any, exponents: Sequence[NDArray[np.float64]]) -> None:
    """Label powers of ten; over less than three of them 2 and 5 times these as well.

    Left to itself, plotly labels 20 and 200 both as "2".

    Parameters
    ----------
    axis : plotly axis
        The axis, which is changed.
    exponents : sequence of (n,) arrays
        log10 of what each line shows on it.
    """
    shown = np.concatenate(exponents)
    low, high = np.nanmin(shown), np.nanmax(shown)
    steps = (1, 2, 5) if high - low < 3 else (1,)
    decades = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    axis.type = "log"
    axis.tickvals = ticks
    axis.ticktext = [f"{tick:,.10g}" for tick in ticks]


def _checked(
    what: str, values: Sequence[float], length: int, *, is_log: bool
) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    if array.shape != (length,) or not np.isfinite(array).any():
        raise ValueError(f"{what} must be {length} numbers, got {values}")
    if is_log and np.any(array <= 0):
        raise ValueError(
            f"{what} must be positive on a logarithmic axis, got {np.nanmin(array)}"
        )
    return array
