"""Small bar charts as SVG: no script, no library, readable without colours.

A chart says in words what it shows, for those who hear the page; its numbers stand
above its bars.
"""

from collections.abc import Sequence

from markupsafe import Markup

_BAR, _GAP, _HEIGHT = 34, 6, 60  # pixels
_TEXT = 14

_RECT = Markup('<rect x="{}" y="{}" width="{}" height="{}"/>')
_LABEL = Markup('<text x="{}" y="{}">{}</text>')

BANDS = ("0 %", "≤ 25", "≤ 50", "≤ 75", "< 100", "100 %")
"""Shares of an exercise's points, as `band_counts` counts them."""


def band_counts(shares: Sequence[float]) -> list[int]:
    """Return how many shares (0 to 1) lie in each of BANDS.

    Nothing and everything have a band of their own: they are what one asks for first.
    """
    counts = [0] * len(BANDS)
    for share in shares:
        inner = next(
            (i for i, top in enumerate((0.25, 0.5, 0.75), 1) if share <= top), 4
        )
        counts[0 if share <= 0 else 5 if share >= 1 else inner] += 1
    return counts


def bars(counts: Sequence[int], labels: Sequence[str], title: str) -> Markup:
    """Return a bar chart.

    Parameters
    ----------
    counts : sequence of int
        The heights.
    labels : sequence of str
        What stands below each bar.
    title : str
        What is counted, for instance "students by share of the points of mean".
    """
    highest = max(counts, default=0) or 1
    width = len(counts) * (_BAR + _GAP) + _GAP
    said = ", ".join(f"{label}: {n}" for label, n in zip(labels, counts, strict=True))
    parts = [
        Markup(
            '<svg role="img" viewBox="0 0 {} {}" width="{}" aria-label="{}">'
        ).format(width, _HEIGHT + 2 * _TEXT + 4, width, f"{title}: {said}")
    ]
    for number, (count, label) in enumerate(zip(counts, labels, strict=True)):
        left, tall = _GAP + number * (_BAR + _GAP), round(_HEIGHT * count / highest)
        top, middle = _TEXT + _HEIGHT - tall, left + _BAR // 2
        parts.append(_RECT.format(left, top, _BAR, tall))
        parts.append(_LABEL.format(middle, top - 3, count or ""))
        parts.append(_LABEL.format(middle, _TEXT + _HEIGHT + 12, label))
    return Markup("").join([*parts, Markup("</svg>")])
