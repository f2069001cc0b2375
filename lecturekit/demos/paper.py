"""Draw a deck's figures for paper, with matplotlib: as SVG, or onto a page of a PDF.

Plotly's own pictures need a browser. These do not, and equal figures give equal bytes.
Only what demos use is drawn: lines, points, words, bars, tables of cells, upright and
level lines. What is drawn stands in the figure's JSON; see `figures`.
"""

import io
import re
from html import unescape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lecturekit.plots.colours import GRID, INK

Json = Any

_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
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
    text = _METADATA.sub("", buffer.getvalue())
    return text[text.index("<svg") :]


def draw(figure: Json, axes: Axes) -> None:
    """Draw a plotly figure, as JSON, into `axes`."""
    layout = figure["layout"]
    words = {letter: _words(figure, letter) for letter in "xy"}
    for trace in figure["data"]:
        kind = trace.get("type", "scatter")
        if kind == "heatmap":
            _cells(trace, axes)
            continue
        if kind not in ("scatter", "bar"):
            raise ValueError(f"paper can draw scatter, bar and heatmap, got {kind!r}")
        placed = dict(trace)
        for letter, known in words.items():
            placed[letter] = [_place(value, known) for value in trace[letter]]
        (_scatter if kind == "scatter" else _bars)(placed, axes)
    for shape in layout.get("shapes", ()):
        _straight(shape, axes)
    axes.set_title(layout.get("title", {}).get("text", ""), loc="left", fontsize=10)
    for letter, known in words.items():
        _axis(layout.get(f"{letter}axis", {}), known, axes, is_x=letter == "x")


def _words(figure: Json, letter: str) -> list[str]:
    """Return the words along an axis of categories, in order; none of a numeric one."""
    axis = figure["layout"].get(f"{letter}axis", {})
    found = list(axis.get("categoryarray", ()))
    if axis.get("type") == "category":
        traces = [t for t in figure["data"] if t.get("type") != "heatmap"]
        found += [word for trace in traces for word in trace[letter]]
    return list(dict.fromkeys(found))


def _place(value: Json, words: list[str]) -> float:
    if words:
        return words.index(value)
    return np.nan if value is None else float(value)


def _scatter(trace: Json, axes: Axes) -> None:
    mode = trace.get("mode", "lines")
    line, marker = trace.get("line", {}), trace.get("marker", {})
    colour = line.get("color") or marker.get("color") or INK
    x, y = trace["x"], trace["y"]
    if "lines" in mode:
        dash = _DASHES.get(line.get("dash", "solid"), "-")
        width = 0.7 * line.get("width", 2)
        axes.plot(x, y, color=colour, linestyle=dash, linewidth=width)
    if "markers" in mode:
        symbol = _SYMBOLS.get(str(marker.get("symbol", "circle")), "o")
        size = marker.get("size", 6)
        area = 0.5 * np.square(np.asarray(size, dtype=float))
        axes.scatter(x, y, s=area, c=marker.get("color", colour), marker=symbol)
    if "text" in mode:
        rise, _, side = trace.get("textposition", "middle center").partition(" ")
        ink = trace.get("textfont", {}).get("color", colour)
        for word, at in zip(trace["text"], zip(x, y, strict=True), strict=True):
            word = unescape(word.replace("<br>", "\n"))
            family = trace.get("textfont", {}).get("family")
            axes.text(
                *at, word, color=ink, family=family, ha=_SIDES[side], va=_RISES[rise]
            )


def _bars(trace: Json, axes: Axes) -> None:
    marker = trace.get("marker", {})
    style: dict[str, Any] = {"color": marker.get("color", INK), "edgecolor": INK}
    style |= {"linewidth": 0, "label": trace.get("name", "")}
    if trace.get("orientation") == "h":
        drawn = axes.barh(trace["y"], trace["x"], left=trace.get("base", 0), **style)
    else:
        drawn = axes.bar(trace["x"], trace["y"], bottom=trace.get("base", 0), **style)
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


def _axis(axis: Json, words: list[str], axes: Axes, *, is_x: bool) -> None:
    title = axis.get("title", {}).get("text", "")
    (axes.set_xlabel if is_x else axes.set_ylabel)(title)
    set_ticks = axes.set_xticks if is_x else axes.set_yticks
    if axis.get("type") == "log":
        (axes.set_xscale if is_x else axes.set_yscale)("log")
    if words:
        set_ticks(range(len(words)), words)
        (axes.set_xlim if is_x else axes.set_ylim)(-0.5, len(words) - 0.5)
    elif axis.get("tickvals"):
        set_ticks(axis["tickvals"], axis.get("ticktext"))
    if limits := axis.get("range"):
        ends = [10.0**end for end in limits] if axis.get("type") == "log" else limits
        (axes.set_xlim if is_x else axes.set_ylim)(*ends)
    elif axis.get("autorange") == "reversed" and not axes.images:
        (axes.invert_xaxis if is_x else axes.invert_yaxis)()
    if axis.get("visible") is False:
        (axes.xaxis if is_x else axes.yaxis).set_visible(False)
    elif axis.get("showgrid", True) and not axes.images:
        axes.grid(axis="x" if is_x else "y", color=GRID, linewidth=0.5)
        axes.set_axisbelow(True)
