"""Where do clients go? Paths of models through a plane, a panel per method."""

from collections.abc import Mapping
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from plotly.subplots import make_subplots

from .colours import DASHES, GREEN, HUES, INK, TEMPLATE, line_style

_MAX_PATHS = len(HUES) * len(DASHES)

Path = NDArray[np.float64]  # (num_points, 2): two weights, from the first to the last


def paths(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    target: ArrayLike,
    *,
    x_title: str,
    y_title: str,
    title: str,
) -> go.Figure:
    """Draw every path, the average of their ends, and where that should have been.

    Parameters
    ----------
    panels : mapping from str to mapping from str to (n, 2) float, n >= 1
        Panel -> client -> the points that it went through. Panels share their axes.
    target : (2,) float
        The point called "optimum" in every panel.
    x_title, y_title, title : str
        What the axes measure, and the question that the figure answers.

    Raises
    ------
    ValueError
        If there is no panel, a panel without a path, more than 20, or no such points.

    Examples
    --------
    >>> steps = {"client A": [[0, 0], [1, 0]], "client B": [[0, 0], [0, 1]]}
    >>> figure = paths({"FedAvg": steps}, [1, 1], x_title="w1", y_title="w2",
    ...                title="Where do they go?")
    >>> [one.name for one in figure.data]
    ['client A', 'client B', 'average', 'optimum']
    """
    drawn = {panel: _checked(panel, lines) for panel, lines in panels.items()}
    optimum = np.asarray(target, dtype=float)
    if not drawn or optimum.shape != (2,):
        raise ValueError(
            f"expected panels and a target of 2 numbers, got {len(drawn)} panels and "
            f"a target of shape {optimum.shape}"
        )
    figure = make_subplots(
        cols=len(drawn),
        subplot_titles=[escape(panel) for panel in drawn],
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.04,
    )
    figure.update_layout(template=TEMPLATE, title=title, height=440)
    figure.update_layout(margin={"t": 100})
    for column, lines in enumerate(drawn.values(), start=1):
        for position, (name, path) in enumerate(lines.items()):
            _draw(figure, name, path, position, column)
        average = np.mean([path[-1] for path in lines.values()], axis=0)
        _mark(figure, "average", average, ("diamond", INK, "middle left"), column)
        _mark(figure, "optimum", optimum, ("star", GREEN, "middle right"), column)
    figure.update_xaxes(title_text=x_title)
    figure.update_yaxes(title_text=y_title, col=1)
    return figure


def _draw(figure: go.Figure, name: str, path: Path, position: int, column: int) -> None:
    """Draw one path; its name stands above its last point."""
    figure.add_scatter(
        x=path[:, 0],
        y=path[:, 1],
        name=name,
        mode="lines+markers+text",
        text=[""] * (len(path) - 1) + [escape(name)],
        textposition="top center",
        cliponaxis=False,
        line=line_style(position),
        marker={"size": 6},
        hovertemplate="%{fullData.name}: %{x:.3g}, %{y:.3g}<extra></extra>",
        row=1,
        col=column,
    )


def _mark(
    figure: go.Figure,
    name: str,
    point: Path,
    look: tuple[str, str, str],
    column: int,
) -> None:
    """Draw one named point: its symbol, its colour, and the side of its name."""
    symbol, colour, side = look
    figure.add_scatter(
        x=point[:1],
        y=point[1:],
        name=name,
        mode="markers+text",
        text=[name],
        textposition=side,
        cliponaxis=False,
        marker={"symbol": symbol, "size": 13, "color": colour},
        hovertemplate="%{fullData.name}: %{x:.3g}, %{y:.3g}<extra></extra>",
        row=1,
        col=column,
    )


def _checked(panel: str, lines: Mapping[str, ArrayLike]) -> dict[str, Path]:
    """Return a panel's paths as arrays."""
    if not 1 <= len(lines) <= _MAX_PATHS:
        raise ValueError(
            f"panel {panel!r} must have 1 to {_MAX_PATHS} paths, got {len(lines)}"
        )
    drawn = {name: np.asarray(line, dtype=float) for name, line in lines.items()}
    for name, path in drawn.items():
        if path.ndim != 2 or path.shape[1] != 2 or not np.isfinite(path).all():
            raise ValueError(
                f"path {name!r} must be points of two numbers, got shape {path.shape}"
            )
    return drawn
