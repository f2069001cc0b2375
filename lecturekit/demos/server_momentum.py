"""Server momentum: what the server gains by remembering where it was going.

The pseudo-gradient g, old model minus the cohort's mean, is another one in every round,
because the cohort is. FedAvgM takes its step with a decaying sum of them,

    v <- beta v + g        w <- w - eta v

in which what the rounds agree on adds up, and what they quarrel about cancels.

Paper: Hsu et al., Measuring the Effects of Non-Identical Data Distribution for
Federated Visual Classification, 2019, https://arxiv.org/abs/1909.06335
"""

import random
from functools import cache, partial
from typing import Any

import numpy as np

from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .classroom import Classroom, Run
from .demo import Answer, Demo, Values
from .solution import answers

CLIENTS, ROUNDS = 10, 40
SKEWS = {100: "none", 0.1: "strong"}

PLAN = Plan(
    name="server-momentum",
    title="What does a server gain by remembering where it was going?",
    lecture="Server optimisers",
    minutes=8,
    shows="momentum and rate of the server's step: accuracy, path, length of steps",
    question="Three of ten skewed clients train in a round, and the server goes 0.3 of "
    "the way to their average: after 40 rounds 42 % of the digits are right. "
    "And with momentum 0.9?",
    options=(
        "Less than 30 %: it overshoots",
        "About as many: only the path is smoother",
        "About 60 %",
        "About 90 %",
    ),
    right=3,
    because="What the rounds agree on adds up, to ten times a step; what they quarrel "
    "about cancels.",
    controls=(
        Control(
            "momentum", "momentum", (0.0, 0.5, 0.9, 0.95), ("0", "0.5", "0.9", "0.95")
        ),
        Control("lr", "server rate", (0.1, 0.3, 1.0), ("0.1", "0.3", "1")),
        Control("alpha", "label skew", tuple(SKEWS), tuple(SKEWS.values())),
    ),
    presets=(
        Preset("Momentum 0.9", (0.9, 0.3, 0.1), "The path has become one long curve."),
        Preset("Without", (0.0, 0.3, 0.1), "Short steps, each the way of its cohort."),
        Preset("FedAvg", (0.0, 1.0, 0.1), "Longer steps alone: faster, and a zigzag."),
        Preset(
            "Both long",
            (0.95, 1.0, 0.1),
            "Steps five times as long, and never at rest.",
        ),
        Preset("No skew", (0.9, 1.0, 100), "Cohorts that agree need no memory."),
    ),
    script=(
        "Say: in every round another three clients answer, and each has few digits. "
        "The server sees another direction each time.",
        "Ask for the prediction. Most say: smoother, not better.",
        "Presets 2 and 1: the faint lines are the run before. Then 3: is it only the "
        "length of the step? It helps, but the accuracy jumps up and down.",
        "Preset 4: is more always better? Preset 5: without skew little is gained.",
        "The same formula, in Nesterov's form, is DiLoCo's and Photon's outer step.",
    ),
)


def compute(values: Values, seed: int) -> Any:
    """Run 40 rounds with cohorts of 3 of 10; return accuracy, path and steps."""
    run = _run(values["momentum"], values["lr"], values["alpha"], seed)
    steps = np.diff(run.models, axis=0)
    path = (np.array(run.models) - run.models[0]) @ _axes(seed)
    return {
        "accuracy": run.accuracy,
        "FedAvg": _run(0.0, 1.0, values["alpha"], seed).accuracy,
        "path": path.tolist(),
        "step": np.linalg.norm(steps, axis=1).tolist(),
    }


@cache
def _run(momentum: float, lr: float, alpha: float, seed: int) -> Run:
    lab = answers("lab02_server_optimisers", "strategy", "fedavgm")
    optimiser = partial(lab["fedavgm"], lr=lr, momentum=momentum)
    strategy = lab["FedOpt"](optimiser, fraction_train=0.3, fraction_evaluate=0)
    random.seed(seed)  # Flower draws its cohorts from here: the same for all settings
    return Classroom(CLIENTS, alpha, seed).run(strategy, ROUNDS, local_steps=8, lr=0.1)


@cache
def _axes(seed: int) -> Any:
    """Return two directions, (n, 2): of all FedAvg's steps, and of their zigzag."""
    steps = np.diff(_run(0.0, 1.0, 0.1, seed).models, axis=0)
    forward = steps.sum(axis=0) / np.linalg.norm(steps.sum(axis=0))
    aside = steps - np.outer(steps @ forward, forward)
    return np.stack([forward, np.linalg.svd(aside, full_matrices=False)[2][0]], axis=1)


def show(values: Values, data: Any) -> Scene:
    """Draw accuracy, the path of the model, and how long its steps are."""
    rounds = range(ROUNDS + 1)
    accuracy = figures.lines(
        figures.canvas("Accuracy", "round", "test accuracy"),
        {"here": (rounds, data["accuracy"]), "FedAvg": (rounds, data["FedAvg"])},
        y_range=(0, 1.1),
    )
    path = figures.paths(
        figures.canvas("The server's path", "forward", "aside"),
        {"": data["path"]},
        {"now": data["path"][-1]},
        reach=2.6,
    )
    path.update_xaxes(range=[-1, 24])
    steps = figures.lines(
        figures.canvas("Length of its steps", "round", "distance"),
        {"here": (rounds[1:], data["step"])},
        y_range=(0, 2),
    )
    here, before = data["accuracy"][-1], data["accuracy"][-6:-1]
    says = (
        f"Momentum {values['momentum']:g}, rate {values['lr']:g}: {here:.0%} of "
        f"the test digits are right after {ROUNDS} rounds; in the five rounds before "
        f"it was {min(before):.0%} to {max(before):.0%}."
    )
    rows = [
        [t, data["accuracy"][t], data["FedAvg"][t]] for t in range(0, ROUNDS + 1, 5)
    ]
    return Scene([accuracy, path, steps], says, ("round", "accuracy", "FedAvg"), rows)


ANSWER = Answer("lab02_server_optimisers", "fedavgm", "fedavgm")
DEMO = Demo(PLAN, compute, show, ANSWER)
