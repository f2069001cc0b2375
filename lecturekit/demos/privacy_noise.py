"""Privacy noise: clip, add noise, and what both cost.

Every client's update is clipped to norm C, and noise of standard deviation sigma * C is
added to their sum. Whether somebody took part is then hard to tell: with T such rounds
and everybody in each, the releases together are mu-GDP, mu = sqrt(T) / sigma, and

    delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)

exactly. C is not in it: it decides how much of an update is left, not how private it is.

Papers: McMahan et al., Learning Differentially Private Recurrent Language Models, ICLR
2018, https://arxiv.org/abs/1710.06963; Dong, Roth, Su, Gaussian Differential Privacy,
2019, https://arxiv.org/abs/1905.02383
"""

from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from lecturekit.runtime import LocalGrid
from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .classroom import Classroom, Flat
from .demo import Demo, Values
from .updates import Sent, run_updates, update_app

ROUNDS, DELTA = 30, 1e-3


def private_mean(
    updates: Any, clip_norm: float, noise_multiplier: float, rng: Any
) -> Any:
    """Return the mean of clipped updates, with noise as large as one of them may be."""
    norms = np.linalg.norm(updates, axis=1, keepdims=True)
    clipped = updates * np.minimum(1, clip_norm / norms)
    noise = rng.normal(0, noise_multiplier * clip_norm, size=updates.shape[1])
    return (clipped.sum(axis=0) + noise) / len(updates)


def epsilon(noise_multiplier: float, num_rounds: int, delta: float = DELTA) -> float:
    """Return the privacy budget that is spent; infinite without noise."""
    if noise_multiplier == 0:
        return float("inf")
    mu = num_rounds**0.5 / noise_multiplier

    def excess(e: float) -> float:
        spent = norm.logcdf(-mu / 2 - e / mu) + e
        return float(norm.cdf(mu / 2 - e / mu) - np.exp(spent) - delta)

    return float(brentq(excess, 0, 10 * mu * (mu + 10)))


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
