"""Client drift: the way of the clients, and what the average keeps of it.

In a round every client takes H local steps towards what its own examples want; with
skewed labels every client wants something else. The more steps, the further they walk
apart, and the less of their way is left in the average. The plane begins where the
round does, and shows the two directions in which the most skewed clients part most.

Paper: Karimireddy et al., SCAFFOLD: Stochastic Controlled Averaging for Federated
Learning, ICML 2020, https://arxiv.org/abs/1910.06378, which calls it client drift.
"""

from functools import cache
from typing import Any

import numpy as np
from flwr.serverapp.strategy import FedAvg

from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .classroom import Classroom
from .demo import Answer, Demo, Values

CLIENTS, ROUNDS = 5, 40
REACH = {1: 4.5, 5: 2.0, 40: 1.2}  # of the plane, by round
SKEWS = {100: "none", 1: "mild", 0.1: "strong", 0.02: "extreme"}

PLAN = Plan(
    name="client-drift",
    title="Where do clients go, and where is their average?",
    lecture="Statistical heterogeneity",
    minutes=8,
    shows="local steps against label skew: clients' paths, accuracy, what is left",
    question="Five clients have a few of the ten digits each. They take 64 local steps "
    "in a round instead of 1. What happens to their average's accuracy in 40 rounds?",
    options=(
        "It falls: the clients pull it apart",
        "It stays: what they gain, the average loses",
        "It rises, but not as high as without skew",
        "It rises as high as without skew",
    ),
    right=2,
    because="Most of a client's way is undone by the others; what is left still goes "
    "further than one step.",
    controls=(
        Control("local_steps", "local steps", (1, 4, 16, 64)),
        Control("alpha", "label skew", tuple(SKEWS), tuple(SKEWS.values())),
        Control("round", "paths of round", (1, 5, 40)),
    ),
    presets=(
        Preset("One step", (1, 0.02, 40), "Everybody steps, the average hardly moves."),
        Preset("64 steps", (64, 0.02, 40), "They walk far; the diamond stays behind."),
        Preset("No skew", (64, 100, 40), "The same work, and less of it cancels."),
        Preset("First round", (64, 100, 1), "At first all agree on where to go."),
        Preset("First, skewed", (64, 0.02, 1), "With skew they disagree at once."),
    ),
    script=(
        "Say: five hospitals, each sees few of the ten digits. In a round everybody "
        "starts at the same model, walks alone, and the server averages.",
        "Ask for hands on each answer, choose the one with most, press space.",
        "Presets 1 and 2: point at who walks furthest, then at the diamond. Who lost "
        "whose work? Preset 3: the faint lines are the skewed run.",
        "Presets 4 and 5: was it like that from the beginning?",
        "Turn the local steps: more is better here, and wastes more. That waste is "
        "what FedProx and SCAFFOLD are about.",
    ),
)


def compute(values: Values, seed: int) -> Any:
    """Run 40 rounds; return accuracy, paths in the plane, and distances walked."""
    run, ways = _run(values["local_steps"], values["alpha"], seed)
    axes, t = _axes(seed), values["round"]
    origin = run.models[t - 1]
    walked = [float(np.linalg.norm(way[-1] - way[0])) for way in ways[t]]
    moved = float(np.linalg.norm(run.models[t] - run.models[t - 1]))
    return {
        "accuracy": run.accuracy,
        "no skew": _run(values["local_steps"], 100, seed)[0].accuracy,
        "paths": [((way - origin) @ axes).tolist() for way in ways[t]],
        "average": ((run.models[t] - origin) @ axes).tolist(),
        "walked": [*walked, moved],
    }


@cache
def _run(local_steps: int, alpha: float, seed: int) -> tuple[Any, Any]:
    """Return the run, and round -> client -> the models that it went through."""
    ways: list[list[list[Any]]] = [[[] for _ in range(CLIENTS)]]
    run = Classroom(CLIENTS, alpha, seed).run(
        FedAvg(fraction_evaluate=0),
        ROUNDS,
        local_steps=local_steps,
        watch=lambda k, model: ways[-1][k].append(model),
        on_round=lambda t: ways.append([[] for _ in range(CLIENTS)]),
    )
    # Round 0 is the evaluation of the first model: nobody walks.
    return run, [[np.array(way) for way in of_round if way] for of_round in ways]


@cache
def _axes(seed: int) -> Any:
    """Return the two directions, (n, 2), in which skewed clients part most."""
    _, ways = _run(64, 0.02, seed)
    ends = np.array([way[-1] - way[0] for way in ways[ROUNDS]])
    return np.linalg.svd(ends - ends.mean(axis=0))[2][:2].T


def show(values: Values, data: Any) -> Scene:
    """Draw the plane, the accuracy, and who walked how far."""
    t, rounds = values["round"], range(ROUNDS + 1)
    plane = figures.paths(
        figures.canvas(f"Clients' ways in round {t}", "one direction", "another"),
        dict(zip("01234", data["paths"], strict=True)),
        {"average": data["average"]},
        reach=REACH[t],
    )
    accuracy = figures.lines(
        figures.canvas("Accuracy of the average", "round", "test accuracy"),
        {"here": (rounds, data["accuracy"]), "no skew": (rounds, data["no skew"])},
        y_range=(0, 1.1),
    )
    walked = dict(zip([*"01234", "average"], data["walked"], strict=True))
    far = figures.bars(
        figures.canvas("How far they went", "client", "distance"),
        walked,
        y_range=(0, REACH[t]),
        marked=["average"],
    )
    here, best = data["accuracy"][-1], data["no skew"][-1]
    kept = data["walked"][-1] / np.mean(data["walked"][:-1])
    says = (
        f"After {ROUNDS} rounds {here:.0%} of the test digits are right, {best:.0%} "
        f"without skew. In round {t}, {kept:.0%} of a way is kept."
    )
    columns = ("client", "distance walked")
    return Scene([plane, accuracy, far], says, columns, list(walked.items()))


DEMO = Demo(PLAN, compute, show, Answer("lab01_first_round", "local-sgd", "local_sgd"))
