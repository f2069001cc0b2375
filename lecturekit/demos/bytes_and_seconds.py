"""Bytes and seconds: what compression and local steps save, and on which network.

A round's time is computing plus carrying: H local steps at so many per second, and a
model's bytes down and an update's bytes up. Local steps make rounds rarer, compression
makes updates smaller. Each pays where the network is the bottleneck, and only there.

Papers: Stich et al., Sparsified SGD with Memory, NeurIPS 2018,
https://arxiv.org/abs/1809.07599 (top-k with error feedback); Alistarh et al., QSGD,
NeurIPS 2017, https://arxiv.org/abs/1610.02132 (few bits).
"""

from functools import cache
from typing import Any

import numpy as np

from lecturekit.runtime import Device, Devices, LocalGrid, Network, Trace
from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .classroom import MLP_64, Classroom, flat
from .demo import Answer, Demo, Values
from .solution import answers
from .updates import run_updates, update_app

CLIENTS, NUM_STEPS, TOP = 5, 256, 48  # of 4,810 weights: 1 %
BITS = {"8 bits": 8, "2 bits": 2}
LAB = "lab05_collectives_and_compression"

PLAN = Plan(
    name="bytes-and-seconds",
    title="When is the network the bottleneck?",
    lecture="Communication",
    minutes=10,
    shows="compression and local steps against bandwidth: seconds, bytes, accuracy",
    question="On a slow network, with one local step a round, clients now send the "
    "largest 1 % of their update instead of all of it. How much faster is training?",
    options=("A hundred times", "About fifty times", "About twice", "Not at all"),
    right=2,
    because="The model still comes down whole: only the way up has become short.",
    controls=(
        Control("sends", "a client sends", ("all", *BITS, "top 1 %")),
        Control("local_steps", "local steps", (1, 4, 16, 64)),
        Control("mbps", "network", (0.1, 1, 10), ("0.1 Mbit/s", "1", "10")),
    ),
    presets=(
        Preset("Top 1 %", ("top 1 %", 1, 0.1), "The way down has stayed."),
        Preset("Everything", ("all", 1, 0.1), "A hundred times the bytes up."),
        Preset("16 local steps", ("all", 16, 0.1), "Both ways, sixteen times rarer."),
        Preset("Both", ("2 bits", 16, 0.1), "Now compression helps a little more."),
        Preset("Too much", ("top 1 %", 64, 0.1), "Fast, and much of it never arrives."),
        Preset("A good network", ("all", 16, 10), "Computing is all that is left."),
    ),
    script=(
        "Say: five clients take 256 steps each, whatever we do. What differs is how "
        "often they talk, how much they say, and on which network.",
        "Most predict a hundred times. Presets 1 and 2: look at the bars.",
        "Preset 3: no compression at all, and it is faster. Why? Fewer rounds save the "
        "way down as well.",
        "Preset 5: is there something for nothing? Look at the accuracy.",
        "Preset 6, then turn the network: where is compression a waste of effort? "
        "Where the middle bar, computing, is the largest.",
    ),
)


def compute(values: Values, seed: int) -> Any:
    """Train for 256 steps a client; return accuracy over time, seconds and bytes."""
    curve, trace = _run(**values, seed=seed)
    told = [row for row in trace if row.partition == 0]
    return {
        "curve": curve,
        "seconds": [
            sum(row.seconds for row in told if row.event == event)
            for event in ("received", "computed", "replied")
        ],
        "bytes": [
            sum(row.bytes for row in told if row.event == event)
            for event in ("asked", "replied")
        ],
    }


@cache
def _run(sends: str, local_steps: int, mbps: float, seed: int) -> tuple[Any, Trace]:
    room, start = Classroom(CLIENTS, 1, seed), MLP_64.initial(seed)
    network = Network(uplink_mbps=mbps, downlink_mbps=mbps, latency_ms=20)
    devices = Devices([Device("", examples_per_s=400, network=network)])
    lab = answers(LAB, "error-feedback", "quantise", "pack")
    memory = [np.zeros(flat(start).size, np.float32) for _ in range(CLIENTS)]

    def encoded(k: int, update: Any, rng: Any) -> dict[str, Any]:
        if sends == "all":
            return {"update": update}
        if sends in BITS:
            codes, scale = lab["quantise"](update, BITS[sends], rng)
            return {"codes": lab["pack_codes"](codes, BITS[sends]), "scale": scale}
        where, what, memory[k] = lab["top_k_with_memory"](update, memory[k], TOP)
        return {"where": where, "what": what}

    def decoded(sent: dict[str, Any]) -> Any:
        if "update" in sent:
            return sent["update"]
        if "codes" in sent:
            codes = lab["unpack_codes"](sent["codes"], BITS[sends], flat(start).size)
            return lab["dequantise"](codes, float(sent["scale"]), BITS[sends])
        update = np.zeros(flat(start).size, np.float32)
        update[sent["where"]] = sent["what"]
        return update

    app = update_app(room, encoded, local_steps=local_steps)
    grid = LocalGrid(app, room.federation, seed=seed, devices=devices)
    mean = lambda sent: np.mean([decoded(one) for one in sent], axis=0)  # noqa: E731
    return run_updates(room, grid, mean, NUM_STEPS // local_steps), grid.trace


def show(values: Values, data: Any) -> Scene:
    """Draw accuracy over time, and where the time and the bytes of a client went."""
    times, scores = zip(*data["curve"], strict=True)
    down, computing, up = data["seconds"]
    accuracy = figures.lines(
        figures.canvas("Accuracy", "simulated seconds", "test accuracy", grow=1.3),
        {"": (times, scores)},
        y_range=(0, 1.05),
    )
    accuracy.update_xaxes(type="log", range=[-0.5, 3])
    whole = down + computing + up
    shares = figures.bars(
        figures.canvas("Where a client's time goes", "", "share of its time (%)"),
        {k: 100 * v / whole for k, v in zip(WHERE, data["seconds"], strict=True)},
        y_range=(0, 110),
        marked=["computing"],
        digits=".0f",
    )
    downs, ups = (count / 1e6 for count in data["bytes"])
    volume = figures.bars(
        figures.canvas("Bytes of a client", "", "megabytes"),
        {"down": downs, "up": ups},
        y_range=(0, 6.2),
    )
    says = (
        f"{NUM_STEPS} steps take {times[-1]:.3g} seconds, {computing / whole:.0%} of "
    )
    says += f"them computing, and end at {scores[-1]:.0%} accuracy."
    rows = list(zip(WHERE, data["seconds"], (downs, None, ups), strict=True))
    return Scene([accuracy, shares, volume], says, ("", "seconds", "MB"), rows)


WHERE = ("down", "computing", "up")
DEMO = Demo(PLAN, compute, show, Answer(LAB, "error-feedback", "top_k_with_memory"))
