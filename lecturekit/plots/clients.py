"""What do the clients hold? Label counts as a table one can read at a glance."""

import plotly.graph_objects as go

from lecturekit.data import Federation

from .colours import AMOUNT, blank

# With more clients the numbers would be smaller than a reader can read.
_MAX_NUMBERED = 30


def label_counts(federation: Federation) -> go.Figure:
    """Draw how many examples of each label each client holds.

    A column is a client, a row a label; the darker a cell, the more examples. Up to
    30 clients the number stands in the cell; beyond, hover over it.

    Parameters
    ----------
    federation : Federation
        Any number of clients.

    Examples
    --------
    >>> from lecturekit import data
    >>> figure = label_counts(data.iid(data.digits(), num_clients=3))
    >>> figure.layout.title.text
    'Which labels does each client hold?'
    >>> figure.layout.title.subtitle.text
    'digits, iid'
    """
    counts = federation.label_counts().T  # (num_labels, num_clients)
    is_numbered = len(federation) <= _MAX_NUMBERED
    figure = blank(
        "Which labels does each client hold?",
        x_title="client (partition id)",
        y_title="label",
        subtitle=f"{federation.dataset.name}, {federation.method}",
    )
    figure.add_heatmap(
        z=counts,
        x=list(range(len(federation))),
        y=list(federation.dataset.label_names),
        zmin=0,
        zmax=max(int(counts.max()), 1),
        colorscale=AMOUNT,
        colorbar={"title": {"text": "examples"}},
        xgap=1 if is_numbered else 0,  # a gap could be wider than a thin column
        ygap=1,
        texttemplate="%{z}" if is_numbered else None,
        hovertemplate="client %{x}, label %{y}: %{z} examples<extra></extra>",
    )
    # Names of labels are words even where they look like numbers.
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, tickformat="d")
    if is_numbered:
        figure.update_xaxes(dtick=1)
    return figure
