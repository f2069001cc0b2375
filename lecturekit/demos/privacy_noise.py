"""Privacy noise: clip, add noise, and what both cost.

Every client's update is clipped to norm C, and noise of standard deviation sigma * C is
added to their sum, so that it is hard to tell whether somebody took part. How private
that is depends on sigma and the rounds alone (see `accountant`); C decides how much of
an update is left, and how large the noise is.

Paper: McMahan et al., Learning Differentially Private Recurrent Language Models, ICLR
2018, https://arxiv.org/abs/1710.06963
"""

from functools import cache
from typing import Any

import numpy as np

from lecturekit.runtime import LocalGrid
from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .accountant import epsilon
from .classroom import Classroom, Flat
from .demo import Demo, Values
from .updates import Sent, run_updates, update_app

ROUNDS, DELTA = 30, 1e-3


PLAN = Plan(
    name="privacy-noise",
    title="What does privacy cost?",
    lecture="Privacy",
    minutes=10,
    shows="clipping norm, noise and number of clients: epsilon against accuracy",
    question="The clipping norm is made ten times smaller, and the noise multiplier "
    "stays as it is. What happens to the privacy budget epsilon?",
    options=(
        "It is ten times smaller: safer",
        "It is ten times larger: less is hidden",
        "Nothing",
        "It depends on the data",
    ),
    right=2,
    because="The noise is a multiple of the clipping norm: it shrinks along.",
    controls=(
        Control("clip_norm", "clipping norm", (0.1, 0.3, 1, 3)),
        Control("noise", "noise multiplier", (0, 1, 4, 16)),
        Control("clients", "clients", (50, 200)),
    ),
    presets=(
        Preset("Clipped hard", (0.1, 4, 50), "Just as private, and slow."),
        Preset("Clipped little", (1, 4, 50), "The same epsilon; larger noise."),
        Preset("Between", (0.3, 4, 50), "Below the norm of most updates: best here."),
        Preset("Not private", (0.3, 0, 50), "What it would be without noise."),
        Preset("Very private", (0.3, 16, 50), "Fifty clients cannot hide anybody."),
        Preset("In a crowd", (0.3, 16, 200), "The same noise, shared by 200."),
    ),
    script=(
        "Say: each client bounds what it can change, and then noise as large as that "
        "bound is added, so nobody can be told from the noise.",
        "Ask for the prediction: nearly all say the first. Presets 1 and 2: only the "
        "accuracy has changed.",
        "Preset 3: where is the best clipping norm? Look at the norms, on the right.",
        "Presets 4 and 5: turn the noise up. Preset 6: the cure is not less noise, it "
        "is more people.",
    ),
)


def private_mean(
    updates: Any, clip_norm: float, noise_multiplier: float, rng: Any
) -> Any:
    """Return the mean of clipped updates, with noise as large as one of them may be."""
    norms = np.linalg.norm(updates, axis=1, keepdims=True)
    clipped = updates * np.minimum(1, clip_norm / norms)
    noise = rng.normal(0, noise_multiplier * clip_norm, size=updates.shape[1])
    return (clipped.sum(axis=0) + noise) / len(updates)


def compute(values: Values, seed: int) -> Any:
    """Run 30 rounds; return accuracy, norms of updates, and what privacy is spent."""
    accuracy, norms = _run(
        values["clip_norm"], values["noise"], values["clients"], seed
    )
    spent = epsilon(values["noise"], ROUNDS, DELTA) if values["noise"] else None
    return {"accuracy": accuracy, "norms": norms, "epsilon": spent}


@cache
def _run(clip_norm: float, noise: float, clients: int, seed: int) -> Any:
    """Return accuracy and the mean norm of updates, round by round."""
    room, norms = Classroom(clients, 100, seed), []
    rng = np.random.default_rng((seed, 2))

    def encode(k: int, update: Flat, _: np.random.Generator) -> Sent:
        return {"update": update}

    def combine(sent: Any) -> Flat:
        updates = np.stack([one["update"] for one in sent])
        norms.append(float(np.linalg.norm(updates, axis=1).mean()))
        mean: Flat = private_mean(updates, clip_norm, noise, rng)
        return mean

    app = update_app(room, encode, local_steps=4)
    grid = LocalGrid(app, room.federation, seed=seed, trace=False)
    curve = run_updates(room, grid, combine, ROUNDS)
    return [score for _, score in curve], norms


def show(values: Values, data: Any) -> Scene:
    """Draw accuracy, epsilon, and updates beside the clipping norm and the noise."""
    rounds = range(1, ROUNDS + 1)
    accuracy = figures.lines(
        figures.canvas("Accuracy", "round", "test accuracy", grow=1.3),
        {"here": (rounds, data["accuracy"])},
        y_range=(0, 1.05),
    )
    clip, sigma, norms = values["clip_norm"], values["noise"], data["norms"]
    noise = sigma * clip * 4810**0.5 / values["clients"]  # the length of 4,810 draws
    sizes = {"update": norms[-1], "clipped": min(norms[-1], clip), "noise": noise}
    lengths = figures.bars(
        figures.canvas("Length, in the last round", "", "norm"),
        sizes,
        y_range=(0, max(2.5, 1.15 * max(sizes.values()))),
        marked=["noise"],
    )
    here, spent = data["accuracy"][-1], data["epsilon"]
    budget = f"epsilon {spent:.3g} (delta {DELTA:g})" if sigma else "no privacy at all"
    says = f"After {ROUNDS} rounds: {here:.0%} of the test digits right, {budget}."
    rows = [*sizes.items(), ("epsilon", spent)]
    return Scene([accuracy, lengths], says, ("", "value"), rows)


DEMO = Demo(PLAN, compute, show, private_mean)
