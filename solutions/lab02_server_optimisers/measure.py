"""Measure what lab 2 shows: which server optimiser is ahead when few clients train.

Runs the lab's own cells (setup, exercises, the explorations that define the training)
for twenty seeds and prints `thresholds.md`. From the root of the repository, in about
two minutes:

    PYTHONPATH=. python solutions/lab02_server_optimisers/measure.py \
        > solutions/lab02_server_optimisers/thresholds.md

Facts in the lab's prose come from these rows; the lab's own SEED is 1.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Lab, read_lab

SEEDS = range(1, 21)
HEADER = """\
# Server optimisers with three of ten clients per round, on twenty seeds

Digits, ten clients, Dirichlet with alpha 0.1; three clients per round train for 5 local
epochs (lr 0.1, batches of 32); the same cohorts for every server. Test digits named
correctly, in percent, mean of rounds 16 to 25. FedAvgM and Nesterov have lr 0.7 and
momentum 0.9; "lr 7" is FedAvgM with lr 7 and momentum 0; FedAdam is the solution's
(equation B), FedYogi the lab's, both with lr 0.02, beta_1 0.9, beta_2 0.99, tau 0.001.
No test of the lab grades these numbers; the prose and the rubric quote them.

Made by `PYTHONPATH=. python solutions/lab02_server_optimisers/measure.py`."""


def namespace_of(lab: Lab, seed: int) -> dict[str, Any]:
    """Run the lab up to the cell that defines `percent_by_round`, with this SEED."""
    namespace: dict[str, Any] = {"__name__": lab.name}
    for cell in (*lab.of_kind("setup", "exercise"), *lab.of_kind("explore")):
        source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
        # The definitions only, not the runs that follow them.
        source = source.split("\nsettings = ")[0]
        exec(compile(source, lab.name, "exec"), namespace)
        if "percent_by_round" in namespace:
            break
    return namespace


def row(lab: Lab, seed: int) -> dict[str, float]:
    """Return the mean of rounds 16 to 25, in percent, per server."""
    names = namespace_of(lab, seed)
    momentum = {"lr": 0.7, "momentum": 0.9}
    adaptive = {"lr": 0.02, "beta_1": 0.9, "beta_2": 0.99, "tau": 1e-3}
    servers = {
        "FedAvg": names["plain"],
        "FedAvgM": partial(names["fedavgm"], **momentum),
        "Nesterov": partial(names["nesterov"], **momentum),
        "lr 7": partial(names["fedavgm"], lr=7.0, momentum=0.0),
        "FedAdam": partial(names["fedadam"], **adaptive),
        "FedYogi": partial(names["fedyogi"], **adaptive),
    }
    curves = {name: names["percent_by_round"](one) for name, one in servers.items()}
    return {name: float(np.mean(curve[16:])) for name, curve in curves.items()}


def main() -> None:
    """Print the table, and below it each claim with its worst seed."""
    lab = read_lab(Path(__file__).with_name("lab02_server_optimisers.py"))
    rows = [row(lab, seed) for seed in SEEDS]
    print(HEADER)
    print(f"\n| seed | {' | '.join(rows[0])} |\n|---{'|---' * len(rows[0])}|")
    for seed, values in zip(SEEDS, rows, strict=True):
        print(f"| {seed} | {' | '.join(f'{v:.1f}' for v in values.values())} |")
    percent = {name: np.array([one[name] for one in rows]) for name in rows[0]}
    ahead = percent["Nesterov"] - percent["FedAvg"]
    better = percent["FedAvgM"] > percent["FedAvg"]
    print(
        f"\n- Nesterov is ahead of FedAvg by {ahead.min():.1f} to {ahead.max():.1f} "
        f"points"
        f"\n- FedAvgM is ahead of FedAvg on {better.sum()} of {len(rows)} seeds, and "
        f"of "
        f"Nesterov on {(percent['FedAvgM'] > percent['Nesterov']).sum()}"
        f"\n- lr 7 without momentum names between {percent['lr 7'].min():.1f} % and "
        f"{percent['lr 7'].max():.1f} % correctly; chance is 10 %"
    )


if __name__ == "__main__":
    main()
