"""Any trace on stage: step through its events, ask why, or see where two runs part.

A trace of a lab, a grader or a demo (`grid.trace.save("run.jsonl")`) becomes a deck
with one control, the event. Presets lead to the clients that were lost, or to the first
event in which two runs differ.
"""

from collections import Counter
from itertools import zip_longest
from json import loads
from pathlib import Path
from typing import Any

from plotly.graph_objects import Figure

from lecturekit.errors import UserError
from lecturekit.plots.colours import VERMILLION
from lecturekit.runtime import Row, Trace, first_difference
from lecturekit.widgets import Control, Deck, Plan, Preset
from lecturekit.widgets.deck import Json, plain
from lecturekit.widgets.plan import At

from . import events, figures

MOST_EVENTS = 2000
_MOST_CLIENTS = 14  # that are told one by one: more lines do not fit a screen


def read_trace(path: Path) -> tuple[Trace, str]:
    """Return a trace, and a sentence if its file was cut off in the middle.

    Raises
    ------
    UserError
        If there is no such file, or nothing in it can be read.
    """
    try:
        return Trace.load(path), ""
    except OSError as error:
        raise UserError(
            f"expected the trace {path}, got {error.strerror}: save one with "
            "`grid.trace.save(...)`"
        ) from None
    except ValueError as error:
        whole = _whole_lines(path)
        if not len(whole):
            raise UserError(str(error)) from None
        return whole, f"The file is damaged after event {len(whole)}: up to there."


def replay(trace: Trace, other: Trace | None = None, note: str = "") -> Deck:
    """Return a deck that steps through a trace, or through two side by side.

    Parameters
    ----------
    trace, other : Trace
        The first 2,000 events of each are shown.
    note : str
        Said with every event, for instance that the file was cut off.

    Raises
    ------
    UserError
        If a trace has fewer than two events.
    """
    runs = [trace] if other is None else [trace, other]
    if min(len(run) for run in runs) < 2:
        raise UserError("expected a trace of at least two events, got fewer")
    count = min(max(len(run) for run in runs), MOST_EVENTS)
    if any(len(run) > MOST_EVENTS for run in runs):
        note += f" Shown are the first {MOST_EVENTS} events."
        runs = [Trace(list(run)[:MOST_EVENTS]) for run in runs]
    clients = sorted({row.partition for run in runs for row in run} - {-1})
    drawn = [_drawn(run, number, len(runs)) for number, run in enumerate(runs)]
    ends = [_x(run, len(run) - 1) for run in runs]
    for figure in drawn:
        figure.update_xaxes(range=[0, 1.04 * max(ends)])
    bases = [plain(figure) for figure in drawn]
    if other is None:
        bases.append(plain(events.states({}, clients[:_MOST_CLIENTS])))
    frames: dict[At, Json] = {
        (k,): _frame(runs, k, clients, note) for k in range(count)
    }
    return Deck.assembled(_plan(runs, count), ("client", "now"), bases, frames)


def _plan(runs: list[Trace], count: int) -> Plan:
    labels = [f"event {k + 1} of {count}" for k in range(count)]
    presets = [Preset("The beginning", (0,), "")]
    if len(runs) == 2:
        parts = _parting(runs)
        says = first_difference(*runs) or "the two runs are equal"
        says = f"{says[0].upper()}{says[1:]}."
        presets.insert(0, Preset("First difference", (parts,), says))
    else:
        lost = [k for k, r in enumerate(runs[0]) if r.event in ("dropped", "failed")]
        presets += [
            Preset(
                f"Why client {runs[0][k].partition}?",
                (k,),
                events.why_dropped(runs[0], k),
            )
            for k in lost[:7]
        ]
    presets.append(Preset("The end", (count - 1,), ""))
    return Plan(
        name="replay",
        title="What happened, and why?",
        lecture="Replay",
        question="",
        options=(),
        right=0,
        because="",
        controls=(Control("event", "event", range(count), labels),),
        presets=presets,
        script=("Left and right step through the events.",),
        seed=0,
    )


def _frame(runs: list[Trace], k: int, clients: list[int], note: str) -> Json:
    """Return what event `k` of each run changes."""
    here = [run[min(k, len(run) - 1)] for run in runs]
    told = " / ".join(events.sentence(row) for row in here)
    now = events.doing(list(runs[0])[: k + 1])
    changes: list[Any] = [
        [[["layout", "shapes"], [_cursor(x)]]]
        for x in (_x(run, min(k, len(run) - 1)) for run in runs)
    ]
    words = [now.get(client, "waits") for client in clients]
    if len(runs) == 1:
        changes.append([[["data", 0, "text"], words[:_MOST_CLIENTS]]])
    rows: list[Any] = [list(row) for row in zip(clients, words, strict=True)]
    if len(clients) > _MOST_CLIENTS:
        rows = [[f"{n} clients", word] for word, n in Counter(words).most_common()]
    return {"changes": changes, "says": f"{told} {note}".strip(), "rows": rows}


def _drawn(run: Trace, number: int, count: int) -> Figure:
    """Return bars over time; where no time passes, a mark per event in its order."""
    which = ("First run", "Second run")[number] if count == 2 else ""
    if _has_time(run):
        figure = events.timeline_until(run)
        figure.update_layout(showlegend=number == 0, shapes=[])
    else:
        figure = figures.canvas("Who is told what", "event", "client", grow=2)
        places = [(k, str(row.partition)) for k, row in enumerate(run)]
        xs, ys = zip(*[place for place in places if place[1] != "-1"], strict=True)
        figure.add_scatter(x=xs, y=ys, mode="markers")
        figure.update_yaxes(type="category", autorange="reversed")
    if which:
        figure.update_layout(title={"text": which})
    return figure


def _has_time(run: Trace) -> bool:
    return any(row.seconds > 0 for row in run if row.event not in ("sent", "asked"))


def _x(run: Trace, k: int) -> float:
    return float(f"{run[k].time_s:.5g}") if _has_time(run) else k


def _cursor(x: float) -> Json:
    """Return a line across the figure at `x`."""
    place = {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain"}
    return {**place, "line": {"color": VERMILLION, "width": 3}}


def _parting(runs: list[Trace]) -> int:
    """Return the position of the first event in which the runs differ, or 0."""
    for k, (mine, yours) in enumerate(zip_longest(*runs)):
        if mine is None or yours is None or mine.line() != yours.line():
            return min(k, min(len(run) for run in runs) - 1)
    return 0


def _whole_lines(path: Path) -> Trace:
    """Return the rows before the first line that is not one."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            rows.append(Row(**loads(line)))
        except (ValueError, TypeError):
            break
    return Trace(rows)
