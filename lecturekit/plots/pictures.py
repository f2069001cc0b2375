"""What do the examples look like? A contact sheet of images."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lecturekit.data import Dataset, Federation

from .colours import PAPER_TO_INK, blank

# An image, or None where there is none to show.
Cell = NDArray[np.float32] | None


def images(
    source: Dataset | Federation, *, max_rows: int = 10, max_columns: int = 10
) -> go.Figure:
    """Draw examples of each label, or of each client and label.

    Parameters
    ----------
    source : Dataset or Federation
        Of a Dataset: a row per label, with its first examples. Of a Federation: a row
        per client with its first example of each label, blank where it has none. So
        `images(by_key(synthetic_writers()))` compares the writers' hands.
    max_rows, max_columns : int, >= 1
        At most so many are drawn, the first ones.

    Raises
    ------
    ValueError
        If the examples are not images of shape (height, width).

    Examples
    --------
    >>> from lecturekit import data
    >>> images(data.digits(), max_columns=4).layout.title.text
    'What do the examples of digits look like?'
    """
    dataset = source.dataset if isinstance(source, Federation) else source
    if dataset.features.ndim != 3 or not len(dataset):
        raise ValueError(
            "images can draw examples of shape (height, width), "
            f"got {dataset.name} with features of shape {dataset.features.shape}"
        )
    if max_rows < 1 or max_columns < 1:
        raise ValueError(
            "max_rows and max_columns must be at least 1, "
            f"got {max_rows} and {max_columns}"
        )
    if isinstance(source, Federation):
        columns = list(dataset.label_names[:max_columns])
        rows = [str(k) for k in range(min(len(source), max_rows))]
        cells = [_one_of_each(source[int(k)], len(columns)) for k in rows]
        titles = (
            f"What does each client of {dataset.name} hold?",
            "label (first example of it)",
            "client (partition id)",
        )
    else:
        columns = [str(1 + column) for column in range(max_columns)]
        rows = list(dataset.label_names[:max_rows])
        cells = [_first_of(dataset, c, max_columns) for c in range(len(rows))]
        titles = (
            f"What do the examples of {dataset.name} look like?",
            "example (first, second, ... of the label)",
            "label",
        )
    figure = _contact_sheet(cells, dataset.features.shape[1:], rows, columns, titles)
    # One scale for all figures of a dataset: the same grey means the same number.
    darkest = float(dataset.features.max())
    return figure.update_traces(zmin=0.0, zmax=darkest if darkest > 0 else 1.0)


def _one_of_each(client: Dataset, num_labels: int) -> list[Cell]:
    """Return the client's first example of each label."""
    cells: list[Cell] = []
    for label in range(num_labels):
        found = np.flatnonzero(client.labels == label)
        cells.append(client.features[found[0]] if len(found) else None)
    return cells


def _first_of(dataset: Dataset, label: int, num: int) -> list[Cell]:
    """Return the first `num` examples of one label, padded with None."""
    found = np.flatnonzero(dataset.labels == label)[:num]
    cells: list[Cell] = [dataset.features[example] for example in found]
    return cells + [None] * (num - len(cells))


def _contact_sheet(
    cells: Sequence[Sequence[Cell]],
    shape: Sequence[int],
    rows: Sequence[str],
    columns: Sequence[str],
    titles: tuple[str, str, str],
) -> go.Figure:
    """Paste the images on one sheet, a pixel apart, and draw that as one heatmap."""
    height, width = shape[0] + 1, shape[1] + 1
    sheet = np.full((len(rows) * height - 1, len(columns) * width - 1), np.nan)
    for row, line in enumerate(cells):
        for column, image in enumerate(line):
            if image is not None:
                top, left = row * height, column * width
                sheet[top : top + shape[0], left : left + shape[1]] = image

    figure = blank(*titles)
    figure.add_heatmap(
        z=sheet, colorscale=PAPER_TO_INK, showscale=False, hoverinfo="skip"
    )
    figure.update_layout(plot_bgcolor="#F0F0F0", height=160 + 46 * len(rows))
    figure.update_xaxes(
        tickvals=[
            width * column + shape[1] / 2 - 0.5 for column in range(len(columns))
        ],
        ticktext=list(columns),
        showgrid=False,
        constrain="domain",
    )
    figure.update_yaxes(
        tickvals=[height * row + shape[0] / 2 - 0.5 for row in range(len(rows))],
        ticktext=list(rows),
        showgrid=False,
        autorange="reversed",
        scaleanchor="x",
        constrain="domain",
    )
    return figure
