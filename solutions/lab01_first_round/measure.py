"""Measure the claim that lab 1 shows: one average is enough for even clients only.

Runs the lab's own cells (setup, exercises, and the two explorations that join them)
for twenty seeds and prints `thresholds.md`. From the root of the repository, in about
half a minute:

    PYTHONPATH=. python solutions/lab01_first_round/measure.py \
        > solutions/lab01_first_round/thresholds.md

Facts in the lab's prose come from the row of its own SEED.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Lab, read_lab

SEEDS = range(1, 21)
HEADER = """\
# What one average does, on twenty seeds

Ten clients, 20 local epochs, lr 0.1, batches of 32, one round; test digits named
correctly, in percent. `even` is Dirichlet with alpha 1000, `skewed` with alpha 0.1.
No test of the lab grades these numbers; the prose and the rubric quote them.

Made by `PYTHONPATH=. python solutions/lab01_first_round/measure.py`.

| seed | even: average | even: mean client | even: best client | skewed: average \
| skewed: mean client | skewed: best client | even: mean cosine | skewed: mean cosine |
|---|---|---|---|---|---|---|---|---|"""


def namespace_of(lab: Lab, seed: int) -> dict[str, Any]:
    """Run the lab up to the cell that defines `one_shot`, with this SEED."""
    namespace: dict[str, Any] = {"__name__": lab.name}
    for cell in (*lab.of_kind("setup", "exercise"), *lab.of_kind("explore")):
        source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
        exec(compile(source, lab.name, "exec"), namespace)
        if "one_shot" in namespace:
            break
    return namespace


def row(lab: Lab, seed: int) -> list[float]:
    """Return average, mean client and best client per federation, then cosines."""
    names = namespace_of(lab, seed)
    accuracies, cosines = [], []
    for federation in (names["even"], names["skewed"]):
        models, mean = names["one_shot"](federation)
        clients = [names["percent_right"](model) for model in models]
        accuracies += [names["percent_right"](mean), np.mean(clients), max(clients)]
        matrix = names["similarity"](names["start"], models)
        cosines.append(matrix[~np.eye(len(models), dtype=bool)].mean())
    return [*accuracies, *cosines]


def main() -> None:
    """Print the table, and below it the worst case of each claim."""
    lab = read_lab(Path(__file__).with_name("lab01_first_round.py"))
    rows = np.array([row(lab, seed) for seed in SEEDS])
    print(HEADER)
    for seed, values in zip(SEEDS, rows, strict=True):
        cells = [f"{value:.1f}" for value in values[:6]]
        cells += [f"{value:.2f}" for value in values[6:]]
        print(f"| {seed} | {' | '.join(cells)} |")
    even, even_client, _, skewed, _, best_skewed, _, _ = rows.T
    gain = even - even_client
    print(
        f"\n- even: the average beats the mean client by {gain.min():.1f} to "
        f"{gain.max():.1f} points"
        f"\n- skewed: the average is between {skewed.min():.1f} % and "
        f"{skewed.max():.1f} %, {np.median(skewed):.1f} % in the median, and under "
        f"50 % on {(skewed < 50).sum()} of {len(rows)} seeds"
        f"\n- skewed: the average beats the best client on "
        f"{(skewed > best_skewed).sum()} of {len(rows)} seeds"
    )


if __name__ == "__main__":
    main()
