"""A demo on paper: its question, its presets as rows of figures, and why. One PDF."""

import io
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from lecturekit.plots.colours import INK
from lecturekit.widgets import Deck
from lecturekit.widgets.plan import Preset

from .paper import draw

_ROWS = 3  # on a page
_A4 = (8.27, 11.69)
_STYLE: Any = {"font.family": "sans-serif", "font.size": 7, "hatch.linewidth": 0.4}
_STYLE |= {"axes.spines.top": False, "axes.spines.right": False}


def handout(deck: Deck) -> bytes:
    """Return a PDF of a deck's presets; equal decks give equal bytes."""
    buffer = io.BytesIO()
    presets = deck.plan.presets
    about = {"Title": deck.plan.title, "CreationDate": None}
    with mpl.rc_context(_STYLE), PdfPages(buffer, metadata=about) as pages:
        for first in range(0, len(presets), _ROWS):
            pages.savefig(_page(deck, list(presets[first : first + _ROWS]), first == 0))
    return buffer.getvalue()


def _page(deck: Deck, presets: list[Preset], is_first: bool) -> Figure:
    page = Figure(figsize=_A4)
    plan = deck.plan
    style: dict[str, Any] = {"ha": "left", "va": "top", "color": INK}
    top = 0.96
    page.text(0.06, top, plan.title, fontsize=15, weight="bold", **style)
    top -= 0.03
    if is_first:
        told = f"{plan.question}\n{plan.options[plan.right]}. {plan.because}"
        text = "\n".join(fill(line, 100) for line in told.splitlines())
        page.text(0.06, top, text, fontsize=9, linespacing=1.4, **style)
        top -= 0.02 * (2 + text.count("\n"))
    for row, preset in enumerate(presets):
        _row(deck, page, preset, top - row * 0.28)
    return page


def _row(deck: Deck, page: Figure, preset: Preset, top: float) -> None:
    """Draw a preset: its sentence, and its figures side by side."""
    at = deck.plan.at(preset.values)
    says = fill(f"{preset.title}. {deck.says(at)} {preset.says}", 105)
    page.text(0.06, top, says, fontsize=8.5, linespacing=1.4, ha="left", va="top")
    figures = deck.figures(at)
    width = 0.9 / len(figures)
    for column, figure in enumerate(figures):
        box = (0.1 + column * width, top - 0.23, width - 0.09, 0.15)
        draw(figure, page.add_axes(box))
