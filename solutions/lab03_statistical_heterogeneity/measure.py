"""Measure what lab 3 shows: what skew does to one average, and what three methods do.

Runs the lab's own cells (setup, exercises, and the explorations that define the
federations and the training) for twenty seeds and prints `thresholds.md`. From the
root of the repository, in about two minutes:

    PYTHONPATH=. python solutions/lab03_statistical_heterogeneity/measure.py \
        > solutions/lab03_statistical_heterogeneity/thresholds.md

Facts in the lab's prose come from these rows; the lab's own SEED is 1.
"""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Lab, read_lab

SEEDS = range(1, 21)
DEFINED = ("federations = {}", "def one_shot(", "def app_of(", "class Server(")
METHODS: dict[str, dict[str, Any]] = {
    "FedAvg": {},
    "FedProx": {"mu": 0.3},
    "SCAFFOLD": {"corrects": True},
}
HEADER = """\
# Skewed clients, on twenty seeds

Digits, ten clients. One average: the lab's Dirichlet splits with at least 5 examples
per client, 20 local epochs, one round, weighted by examples. Training: two shards per
client, 20 rounds of 5 local epochs (lr 0.1, batches of 32), all clients in every round,
all with the same weight; FedProx has mu 0.3. Accuracies are test digits named
correctly, in percent, for training the mean of rounds 11 to 20. Drift is the mean
distance between a client's model and the average, in the same rounds. Worst is the
accuracy after round 20, in percent, on the mixture of digits of the client that is
served worst.
No test of the lab grades these numbers; the prose and the rubric quote them.

One graded claim rests on a measurement, that FedNova goes to the optimum of three
quadratics: the test asks for a gap below 0.3 of the one between the optimum and
FedAvg's fixed point (for small steps). The last line has its share on these seeds.

Made by `PYTHONPATH=. python solutions/lab03_statistical_heterogeneity/measure.py`."""


def namespace_of(lab: Lab, seed: int) -> dict[str, Any]:
    """Run setup, exercises and what defines the training, with this SEED."""
    namespace: dict[str, Any] = {"__name__": lab.name}
    explorations = [
        cell
        for cell in lab.of_kind("explore")
        if any(start in cell.source for start in (*DEFINED, "def training("))
    ]
    for cell in (*lab.of_kind("setup", "exercise"), *explorations):
        source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
        with redirect_stdout(io.StringIO()):  # one of them prints sizes
            exec(compile(source, lab.name, "exec"), namespace)
    return namespace


def one_average(names: dict[str, Any]) -> list[float]:
    """Return the average's and the mean client's accuracy, for each alpha in turn."""
    values = []
    for federation in names["federations"].values():
        models, average = names["one_shot"](federation)
        clients = [names["percent_right"](model) for model in models]
        values += [names["percent_right"](average), float(np.mean(clients))]
    return values


def rounds(names: dict[str, Any]) -> list[float]:
    """Return accuracy, drift and the worst client's accuracy of each method in turn."""
    values = []
    federation, test_set = names["uneven"], names["test_set"]
    counts = federation.label_counts()
    for method in METHODS.values():
        w, percent, drift = names["training"](federation, **method)
        model, right = names["unflat"](w), []
        for label in range(10):
            of_label = test_set.subset(np.flatnonzero(test_set.labels == label))
            accuracy = names["mlp"].accuracy(model, of_label.features, of_label.labels)
            right.append(100 * accuracy)
        worst = (counts @ right / counts.sum(axis=1)).min()
        values += [float(np.mean(percent[10:])), float(np.mean(drift[10:])), worst]
    return values


def fednova_gap(lab: Lab, names: dict[str, Any]) -> float:
    """Return how far from the optimum the test of FedNova ends, as a share."""
    (test,) = (c for c in lab.tests_of("fednova") if "biased" in c.source)
    found = dict(names)
    exec(compile(test.source, lab.name, "exec"), found)
    gap = abs(found["w"][0] - found["optimum"])
    return float(gap / abs(found["biased"] - found["optimum"]))


def print_table(title: str, columns: list[str], rows: Any, digits: list[int]) -> None:
    """Print a markdown table with a row per seed."""
    print(f"\n## {title}\n\n| seed | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for seed, values in zip(SEEDS, rows, strict=True):
        cells = [f"{v:.{d}f}" for v, d in zip(values, digits, strict=True)]
        print(f"| {seed} | {' | '.join(cells)} |")


def main() -> None:
    """Print the tables, and below them each claim with its worst seed."""
    lab = read_lab(Path(__file__).with_name("lab03_statistical_heterogeneity.py"))
    averages, trained, gaps = [], [], []
    for seed in SEEDS:
        names = namespace_of(lab, seed)
        averages.append(one_average(names))
        trained.append(rounds(names))
        gaps.append(fednova_gap(lab, names))
    print(HEADER)
    columns = [f"{alpha}: {who}" for alpha in (0.1, 1, 1000) for who in ("avg", "mean")]
    print_table("One average (avg) and the mean client", columns, averages, [1] * 6)
    columns = [f"{m}: {what}" for m in METHODS for what in ("right", "drift", "worst")]
    print_table(
        "Twenty rounds with two shards per client", columns, trained, [1, 2, 1] * 3
    )
    print_claims(np.array(averages), np.array(trained))
    print(
        f"- FedNova on three quadratics: {min(gaps):.2f} to {max(gaps):.2f} of the gap"
    )


def print_claims(averages: Any, trained: Any) -> None:
    """Print what holds on how many seeds, and by how much."""
    gains = averages[:, ::2] - averages[:, 1::2]
    print()
    for alpha, gain, average in zip(
        (0.1, 1, 1000), gains.T, averages[:, ::2].T, strict=True
    ):
        print(
            f"- alpha {alpha}: the average beats the mean client by {gain.min():.1f} "
            f"to {gain.max():.1f} points (median {np.median(gain):.1f}) and names "
            f"{average.min():.1f} to {average.max():.1f} % (median "
            f"{np.median(average):.1f})"
        )
    base = trained[:, :3]
    for column, method in list(enumerate(METHODS))[1:]:
        right, drift, worst = (trained[:, 3 * column : 3 * column + 3] - base).T
        share = trained[:, 3 * column + 1] / base[:, 1]
        print(
            f"- {method}, against FedAvg: accuracy {right.min():+.1f} to "
            f"{right.max():+.1f} points, higher on {(right > 0).sum()} of {len(right)} "
            f"seeds and by 2 or more on {(right >= 2).sum()}; drift {share.min():.2f} "
            f"to {share.max():.2f} times, lower on {(drift < 0).sum()}; worst client "
            f"{worst.min():+.1f} to {worst.max():+.1f} points, higher on "
            f"{(worst > 0).sum()}"
        )


if __name__ == "__main__":
    main()
