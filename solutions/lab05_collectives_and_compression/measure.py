"""Measure what lab 5 shows: which compressed updates still train the model.

Runs the lab's own cells (setup, exercises, and the three explorations that end in
`training`) for twenty seeds and prints `thresholds.md`. From the root of the
repository, in about a minute and a half:

    PYTHONPATH=. python solutions/lab05_collectives_and_compression/measure.py \
        > solutions/lab05_collectives_and_compression/thresholds.md

Facts in the lab's prose come from the row of its own SEED.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Lab, read_lab

SEEDS = range(1, 21)
ENCODERS = ("everything", "top_k", "top_k_forgetful", "at_random", "to_nearest")
DEFINED = ("app_that_sends", "top_k", "training")  # in three explorations
HEADER = """\
# What compressed updates teach, on twenty seeds

Ten clients, Dirichlet with alpha 1, 30 rounds of ten local steps (lr 0.1, batches of
32); test digits named correctly after the last round, in percent. Top-k sends 48 of
4,810 entries. No test of the lab grades these numbers; the prose, the question cells
and the rubric quote them.

Made by `PYTHONPATH=. python solutions/lab05_collectives_and_compression/measure.py`.

| seed | everything | top 1 %, with memory | top 1 %, forgetful | 2 bits, at random \
| 2 bits, to nearest |
|---|---|---|---|---|---|"""


def namespace_of(lab: Lab, seed: int) -> dict[str, Any]:
    """Run the lab's setup, exercises and what defines `training`, with this SEED."""
    namespace: dict[str, Any] = {"__name__": lab.name}
    needed = [
        cell
        for cell in lab.of_kind("explore")
        if any(f"def {name}(" in cell.source for name in DEFINED)
    ]
    for cell in (*lab.of_kind("setup", "exercise"), *needed):
        source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
        exec(compile(source, lab.name, "exec"), namespace)
    return namespace


def row(lab: Lab, seed: int) -> list[float]:
    """Return the accuracy after the last round for each encoder, in percent."""
    names = namespace_of(lab, seed)
    return [100 * names["training"](names[encode])[1][-1] for encode in ENCODERS]


def main() -> None:
    """Print the table, and below it the worst case of each claim."""
    lab = read_lab(Path(__file__).with_name("lab05_collectives_and_compression.py"))
    rows = np.array([row(lab, seed) for seed in SEEDS])
    print(HEADER)
    for seed, values in zip(SEEDS, rows, strict=True):
        print(f"| {seed} | {' | '.join(f'{value:.1f}' for value in values)} |")
    everything, kept, forgotten, random, nearest = rows.T
    memory, chance = kept - forgotten, random - nearest
    print(
        f"\n- memory: top 1 % gains {memory.min():.1f} to {memory.max():.1f} points by "
        f"it, {np.median(memory):.1f} in the median, and ends at most "
        f"{(everything - kept).max():.1f} points below sending everything"
        f"\n- chance: two bits rounded at random end {chance.min():.1f} to "
        f"{chance.max():.1f} points above two bits rounded to nearest, and at most "
        f"{(everything - random).max():.1f} points below sending everything"
    )


if __name__ == "__main__":
    main()
