"""Measure what lab 10 shows and grades, seed by seed.

Runs the lab's own cells (setup, exercises, and the exploration that joins them) with
each seed, then the lab's runs and a few that its prose speaks of, and prints
`thresholds.md`. From the root of the repository, in about half an hour on one core:

    PYTHONPATH=. OMP_NUM_THREADS=1 python solutions/lab10_photon_rounds/measure.py \
        > solutions/lab10_photon_rounds/thresholds.md

Seeds can be named: `measure.py 1 2 3`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Cell, Lab, read_lab

SEEDS = range(1, 21)
HEADER = """\
# What rounds of a language model do, seed by seed

Excess loss over the floor, nats per token, after 288 steps. `large` is one worker with
batches of 32, `lone` one worker with batches of 8, `fed` four workers with batches of 8
and 32 steps a round (unless the column says otherwise); the number is the peak rate.
`restarted` restarts the schedule in every round; `momentum` is an outer step with
lr 0.7 and momentum 0.9. In `own` every worker has a language of its own, and `own all`
is one worker that reads all four. `learns` is what the hidden test of `local-steps`
measures: eighty steps on a small language; the test allows 0.3.

Made by `PYTHONPATH=. OMP_NUM_THREADS=1 python \
solutions/lab10_photon_rounds/measure.py`.
"""
COLUMNS = (
    *("large .03", "lone .03", "fed .03", "lone .1", "fed .1", "lone .2", "fed .2"),
    *("tau 8", "tau 96", "restarted", "momentum"),
    *("own all", "own 8", "own 32", "own 96", "learns"),
)


def run(names: dict[str, Any], cell: Cell, seed: int) -> None:
    """Execute one cell of the lab with this SEED."""
    source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
    exec(compile(source, f"line {cell.line}", "exec"), names)


def namespace_of(lab: Lab, seed: int) -> dict[str, Any]:
    """Run setup, exercises, and the explorations that define what is measured."""
    names: dict[str, Any] = {"__name__": lab.name, "print": lambda *_: None}
    for cell in lab.of_kind("setup", "exercise"):
        run(names, cell, seed)
    for cell in lab.of_kind("explore"):
        if "def pretrain(" in cell.source:
            run(names, cell, seed)
        elif "domains = " in cell.source:  # the data, without the run behind them
            data = cell.source[: cell.source.index("skewed = ")]
            exec(data, names)
    return names


def same_language(names: dict[str, Any]) -> Iterator[float]:
    """Yield the excess losses of workers with one language."""

    def end(num_clients: int, tau: int, batch_size: int, peak: float, **outer: float):
        shards, floor = names["iid_shards"](num_clients), names["floor"]
        settings = {"tau": tau, "batch_size": batch_size, "peak": peak, **outer}
        return names["pretrain"](shards, names["held_out"], floor, **settings)[1][-1]

    yield end(1, 288, 32, 0.03)
    for peak in (0.03, 0.1, 0.2):
        yield end(1, 288, 8, peak)
        yield end(4, 32, 8, peak)
    yield end(4, 8, 8, 0.03)
    yield end(4, 96, 8, 0.03)
    whole = names["learning_rate"]
    names["learning_rate"] = lambda step, *, peak, warmup, total: whole(
        step % 32, peak=peak, warmup=warmup, total=32
    )
    yield end(4, 32, 8, 0.03)
    names["learning_rate"] = whole
    yield end(4, 32, 8, 0.03, lr=0.7, momentum=0.9)


def own_languages(names: dict[str, Any]) -> Iterator[float]:
    """Yield the excess losses where every worker has a language of its own."""
    own, given = names["own"], (names["all_tests"], names["mixed_floor"])
    everything = [np.concatenate(own)]
    one = {"tau": 288, "batch_size": 32, "peak": 0.03}
    yield names["pretrain"](everything, *given, **one)[1][-1]
    for tau in (8, 32, 96):
        settings = {"tau": tau, "batch_size": 8, "peak": 0.03}
        yield names["pretrain"](own, *given, **settings)[1][-1]


def row(lab: Lab, seed: int) -> list[float]:
    """Return the numbers of one seed, in the order of COLUMNS."""
    names = namespace_of(lab, seed)
    values = [*same_language(names), *own_languages(names)]
    (learns,) = [c for c in lab.of_kind("test") if c.grade_id.endswith("steps-learns")]
    run(names, learns, seed)
    return [*values, names["excess"]]


def claims(rows: np.ndarray) -> Iterator[str]:
    """Yield each claim with its worst seed."""
    of = dict(zip(COLUMNS, rows.T, strict=True))
    for title, values in (
        ("fed .03 over large .03", of["fed .03"] / of["large .03"]),
        ("fed .03 over lone .03", of["fed .03"] / of["lone .03"]),
        ("fed .1 over lone .1", of["fed .1"] / of["lone .1"]),
        ("fed .2 over lone .2", of["fed .2"] / of["lone .2"]),
        ("lone .2 over lone .03", of["lone .2"] / of["lone .03"]),
        ("restarted over fed .03", of["restarted"] / of["fed .03"]),
        ("momentum over fed .03", of["momentum"] / of["fed .03"]),
        ("tau 96 over tau 8, one language", of["tau 96"] / of["tau 8"]),
        ("own 96 minus own 8", of["own 96"] - of["own 8"]),
        ("own 8 over own all", of["own 8"] / of["own all"]),
        ("learns, graded at < 0.3", of["learns"]),
    ):
        low, middle, high = np.quantile(values, [0, 0.5, 1])
        yield f"| {title} | {low:.2f} | {middle:.2f} | {high:.2f} |"


def main() -> None:
    """Print the table, and below it the range of each claim."""
    seeds = [int(text) for text in sys.argv[1:]] or list(SEEDS)
    lab = read_lab(Path(__file__).with_name("lab10_photon_rounds.py"))
    print(HEADER)
    print(f"| seed | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    rows = []
    for seed in seeds:
        rows.append(row(lab, seed))
        print(f"| {seed} | {' | '.join(f'{value:.3f}' for value in rows[-1])} |")
        sys.stdout.flush()
    print("\n| ratio or difference | least | median | most |\n|---|---|---|---|")
    for line in claims(np.array(rows)):
        print(line)


if __name__ == "__main__":
    main()
