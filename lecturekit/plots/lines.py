"""How does one quantity change with another? Curves over any axis, log axes too."""

from collections.abc import Mapping, Sequence

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
        # An annotation on a logarithmic axis is placed by the exponent.
        drawn[name] = (np.log10(at) if log_x else at, np.log10(y) if log_y else y)
    name_lines(figure, drawn)
    figure.update_xaxes(type="log" if log_x else "linear")
    figure.update_yaxes(type="log" if log_y else "linear")
    return figure


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
