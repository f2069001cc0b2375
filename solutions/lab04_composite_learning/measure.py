"""Measure what lab 4 shows: how long each server takes, and whom the deadline forgets.

Runs the lab's own cells up to Task 5 (setup, exercises, explorations) for twenty seeds
and prints `thresholds.md`. From the root of the repository, in about three minutes:

    PYTHONPATH=. python solutions/lab04_composite_learning/measure.py \
        > solutions/lab04_composite_learning/thresholds.md

Facts in the lab's prose come from these rows; the lab's own SEED is 1.
"""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Lab, read_lab

SEEDS = range(1, 21)
SERVERS = ("waits for all", "deadline", "time budget", "FedBuff")
TARGET = 85  # percent of the test digits
END_S = 1100  # where the figure ends
HEADER = f"""\
# Four servers on eight mixed devices, on twenty seeds

Digits, eight workers: four workstations, two laptops of half their speed, two old
laptops of a quarter of it, which hold 90 % of the 8s and 9s; each worker crashes in one
round out of ten. First the virtual seconds until {TARGET} % of the test digits are
named correctly (nan: never), then the percentage that is after {END_S} s, and of the 8s
and 9s by the last model. No test of the lab grades these numbers; the prose, the
question cells and the rubric quote them.

Made by `PYTHONPATH=. python solutions/lab04_composite_learning/measure.py`.

| seed | s to {TARGET} %: {" | ".join(SERVERS)} | % right: {" | ".join(SERVERS)} \
| % of 8s and 9s: {" | ".join(SERVERS)} |
|---|{"---|" * (3 * len(SERVERS))}"""


def namespace_of(lab: Lab, seed: int) -> dict[str, Any]:
    """Run the lab's cells with this SEED until all four servers have trained."""
    namespace: dict[str, Any] = {"__name__": lab.name}
    for cell in lab.of_kind("setup", "exercise", "explore"):
        source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
        exec(compile(source, lab.name, "exec"), namespace)
        if "percent_at" in namespace:
            return namespace
    raise ValueError(f"{lab.name} has no cell that defines percent_at")


def seconds_to(curve: list[tuple[float, float]]) -> float:
    """Return when a curve of (seconds, percent) reaches the target; NaN if never."""
    return next((when for when, percent in curve if percent >= TARGET), np.nan)


def row(lab: Lab, seed: int) -> list[float]:
    """Return seconds to the target, percent right, percent right of 8s and 9s."""
    with redirect_stdout(StringIO()):
        names = namespace_of(lab, seed)
    curves, models = names["curves"], names["models"]
    times = [seconds_to(curves[server]) for server in SERVERS]
    last = [float(names["percent_at"](curves[server])[-1]) for server in SERVERS]
    rare = [float(names["percent_right"](models[s], (8, 9))) for s in SERVERS]
    return [*times, *last, *rare]


def main() -> None:
    """Print the table, and below it the worst case of each claim."""
    lab = read_lab(Path(__file__).with_name("lab04_composite_learning.py"))
    print(HEADER)
    rows = []
    for seed in SEEDS:
        rows.append(row(lab, seed))
        print(f"| {seed} | {' | '.join(f'{value:.0f}' for value in rows[-1])} |")
    waits, deadline, budget, buffered = np.array(rows).T[:4]
    print()
    for name, times in (("the time budget", budget), ("FedBuff", buffered)):
        ratio = waits / times
        print(
            f"- {name} is {np.nanmin(ratio):.1f} to {np.nanmax(ratio):.1f} times as "
            "fast as the server that waits for all, "
            f"{np.nanmedian(ratio):.1f} in the median"
        )
    print(f"- the deadline reaches {TARGET} % on {np.isfinite(deadline).sum()} seeds")
    last, rare = np.array(rows).T[4:8], np.array(rows).T[8:]
    for what, numbers in (("all digits", last), ("8s and 9s", rare)):
        lost = numbers[0] - numbers[1]
        print(
            f"- of {what}, the deadline's model names {lost.min():.0f} to "
            f"{lost.max():.0f} points fewer than that of the server that waits; on "
            f"{(lost >= 5).sum()} seeds at least 5"
        )


if __name__ == "__main__":
    main()
