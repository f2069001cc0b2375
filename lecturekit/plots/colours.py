"""One look for all figures: few hues, words beside the lines, no chart junk.

Colours are from Okabe and Ito, Color Universal Design, 2008, which people with any of
the common colour-vision deficiencies can tell apart. Colour is never the only carrier:
lines differ in dashes too and bear their name, cells bear their number.
"""

import plotly.graph_objects as go

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
INK = "#222222"
GRID = "#DDDDDD"

HUES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
DASHES = ("solid", "dash", "dot", "dashdot")

# From none to many. Its lightness falls evenly, so it survives a black-and-white print.
AMOUNT = ((0.0, "#FFFFFF"), (1.0, BLUE))

# From -1 through nothing to +1.
BALANCE = ((0.0, VERMILLION), (0.5, "#FFFFFF"), (1.0, BLUE))

# What an image is drawn with: 0 is paper.
PAPER_TO_INK = ((0.0, "#FFFFFF"), (1.0, "#000000"))

_AXIS = {
    "linecolor": INK,
    "showline": True,
    "gridcolor": GRID,
    "zeroline": False,
    "ticks": "outside",
    "title": {"standoff": 12},
    "automargin": True,
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "Arial, Helvetica, sans-serif", "size": 14, "color": INK},
        "title": {"x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 17}},
        "margin": {"l": 70, "r": 30, "t": 80, "b": 60},
        "colorway": HUES,
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "showlegend": False,
    }
)


def line_style(position: int) -> dict[str, str]:
    """Return the colour and dashes of a figure's line number `position`, from 0.

    The first 20 lines all differ, and neighbours differ in both.

    Examples
    --------
    >>> line_style(1)
    {'color': '#D55E00', 'dash': 'dash'}
    """
    return {
        "color": HUES[position % len(HUES)],
        "dash": DASHES[position % len(DASHES)],
    }


def blank(title: str, x_title: str, y_title: str, *, subtitle: str = "") -> go.Figure:
    """Return a figure in our look with nothing drawn on it yet.

    Parameters
    ----------
    title : str
        The question that the figure answers, or what it shows.
    x_title, y_title : str
        What the axes measure, with the unit: "time (s)".
    subtitle : str
        Which data or run the figure shows.
    """
    figure = go.Figure()
    figure.update_layout(
        template=TEMPLATE,
        title={"text": title, "subtitle": {"text": subtitle}},
        xaxis_title=x_title,
        yaxis_title=y_title,
    )
    return figure
