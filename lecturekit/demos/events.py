"""A trace, told event by event: what has happened, and what everybody does now."""

from collections.abc import Sequence

from plotly.graph_objects import Figure

from lecturekit.plots import timeline
from lecturekit.plots.colours import INK, VERMILLION
from lecturekit.runtime import Row, Trace

from . import figures

_NOW = {
    "asked": "is asked",
    "received": "computes",
    "computed": "sends",
    "failed": "has crashed",
    "replied": "is done",
    "dropped": "is too late",
}

_ALT = "A row of bars per client: when it receives, computes and sends."


def sentence(row: Row) -> str:
    """Return what happened in a row, in one sentence."""
    who, took = f"client {row.partition}", f"{row.seconds:.3g} s"
    told = {
        "asked": f"the server has {_size(row.bytes)} for {who}",
        "received": f"{who} has the model, after {took} on the way",
        "computed": f"{who} has computed for {took}",
        "failed": f"{who} has failed after {took}: {row.detail}",
        "replied": f"the reply of {who} has arrived: {_size(row.bytes)} in {took}",
        "dropped": f"{who} is dropped: {row.detail}",
        "aggregated": f"the server has made its next model, of {_count(row)} replies",
        "sent": f"{who} sends its model"
        if row.detail == "uplink"
        else f"the model leaves for {who}",
    }
    return f"{row.time_s:.3g} s, round {row.round}: {told[row.event]}."


def doing(rows: Sequence[Row]) -> dict[int, str]:
    """Return what each client does after these rows, the first of a trace."""
    now: dict[int, str] = {}
    for row in rows:
        if row.event == "sent":
            now[row.partition] = "sends" if row.detail == "uplink" else "receives"
        elif row.event != "aggregated":
            now[row.partition] = _NOW[row.event]
    return dict(sorted(now.items()))


def why_dropped(trace: Trace, position: int) -> str:
    """Return why the client of this row is missing from the average, with its times."""
    row = trace[position]
    before = [
        f"{r.event} at {r.time_s:.3g} s"
        for r in list(trace)[:position]
        if r.message_id == row.message_id and r.event in ("received", "computed")
    ]
    told = sentence(row)
    return f"{told} It had {', '.join(before)}." if before else told


def timeline_until(trace: Trace, time_s: float | None = None) -> Figure:
    """Return the bars of `plots.timeline` up to a time, all of them by default."""
    figure = timeline(trace)
    title = {"text": "Who does what, when", "subtitle": {"text": ""}}
    figure.update_layout(height=None, title=title)
    figure.update_layout(meta={"alt": _ALT, "grow": 2})
    end_s = trace[len(trace) - 1].time_s
    figure.update_yaxes(title_text="client")
    figure.update_xaxes(title_text="seconds", range=[0, 1.04 * max(end_s, 1e-9)])
    for bars in figure.data if time_s is not None else ():
        if bars.type == "bar":
            pairs = zip(bars.base, bars.x, strict=True)
            bars.x = [min(x, max(time_s - base, 0.0)) for base, x in pairs]
        else:
            kept = [i for i, x in enumerate(bars.x) if x <= time_s]
            bars.x, bars.y = [bars.x[i] for i in kept], [bars.y[i] for i in kept]
    for bars in figure.data:
        bars.hovertemplate = bars.customdata = None  # half of a deck, and never seen
    if time_s is not None:
        figure.add_vline(x=time_s, line={"color": VERMILLION, "width": 2})
    return figure


def states(now: dict[int, str], clients: Sequence[int]) -> Figure:
    """Return a figure that says in words what each client does."""
    figure = figures.canvas("Now", "", "client", "What each client does now.", grow=0.7)
    figure.add_scatter(
        x=[0] * len(clients),
        y=[str(k) for k in clients],
        mode="text",
        text=[now.get(k, "waits") for k in clients],
        textposition="middle right",
        textfont={"color": INK},
    )
    figure.update_xaxes(range=[0, 1], visible=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1000:.3g} kB"


def _count(row: Row) -> str:
    return str(row.metrics.get("num-replies", "all"))
