"""Stragglers: whom a server waits for, and whose data it learns nothing from.

Eight machines share the digits, and the two oldest hold most of the 8s and 9s. Waiting
for all of them is slow; a deadline or over-selection is fast, and forgets what only the
slow ones know; a buffer takes every update when it comes, and weighs late ones less.

Paper: Nguyen et al., Federated Learning with Buffered Asynchronous Aggregation, AISTATS
2022, https://arxiv.org/abs/2106.06639
"""

from functools import cache
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord

from lecturekit.runtime import Device, Devices, LocalGrid, Row, Trace
from lecturekit.widgets import Control, Plan, Preset, Scene

from . import events, figures
from .demo import Answer, Demo, Values
from .solution import answers

BUDGET_S, SHOWN_S = 1500.0, 300.0
WAITING = {  # how many replies are enough, and how long the server waits for them
    "all 8": (8, 1e9),
    "first 6": (6, 1e9),
    "first 4": (4, 1e9),
    "45 s": (8, 45.0),
    "buffer of 4": (0, 0.0),
}

PLAN = Plan(
    name="stragglers",
    title="Whom does the server wait for, and what does it miss?",
    lecture="Composite learning",
    minutes=10,
    shows="deadline, over-selection and buffered asynchrony on the virtual clock",
    question="Two of eight machines are four times slower, and hold most 8s and 9s. "
    "The server goes on after six replies: nearly twice as many rounds in the same "
    "time. Of the 8s and 9s, how many does it recognise now?",
    options=(
        "More: it has done more rounds",
        "As many: the others have a few of them, too",
        "About half as many",
        "None at all",
    ),
    right=2,
    because="The six hold every tenth 8 and 9 only, and who is always late is never "
    "averaged.",
    controls=(
        Control("server", "the server waits for", tuple(WAITING)),
        Control("slower", "old laptops", (2, 4, 16), ("2x slower", "4x", "16x")),
    ),
    presets=(
        Preset("Wait for all", ("all 8", 4), "Everybody counts; most wait."),
        Preset("First six", ("first 6", 4), "Rounds are short, 8 and 9 are lost."),
        Preset("A deadline", ("45 s", 4), "The same people are late every time."),
        Preset("A buffer", ("buffer of 4", 4), "No rounds, nobody waits, all count."),
        Preset("16 times slower", ("all 8", 16), "One machine holds up the class."),
        Preset("Buffer, 16 times", ("buffer of 4", 16), "Their rare updates are old."),
    ),
    script=(
        "Say: the dashed line is the accuracy on 8 and 9 alone. Those are the digits "
        "of the people with old laptops.",
        "Ask for the prediction; many choose the first answer. Then presets 1 and 2: "
        "the faint lines are the run before.",
        "Preset 3: a deadline is the same choice, said in seconds.",
        "Preset 4: look at the bars: no gaps. What is the price? Staleness: an update "
        "was computed from an old model, so it is weighed less.",
        "Presets 5 and 6: the slower the slowest, the more a buffer is worth.",
    ),
)


def compute(values: Values, seed: int) -> Any:
    """Train for 1500 virtual seconds; return accuracy over time, and the trace."""
    curve, trace = _run(values["server"], values["slower"])
    rows = [list(row) for row in trace if row.time_s <= SHOWN_S]
    return {"curve": curve, "all 8": _run("all 8", values["slower"])[0], "rows": rows}


class _Over(Exception):  # noqa: N818  nothing went wrong
    """The time is up."""


@cache
def _run(server: str, slower: int) -> tuple[list[Any], Trace]:
    lab = answers("lab04_composite_learning", "deadline", "fedbuff")
    mean = answers("lab01_first_round", "weighted-mean")["weighted_mean"]
    test, steps = lab["test_set"], ConfigRecord({"local-steps": 20})
    rare = np.isin(test.labels, (8, 9))
    speeds = [1e6] * 4 + [5e5] * 2 + [1e6 / slower] * 2
    devices = [Device("", flops_per_s=speed, network=lab["LINK"]) for speed in speeds]
    app, seed = lab["app_of"](lab["train"]), lab["SEED"]
    grid = LocalGrid(app, lab["federation"], seed=seed, devices=Devices(devices))
    curve: list[Any] = []

    def note(version: int, arrays: ArrayRecord) -> None:
        model = lab["unpacked"](arrays)
        every = lab["mlp"].accuracy(model, test.features, test.labels)
        rarely = lab["mlp"].accuracy(model, test.features[rare], test.labels[rare])
        curve.append((grid.clock.now, every, rarely))
        if grid.clock.now > BUDGET_S:
            raise _Over

    model, (enough, deadline_s) = lab["first"], WAITING[server]
    note(0, lab["packed"](model))
    try:
        if not enough:
            given = grid, lab["packed"](model), steps
            settings = {"num_updates": 10**6, "buffer_size": 4, "lr": 1.0}
            lab["fedbuff"](*given, on_update=note, **settings)
        for t in range(1, 10**6):
            asked = lab["to_all"](grid, model, **steps, **{"server-round": t})
            replies = lab["first_replies"](grid, asked, enough, deadline_s)
            models = [lab["unpacked"](reply.content["arrays"]) for reply in replies]
            counts = [reply.content["metrics"]["num-examples"] for reply in replies]
            model = mean(models, counts)
            note(t, lab["packed"](model))
    except _Over:
        return curve, grid.trace
    raise AssertionError("unreachable: time passes")


def show(values: Values, data: Any) -> Scene:
    """Draw accuracy over time, and who did what in the first minutes."""
    times, every, rare = zip(*data["curve"], strict=True)
    accuracy = figures.lines(
        figures.canvas("Accuracy", "simulated seconds", "test accuracy"),
        {"all digits": (times, every), "8 and 9": (times, rare)},
        y_range=(0, 1.1),
        room=0.35,
    )
    trace = Trace(Row(*row) for row in data["rows"])
    bars = events.timeline_until(trace)
    bars.update_xaxes(range=[0, SHOWN_S])
    base = data["all 8"][-1]
    says = (
        f"Waiting for {values['server']}: {len(times) - 1} new models in 25 minutes, "
        f"{every[-1]:.0%} of all digits right, {rare[-1]:.0%} of the 8s and 9s "
        f"(waiting for all: {base[1]:.0%} and {base[2]:.0%})."
    )
    marks = [np.searchsorted(times, s, side="right") - 1 for s in range(0, 1501, 300)]
    rows = [[times[i], every[i], rare[i]] for i in marks]
    return Scene([accuracy, bars], says, ("seconds", "all digits", "8 and 9"), rows)


ANSWER = Answer("lab04_composite_learning", "deadline", "first_replies")
DEMO = Demo(PLAN, compute, show, ANSWER)
