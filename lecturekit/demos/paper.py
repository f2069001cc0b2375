"""Draw a deck's figures for paper, with matplotlib: as SVG, or onto a page of a PDF.

Plotly's own pictures need a browser. These do not, and equal figures give equal bytes.
Only what demos use is drawn: lines, points, words, bars, tables of cells, upright and
level lines. What is drawn stands in the figure's JSON; see `figures`.
"""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lecturekit.plots.colours import GRID, INK

Json = Any

_DASHES = {"dash": "--", "dot": ":", "dashdot": "-."}
_SYMBOLS = {"diamond": "D", "star": "*", "x": "x", "square": "s", "triangle-up": "^"}
_SIDES = {"left": "right", "right": "left", "center": "center"}  # of text, of alignment
_RISES = {"top": "bottom", "bottom": "top", "middle": "center"}
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "lecturekit",
    "hatch.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def svg(figure: Json, *, width: float = 4, height: float = 3) -> str:
    """Return a figure as an SVG element, sizes in inches; its text stays text."""
    with mpl.rc_context(_STYLE):
        page = Figure(figsize=(width, height), layout="constrained")
        draw(figure, page.add_subplot())
        buffer = io.StringIO()
        page.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def draw(figure: Json, axes: Axes) -> None:
    """Draw a plotly figure, as JSON, into `axes`."""
    layout = figure["layout"]
    for trace in figure["data"]:
        kind = trace.get("type", "scatter")
        if kind == "scatter":
            _scatter(trace, axes)
        elif kind == "bar":
            _bars(trace, axes)
        elif kind == "heatmap":
            _cells(trace, axes)
        else:
            raise ValueError(f"paper can draw scatter, bar and heatmap, got {kind!r}")
    for shape in layout.get("shapes", ()):
        _straight(shape, axes)
    axes.set_title(layout.get("title", {}).get("text", ""), loc="left", fontsize=10)
    for name, is_x in (("xaxis", True), ("yaxis", False)):
        _axis(layout.get(name, {}), axes, is_x=is_x)


def _scatter(trace: Json, axes: Axes) -> None:
    mode = trace.get("mode", "lines")
    line, marker = trace.get("line", {}), trace.get("marker", {})
    colour = line.get("color") or marker.get("color") or INK
    faint = trace.get("opacity", 1)
    x, y = _numbers(trace["x"]), _numbers(trace["y"])
    if "lines" in mode:
        dash = _DASHES.get(line.get("dash", "solid"), "-")
        width = 0.7 * line.get("width", 2)
        axes.plot(x, y, color=colour, linestyle=dash, linewidth=width, alpha=faint)
        if trace.get("fill") == "tozeroy":
            axes.fill_between(x, y, color=colour, alpha=0.15, linewidth=0)
    if "markers" in mode:
        symbol = _SYMBOLS.get(str(marker.get("symbol", "circle")), "o")
        size = marker.get("size", 6)
        area = 0.5 * np.square(np.asarray(size, dtype=float))
        axes.scatter(x, y, s=area, c=marker.get("color", colour), marker=symbol)
    if "text" in mode:
        rise, _, side = trace.get("textposition", "middle center").partition(" ")
        ink = trace.get("textfont", {}).get("color", colour)
        words = trace["text"] if isinstance(trace["text"], list) else [trace["text"]]
        for word, at in zip(words, zip(x, y, strict=True), strict=False):
            axes.text(
                *at, word, color=ink, ha=_SIDES[side], va=_RISES[rise], clip_on=False
            )


def _bars(trace: Json, axes: Axes) -> None:
    level = trace.get("orientation") == "h"
    marker = trace.get("marker", {})
    names, sizes = (trace["y"], trace["x"]) if level else (trace["x"], trace["y"])
    style: dict[str, Any] = {"color": marker.get("color", INK), "edgecolor": INK}
    style |= {"linewidth": 0, "alpha": trace.get("opacity", 1)}
    base = trace.get("base")
    draw_bars = axes.barh if level else axes.bar
    if base is not None:
        style["left" if level else "bottom"] = _numbers(base)
    drawn = draw_bars(_numbers(names), _numbers(sizes), **style)
    shapes = marker.get("pattern", {}).get("shape", "")
    for position, bar in enumerate(drawn):
        shape = shapes[position] if isinstance(shapes, list) else shapes
        bar.set_hatch(2 * shape if shape else None)
    if trace.get("text"):
        axes.bar_label(drawn, labels=trace["text"])


def _cells(trace: Json, axes: Axes) -> None:
    colours = [colour for _, colour in trace["colorscale"]]
    shades = LinearSegmentedColormap.from_list("cells", colours)
    cells = np.array(trace["z"], dtype=float)
    axes.imshow(
        cells, cmap=shades, vmin=trace["zmin"], vmax=trace["zmax"], aspect="auto"
    )
    middle = (trace["zmin"] + trace["zmax"]) / 2
    for row, texts in enumerate(trace.get("text", ())):
        for column, text in enumerate(texts):
            ink = "#FFFFFF" if cells[row, column] > middle else INK
            axes.text(column, row, text, ha="center", va="center", color=ink)
    axes.set_xticks(range(len(trace["x"])), trace["x"])
    axes.set_yticks(range(len(trace["y"])), trace["y"])


def _straight(shape: Json, axes: Axes) -> None:
    """Draw a line of constant x or y."""
    line = shape.get("line", {})
    style = {"color": line.get("color", INK), "linewidth": 0.8}
    style["linestyle"] = _DASHES.get(line.get("dash", "solid"), "-")
    if shape.get("x0") == shape.get("x1"):
        axes.axvline(shape["x0"], **style)
    else:
        axes.axhline(shape["y0"], **style)


def _axis(axis: Json, axes: Axes, *, is_x: bool) -> None:
    title = axis.get("title", {}).get("text", "")
    (axes.set_xlabel if is_x else axes.set_ylabel)(title)
    if axis.get("type") == "log":
        (axes.set_xscale if is_x else axes.set_yscale)("log")
    if limits := axis.get("range"):
        ends = [10.0**end for end in limits] if axis.get("type") == "log" else limits
        (axes.set_xlim if is_x else axes.set_ylim)(*ends)
    elif axis.get("autorange") == "reversed" and not axes.images:
        (axes.invert_xaxis if is_x else axes.invert_yaxis)()
    if axis.get("tickvals"):
        set_ticks = axes.set_xticks if is_x else axes.set_yticks
        set_ticks(axis["tickvals"], axis.get("ticktext"))
    if axis.get("showgrid", True) and not axes.images:
        axes.grid(axis="x" if is_x else "y", color=GRID, linewidth=0.5)
        axes.set_axisbelow(True)


def _numbers(values: Json) -> list[Any]:
    """Return values with NaN where JSON has null; words stay words."""
    return [np.nan if value is None else value for value in values]
