"""Who computes, who sends, who waits? A run's trace, client by client."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import plotly.graph_objects as go

from .colours import BLUE, GRID, INK, ORANGE, SKY, VERMILLION, blank

if TYPE_CHECKING:  # a trace is read here: no need to wait for Flower
    from lecturekit.runtime import Row, Trace

# What a client does, its colour and its hatching: seen without colours, too.
_KINDS = {
    "receives": (SKY, "/"),
    "waits": (GRID, "."),
    "computes": (BLUE, ""),
    "sends": (ORANGE, "\\"),
}

# Beyond, the lines between rounds would hide what is between them.
_MAX_MARKED_ROUNDS = 20


class _Stretch(NamedTuple):
    kind: str
    partition: int
    round: int
    start_s: float
    seconds: float


def timeline(trace: "Trace", *, server_round: int | None = None) -> go.Figure:
    """Draw what each client does over virtual time.

    A row is a client; a bar is a stretch of receiving, waiting (busy with an earlier
    message, or offline), computing or sending. A cross is a crash, a circle a reply the
    server no longer waited for. Between its bars a client waits for the server.

    Parameters
    ----------
    trace : Trace
        Of a grid on which time passes: one with devices or a network.
    server_round : int, optional
        Draw this round only.

    Raises
    ------
    ValueError
        If there is no such round, or no time passes in it.
    """
    rounds = sorted({row.round for row in trace})
    if server_round is not None and server_round not in rounds:
        raise ValueError(
            f"server_round must be one of the trace's rounds, {rounds}, got "
            f"{server_round!r}"
        )
    rows = [
        row
        for row in trace
        if server_round in (None, row.round) and row.event != "aggregated"
    ]
    stretches = [stretch for stretch in _stretches(rows) if stretch.seconds > 0]
    late = [r for r in rows if r.event == "dropped" and r.detail.startswith("no reply")]
    if not stretches and not late:
        raise ValueError(
            "trace must have virtual time to draw, got none"
            + (f" in round {server_round}" if server_round is not None else "")
            + f" (it has the rounds {rounds}): give LocalGrid devices or a network"
        )
    figure = blank(
        "Who computes, who sends, who waits?",
        x_title="virtual time (s)",
        y_title="client (partition id)",
        subtitle="all rounds" if server_round is None else f"round {server_round}",
    )
    for kind in _KINDS:
        _add_bars(figure, kind, [s for s in stretches if s.kind == kind])
    _add_marks(figure, "crashes", "x", [r for r in rows if r.event == "failed"])
    _add_marks(figure, "is too late", "circle", late)
    _add_rounds(figure, rows)
    num_clients = len({row.partition for row in rows})
    figure.update_layout(
        barmode="overlay",
        showlegend=True,
        height=220 + 22 * min(num_clients, 40),
    )
    figure.update_yaxes(autorange="reversed", tickformat="d", showgrid=False)
    if num_clients <= 40:
        order = [str(k) for k in sorted({row.partition for row in rows})]
        figure.update_yaxes(type="category", categoryorder="array", categoryarray=order)
    return figure


def _stretches(rows: "Iterable[Row]") -> list[_Stretch]:
    """Return what clients do, from the rows that say when it ended."""
    received_s: dict[str, float] = {}
    stretches = []
    for row in rows:
        start_s = row.time_s - row.seconds
        if row.event == "received":
            received_s[row.message_id] = row.time_s
            kind = "receives"
        elif row.event in ("computed", "failed"):
            kind = "computes"
            waits_from_s = received_s.get(row.message_id, start_s)
            stretches.append(
                _Stretch(
                    "waits",
                    row.partition,
                    row.round,
                    waits_from_s,
                    start_s - waits_from_s,
                )
            )
        elif row.event == "replied":
            kind = "sends"
        else:
            continue
        stretches.append(_Stretch(kind, row.partition, row.round, start_s, row.seconds))
    return stretches


def _add_bars(figure: go.Figure, kind: str, stretches: list[_Stretch]) -> None:
    colour, shape = _KINDS[kind]
    figure.add_bar(
        name=kind,
        orientation="h",
        y=[str(s.partition) for s in stretches],
        base=[s.start_s for s in stretches],
        x=[s.seconds for s in stretches],
        customdata=[s.round for s in stretches],
        marker={
            "color": colour,
            "pattern": {
                "shape": shape,
                "fillmode": "overlay",
                "fgcolor": INK,
                "size": 5,
            },
            "line": {"width": 0},
        },
        hovertemplate=(
            f"client %{{y}} {kind} for %{{x:.4g}} s, round %{{customdata}}"
            "<extra></extra>"
        ),
    )


def _add_marks(figure: go.Figure, name: str, symbol: str, rows: "list[Row]") -> None:
    if not rows:
        return
    figure.add_scatter(
        name=name,
        mode="markers",
        x=[row.time_s for row in rows],
        y=[str(row.partition) for row in rows],
        customdata=[row.detail for row in rows],
        marker={
            "symbol": symbol,
            "color": VERMILLION,
            "size": 10,
            "line": {"color": "#FFFFFF", "width": 1.5},
        },
        hovertemplate="client %{y} at %{x:.4g} s: %{customdata}<extra></extra>",
    )


def _add_rounds(figure: go.Figure, rows: "Iterable[Row]") -> None:
    """Draw a line where the first message of each round was sent."""
    begins_s: dict[int, float] = {}
    for row in rows:
        begins_s.setdefault(row.round, row.time_s)
    if len(begins_s) <= _MAX_MARKED_ROUNDS:
        for time_s in begins_s.values():
            figure.add_vline(x=time_s, line={"color": INK, "width": 1, "dash": "dot"})
