"""One round: who computes, who sends, who waits. A trace, stepped through.

A round of federated averaging is as long as its slowest client: whoever is done waits.
A deadline shortens it, and loses the work of those who are late.
"""

from functools import cache, partial
from typing import Any

from flwr.app import ArrayRecord

from lecturekit.runtime import Device, Devices, LocalGrid, Network, Row, Trace
from lecturekit.widgets import Control, Plan, Preset, Scene

from . import events, figures
from .classroom import MLP_64, Classroom
from .demo import Answer, Demo, Values
from .solution import answers

CLIENTS, DEADLINE_S, STEPS = 5, 8.0, 32
LINK = Network(uplink_mbps=0.2, downlink_mbps=1, latency_ms=50)
PHONES = {
    "equal": [Device("phone", 80, network=LINK)],
    "mixed": [
        Device(name, speed, network=LINK)
        for name, speed in (("new", 200), ("common", 80), ("old", 20))
    ],
}

PLAN = Plan(
    name="one-round",
    title="What happens in one round, and who waits?",
    lecture="Introduction",
    minutes=6,
    shows="one round, event by event: asked, computed, replied, aggregated, dropped",
    question="Five phones do one round of federated averaging; the oldest is ten "
    "times slower than the newest. How much of the round does the newest phone wait?",
    options=("Hardly at all", "About a quarter", "About half", "More than 80 %"),
    right=3,
    because="The average needs everybody's model: the round is as long as the slowest.",
    controls=(
        Control("event", "event", tuple(range(STEPS))),
        Control("phones", "phones", ("equal", "mixed")),
        Control("deadline", "deadline", ("none", "8 s")),
    ),
    presets=(
        Preset("The answer", (31, "mixed", "none"), "Look at the gap beside client 0."),
        Preset("From the start", (0, "mixed", "none"), "Right arrow: event by event."),
        Preset("Sent to all", (10, "mixed", "none"), "One model, five copies."),
        Preset(
            "First reply", (17, "mixed", "none"), "Client 0 is done, the round not."
        ),
        Preset("Equal phones", (31, "equal", "none"), "Nobody waits for long."),
        Preset("A deadline", (31, "mixed", "8 s"), "Faster, without client 2."),
    ),
    script=(
        "Say: one server, five phones, one model of 20 kB. Whatever happens is an "
        "event; the right arrow goes to the next one.",
        "Ask who waits longest before you reveal.",
        "Preset 2, then the right arrow: let the class say what comes next.",
        "Preset 5: equal phones. Real fleets are preset 1.",
        "Preset 6: what does client 2's user get for the battery it spent? Nothing: "
        "its data are not in the model. The demo `stragglers` goes on from here.",
    ),
)


def compute(values: Values, seed: int) -> Any:
    """Run one round; return its trace."""
    trace = _trace(values["phones"], values["deadline"], seed)
    return [list(row) for row in trace]


class _Deadline:
    """A grid that does not wait longer than it is told to."""

    def __init__(self, grid: LocalGrid, timeout: float | None) -> None:
        self.get_node_ids = grid.get_node_ids
        self.send_and_receive = partial(grid.send_and_receive, timeout=timeout)


@cache
def _trace(phones: str, deadline: str, seed: int) -> Trace:
    room, devices = Classroom(CLIENTS, 100, seed), Devices(PHONES[phones])
    app = room.client_app(local_steps=16, lr=0.2)
    grid = LocalGrid(app, room.federation, seed=seed, devices=devices)
    lab = answers("lab01_first_round", "parameters", "weighted-mean", "run-round")
    model = lab["get_parameters"](MLP_64.initial(seed))
    patient = _Deadline(grid, None if deadline == "none" else DEADLINE_S)

    def average(models: list[ArrayRecord], counts: list[int]) -> Any:
        arrays = [{n: a.numpy() for n, a in model.items()} for model in models]
        return lab["get_parameters"](lab["weighted_mean"](arrays, counts))

    lab["run_round"](patient, model, 1, {}, average)
    return grid.trace


def show(values: Values, data: Any) -> Scene:
    """Draw the round until an event, what everybody does, and how long they waited."""
    trace = Trace(Row(*row) for row in data)
    position = min(values["event"], len(trace) - 1)
    row, told = trace[position], list(trace)[: position + 1]
    busy = {
        k: sum(r.seconds for r in told if r.partition == k and r.event != "sent")
        for k in range(CLIENTS)
    }
    waited = {str(k): max(row.time_s - busy[k], 0.0) for k in busy}
    waits = figures.bars(
        figures.canvas("Seconds without work", "client", "seconds"),
        waited,
        y_range=(0, 20),
    )
    now = events.doing(told)
    says = events.sentence(row)
    if position == len(trace) - 1:
        says += f" Client 0 had nothing to do for {waited['0'] / row.time_s:.0%} of it."
    return Scene(
        [events.timeline_until(trace, row.time_s), events.states(now, range(5)), waits],
        says,
        ("client", "now", "seconds without work"),
        [[k, now.get(k, "waits"), waited[str(k)]] for k in range(CLIENTS)],
    )


DEMO = Demo(PLAN, compute, show, Answer("lab01_first_round", "run-round", "run_round"))
