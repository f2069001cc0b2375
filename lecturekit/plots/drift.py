"""How far do clients drift? Their distances from the model they were given."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from .colours import BLUE, GRID, blank


def client_drift(
    distances: ArrayLike, *, first_round: int = 1, title: str = ""
) -> go.Figure:
    """Draw each client's distance from the global model, round by round.

    A thin line is a client, the thick one their mean.

    Parameters
    ----------
    distances : (num_rounds, num_clients) float, >= 0
        L2 norms of the clients' updates, new minus old. NaN: not in the cohort.
    first_round : int
        The round of the first row.
    title : str
        The question that the figure answers.

    Raises
    ------
    ValueError
        If there is no such table, or a distance is negative.
    """
    values = np.asarray(distances, dtype=float)
    if values.ndim != 2 or not np.isfinite(values).any():
        raise ValueError(
            "distances must have a row per round and a column per client, "
            f"got shape {values.shape}"
        )
    if (values < 0).any():
        raise ValueError(f"distances must be at least 0, got {np.nanmin(values):g}")
    figure = blank(
        title or "How far do clients drift from the global model?",
        x_title="round",
        y_title="distance (L2 norm of the update)",
        subtitle=f"{values.shape[1]} clients (thin) and their mean (thick)",
    )
    rounds = np.arange(first_round, first_round + len(values))
    for partition, of_client in enumerate(values.T):
        figure.add_scatter(
            x=rounds,
            y=of_client,
            name=f"client {partition}",
            mode="lines+markers",
            line={"color": GRID, "width": 1.5},
            marker={"size": 4},
            hovertemplate="%{fullData.name}, round %{x}: %{y:.4g}<extra></extra>",
        )
    known = np.isfinite(values)
    sums = np.where(known, values, 0.0).sum(1)
    counts = known.sum(1)
    mean = np.where(counts > 0, sums / counts.clip(min=1), np.nan)
    figure.add_scatter(
        x=rounds,
        y=mean,
        name="mean",
        mode="lines+markers",
        line={"color": BLUE, "width": 4},
        hovertemplate="mean, round %{x}: %{y:.4g}<extra></extra>",
    )
    figure.update_xaxes(tickformat="d")
    figure.update_yaxes(rangemode="tozero")
    return figure
