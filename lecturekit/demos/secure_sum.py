"""Secure sum: masks that hide every update, and cancel in the sum.

Each pair i < j agrees on a random mask m_ij; client i adds it, client j subtracts it,

    y_k = u_k + sum_{j > k} m_kj - sum_{i < k} m_ik        sum_k y_k = sum_k u_k

in fixed point, modulo 2^32. If a client is lost, its masks stay in the sum until the
others give its seeds away, which is safe only if it really is gone.

Paper: Bonawitz et al., Practical Secure Aggregation for Privacy-Preserving Machine
Learning, CCS 2017, https://eprint.iacr.org/2017/281
"""

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from lecturekit.runtime import LocalGrid
from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .classroom import Classroom, Flat
from .demo import Demo, Values
from .updates import Sent, run_updates, update_app

CLIENTS, LOST, POINT = 5, 2, 2.0**-20  # POINT: a unit of the fixed-point numbers
SHOWN = slice(0, 4810, 400)  # weights that are drawn
SIZES = {"none": 0, "1x": 2**13, "100x": 2**20, "whole ring": 2**31 - 1}

PLAN = Plan(
    name="secure-sum",
    title="How can a server add up what it must not see?",
    lecture="Privacy",
    minutes=7,
    shows="masked updates, their exact sum, and what a lost client does to it",
    question="Every client hides its update behind masks a hundred times as large, and "
    "the server adds up what it gets. How far is its sum from the true one?",
    options=(
        "A hundred times too large",
        "Not far: the masks average out",
        "It is exactly right",
    ),
    right=2,
    because="What one client adds another subtracts: the masks cancel.",
    controls=(
        Control("mask", "size of the masks", tuple(SIZES)),
        Control("lost", "lost on the way", ("nobody", "client 2")),
        Control("recovery", "its masks", ("stay", "are given away")),
    ),
    presets=(
        Preset("Masked", ("100x", "nobody", "stay"), "One is noise, all are the sum."),
        Preset("No masks", ("none", "nobody", "stay"), "The server reads everything."),
        Preset("Small masks", ("1x", "nobody", "stay"), "Half hidden is not hidden."),
        Preset("One is lost", ("100x", "client 2", "stay"), "Masks without a partner."),
        Preset("Repaired", ("100x", "client 2", "are given away"), "The sum of four."),
    ),
    script=(
        "Say: the server needs the sum only. Left, what it sees of client 0; right, "
        "the sum that it computes, and the true one.",
        "Ask for the prediction: 'they average out' is the usual one. Preset 1.",
        "Presets 2 and 3, then turn the masks up: the left view goes wild, the right "
        "one does not move.",
        "Preset 4: a phone loses its network. Ask what is left in the sum.",
        "Preset 5: the others reveal the seeds they share with client 2. Why never "
        "for a client that is only slow?",
    ),
)


def masked(update: Any, k: int, masks: dict[tuple[int, int], Any]) -> Any:
    """Return what client k sends: its update, in fixed point, behind its masks."""
    hidden = np.rint(update / POINT).astype(np.int64)
    for (i, j), mask in masks.items():
        if i == k:
            hidden += mask
        if j == k:
            hidden -= mask
    return hidden % 2**32


def number(hidden: Any) -> Any:
    """Return what a sum modulo 2^32 stands for; its upper half is negative."""
    return (((hidden + 2**31) % 2**32) - 2**31) * POINT


def compute(values: Values, seed: int) -> Any:
    """Collect a round of masked updates; return some weights of them and the sum."""
    updates, masks, sent = _round(values["mask"], seed)
    here = [k for k in range(CLIENTS) if values["lost"] == "nobody" or k != LOST]
    total = np.sum([sent[k] for k in here], axis=0)
    if len(here) < CLIENTS and values["recovery"] == "are given away":
        total += masked(np.zeros(4810), LOST, masks)  # what it would have cancelled
    true, found = number(sum(masked(updates[k], k, {}) for k in here)), number(total)
    shown = {"update": updates[0], "sent": number(sent[0]), "true": true, "sum": found}
    error = float(np.linalg.norm(found - true) / np.linalg.norm(true))
    return {name: array[SHOWN].tolist() for name, array in shown.items()}, error


@cache
def _round(size: str, seed: int) -> tuple[dict[int, Flat], Any, list[Any]]:
    """Run a round; return the updates, the masks of all pairs, and what was sent."""
    room, masks = Classroom(CLIENTS, 100, seed), {}
    for i, j in combinations(range(CLIENTS), 2):
        rng = np.random.default_rng((seed, i, j))  # what the two have agreed on
        masks[i, j] = rng.integers(-SIZES[size], SIZES[size] + 1, size=4810)
    updates: dict[int, Flat] = {}
    received: list[Any] = []

    def encode(k: int, update: Flat, rng: np.random.Generator) -> Sent:
        updates[k] = update
        return {"masked": masked(update, k, masks)}

    def combine(sent: Any) -> Flat:
        received.extend(one["masked"] for one in sent)
        return np.zeros(4810, np.float32)

    app = update_app(room, encode, local_steps=16)
    run_updates(room, LocalGrid(app, room.federation, seed=seed), combine, 1)
    return updates, masks, received


def show(values: Values, data: Any) -> Scene:
    """Draw some weights of what the server sees, and of its sum."""
    shown, error = data
    views = []
    for title, names in (
        ("What the server sees of client 0", ("sent", "update")),
        ("The sum of all", ("sum", "true")),
    ):
        series = {name: (range(len(shown[name])), shown[name]) for name in names}
        top = 1.2 * max(abs(value) for name in names for value in shown[name])
        canvas = figures.canvas(title, "weight", "value")
        views.append(figures.lines(canvas, series, y_range=(-top, top)))
    ratio = np.abs(shown["sent"]).max() / np.abs(shown["update"]).max()
    says = f"What client 0 sends is {ratio:,.3g} times as large as its update; the sum "
    says += (
        f"is off by {error:,.2g} times its length." if error else "is exactly right."
    )
    rows = [list(row) for row in zip(*shown.values(), strict=True)]
    return Scene(views, says, tuple(shown), rows)


DEMO = Demo(PLAN, compute, show, masked)
