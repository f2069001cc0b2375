"""Figures for a screen at the front of a hall: few marks, words beside them, no legend.

They have no sizes: the presenter sets text to 24 pixels at 1920 and scales lines with
it, the handout does so for paper. Colours and dashes are those of `lecturekit.plots`.
"""

from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from lecturekit.plots.colours import HUES, INK, TEMPLATE, line_style

Range = tuple[float, float]


def canvas(
    title: str, x_title: str, y_title: str, alt: str = "", *, grow: float = 1
) -> go.Figure:
    """Return an empty figure; the title stands above it as text of the page.

    Parameters
    ----------
    alt : str
        What it shows, for who does not see it; by default what is drawn against what.
    grow : float
        How wide it is on the screen, beside the others.
    """
    figure = go.Figure()
    figure.update_layout(
        template=TEMPLATE,
        title=title,
        xaxis_title=x_title,
        yaxis_title=y_title,
        meta={"alt": alt or f"{title}: {y_title} against {x_title}", "grow": grow},
    )
    return figure


def lines(
    figure: go.Figure,
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    y_range: Range | None = None,
    has_markers: bool = False,
    room: float = 0.3,
) -> go.Figure:
    """Draw named lines; the name stands at the last point, in room left for it.

    Parameters
    ----------
    series : mapping from str to (x, y)
        Name -> points.
    y_range : (low, high), optional
        The same in all states of a demo, or the ghost could not be compared.
    room : float
        What is left free beside the lines, as a share of their width.
    """
    points = {
        name: (np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        for name, (x, y) in series.items()
    }
    heights = _apart([ys[-1] for _, ys in points.values()], y_range)
    for position, (name, (xs, ys)) in enumerate(points.items()):
        style = line_style(position)
        figure.add_scatter(
            x=xs,
            y=ys,
            name=name,
            mode="lines+markers" if has_markers else "lines",
            line=style,
        )
        at = (xs[-1], heights[position])
        label(figure, *at, name, style["color"], side="middle right")
    every = np.concatenate([xs for xs, _ in points.values()])
    low, high = every.min(), every.max()
    figure.update_xaxes(range=[low, high + room * (high - low)])
    if y_range:
        figure.update_yaxes(range=list(y_range))
    return figure


def _apart(heights: Sequence[float], y_range: Range | None) -> list[float]:
    """Return heights for words: as given, moved up where two would overlap."""
    low, high = y_range or (min(heights), max(heights))
    gap, moved, last = 0.09 * (high - low), list(heights), -np.inf
    for position in np.argsort(heights, kind="stable"):
        last = moved[position] = max(heights[position], last + gap)
    return moved


def label(
    figure: go.Figure, x: float, y: float, text: str, colour: str, *, side: str
) -> None:
    """Write a word at a point."""
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="text",
        text=[f" {text} "],
        textposition=side,
        textfont={"color": colour},
        cliponaxis=False,
    )


def bars(
    figure: go.Figure,
    values: Mapping[str, float],
    *,
    y_range: Range,
    marked: Sequence[str] = (),
    digits: str = ".2g",
) -> go.Figure:
    """Draw named bars with their numbers on top; those `marked` are another colour."""
    names = list(values)
    figure.add_bar(
        x=names,
        y=list(values.values()),
        text=[format(value, digits) for value in values.values()],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": [HUES[1] if name in marked else HUES[0] for name in names],
            "pattern": {"shape": ["/" if name in marked else "" for name in names]},
        },
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(range=list(y_range))
    return figure


def paths(
    figure: go.Figure,
    ways: Mapping[str, ArrayLike],
    marks: Mapping[str, Sequence[float]],
    *,
    reach: float,
) -> go.Figure:
    """Draw ways through a plane from a common point, each to its name, and marks.

    Parameters
    ----------
    ways : mapping from str to (n, 2) float
        Name -> the points that it went through.
    marks : mapping from str to (x, y)
        Name -> point, drawn as a diamond.
    reach : float
        The plane goes as far in each direction.
    """
    for position, (name, way) in enumerate(ways.items()):
        points = np.asarray(way, dtype=float)
        style = line_style(position)
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], name=name, mode="lines", line=style
        )
        x, y = points[-1]
        label(figure, x, y, name, style["color"], side="middle right")
    for name, (x, y) in marks.items():
        look = {"symbol": "diamond", "size": 9, "color": INK}
        figure.add_scatter(x=[x], y=[y], name=name, mode="markers", marker=look)
        label(figure, x, y, name, INK, side="bottom center")
    figure.update_xaxes(range=[-reach, reach])
    figure.update_yaxes(range=[-reach, reach])
    return figure


def written(figure: go.Figure, texts: Sequence[str], *, width: int = 52) -> go.Figure:
    """Write texts as on a typewriter, one below the other."""
    lines = []
    for text in texts:
        for line in text.splitlines():
            line = "".join(c if c.isascii() and c.isprintable() else "?" for c in line)
            lines += wrap(line, width, drop_whitespace=False)
        lines.append("")
    figure.add_scatter(
        x=[0],
        y=[1],
        mode="text",
        text=["<br>".join(escape(line) for line in lines)],
        textposition="bottom right",
        textfont={"family": "monospace", "color": INK},
    )
    figure.update_xaxes(range=[0, 1], visible=False)
    figure.update_yaxes(range=[0, 1], visible=False)
    return figure
