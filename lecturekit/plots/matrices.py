"""How alike are they? A matrix of similarities, numbers in its cells."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from .colours import BALANCE, blank

# In a larger matrix the numbers would be smaller than a reader can read.
_MAX_NUMBERED = 15

# Cosines computed in float32 leave [-1, 1] by about this much.
_TOLERANCE = 1e-5


def similarity(
    matrix: ArrayLike,
    labels: Sequence[str] | None = None,
    *,
    title: str = "How similar are the clients' updates?",
    axis_title: str = "client (partition id)",
) -> go.Figure:
    """Draw a matrix of similarities from -1 (opposite) to 1 (the same direction).

    Parameters
    ----------
    matrix : (n, n) float, in [-1, 1]
        For instance the cosines between clients' updates.
    labels : sequence of str, optional
        The names of rows and columns, by default 0, 1, ..., n-1.
    title, axis_title : str
        What is compared.

    Raises
    ------
    ValueError
        If the matrix is not square, leaves [-1, 1], or has another number of labels.

    Examples
    --------
    >>> similarity([[1.0, 0.2], [0.2, 1.0]], labels=["ada", "ben"]).data[0].x
    ('ada', 'ben')
    """
    values = np.asarray(matrix, dtype=float)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise ValueError(f"matrix must be square, got shape {values.shape}")
    if not (np.abs(values) <= 1 + _TOLERANCE).all():
        raise ValueError(
            "matrix must have similarities from -1 to 1, "
            f"got {values.min():g} to {values.max():g}"
        )
    names = list(labels) if labels is not None else [str(k) for k in range(len(values))]
    if len(names) != len(values):
        raise ValueError(f"labels must be {len(values)} names, got {len(names)}")

    figure = blank(title, x_title=axis_title, y_title=axis_title)
    figure.add_heatmap(
        z=values,
        x=names,
        y=names,
        zmin=-1,
        zmax=1,
        colorscale=BALANCE,
        colorbar={"title": {"text": "similarity<br>(-1 to 1)"}},
        xgap=1,
        ygap=1,
        texttemplate="%{z:.2f}" if len(names) <= _MAX_NUMBERED else None,
        hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
    )
    figure.update_xaxes(type="category", showgrid=False, constrain="domain")
    figure.update_yaxes(
        type="category",
        showgrid=False,
        autorange="reversed",
        scaleanchor="x",
        constrain="domain",
    )
    return figure
