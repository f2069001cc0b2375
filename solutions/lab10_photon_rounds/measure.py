"""Measure what lab 10 shows and grades, seed by seed, and write `thresholds.md`.

Runs the lab's own cells (setup, exercises, and the explorations that join them) with
each seed, then the lab's runs and one that its prose speaks of. From the root of the
repository, in about twenty minutes on one core:

    PYTHONPATH=. OMP_NUM_THREADS=1 python solutions/lab10_photon_rounds/measure.py

Every number is added to `measured.csv` as soon as it is known and is not measured
again, so that a run which was stopped goes on. Seeds can be named (`measure.py 1 2`),
to share the work between processes; `measure.py 0` measures nothing and writes the file
from what is known. Delete `measured.csv` to measure anew.
"""

import csv
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.lab import Cell, Lab, read_lab

HERE = Path(__file__).parent
MEASURED = HERE / "measured.csv"
SEEDS = range(1, 21)
TEXT = """\
# What rounds of a language model do, on up to {count} seeds

Excess loss over the floor, nats per token, after 288 steps with the lab's own code.
`large` is one worker with batches of 32, `lone` one worker with batches of 8, `fed`
four workers with batches of 8 and 32 steps a round; the number is the peak rate.
`stretched` is `lone` with four times the steps, on a schedule stretched to them.
`tau 8` and `tau 96` are `fed .03` with rounds of 8 and of 96 steps, and `restarted` is
`fed .03` with a schedule that begins anew in every round. `frequencies` is the excess
of who knows only how frequent each token is. A dash is a number not measured yet.

{one_language}

Four workers that each have a language of their own, with rounds of 8, 32 and 96 steps
at a peak rate of 0.03; `own all` is one worker that reads all four, in batches of 32.
`learns` is what the hidden test of `local-steps` measures, forty steps on a small
language, and `learns at .001` the same with AdamW's default rate in every step.

{rest}

What the lab's prose, its model answers and its rubric say rests on these ranges:

{claims}

{graded}

Made by `PYTHONPATH=. OMP_NUM_THREADS=1 python \\
solutions/lab10_photon_rounds/measure.py`, whose numbers stand in `measured.csv`.
"""
Names = dict[str, Any]
Measure = Callable[[Names], float]
Known = dict[tuple[int, str], float]  # by seed and column


def namespace_of(lab: Lab, seed: int) -> Names:
    """Run setup, exercises, and the explorations' definitions, with this SEED."""
    names: Names = {"__name__": lab.name, "print": lambda *_: None}
    explorations = [
        cell
        for cell in lab.of_kind("explore")
        if re.search(r"def (pretrain|run|run_own)\(", cell.source)
    ]
    for cell in (*lab.of_kind("setup", "exercise"), *explorations):
        # Up to the first run that it starts.
        execute(names, cell, re.split(r"(?m)^run(?:_own)?\(", cell.source)[0], seed)
    return names


def execute(names: Names, cell: Cell, source: str, seed: int) -> None:
    """Execute the source of a cell with this SEED."""
    source = re.sub(r"(?m)^SEED = \d+$", f"SEED = {seed}", source)
    exec(compile(source, f"line {cell.line}", "exec"), names)


def one_language(
    num_clients: int, tau: int, batch_size: int, peak: float, **more: Any
) -> Measure:
    """Return what measures a run of clients that share a language."""

    def measure(names: Names) -> float:
        shards = [
            names["shard"](names["corpus"], names["LENGTH"], k, num_clients)
            for k in range(num_clients)
        ]
        given = (shards, names["held_out"], names["floor"])
        settings = {"tau": tau, "batch_size": batch_size, "peak": peak, **more}
        return names["pretrain"](*given, **settings)[1][-1]

    return measure


def restarted(names: Names) -> float:
    """Measure four clients whose schedule begins anew in every round."""
    whole = names["learning_rate"]
    names["learning_rate"] = lambda step, *, peak, warmup, total: whole(
        step % 32, peak=peak, warmup=warmup, total=32
    )
    try:
        return one_language(4, 32, 8, 0.03)(names)
    finally:
        names["learning_rate"] = whole


def own_languages(tau: int, *, apart: bool) -> Measure:
    """Return what measures four languages, `apart` on four clients or on one."""

    def measure(names: Names) -> float:
        shards = names["own"] if apart else [np.concatenate(names["own"])]
        given = (shards, np.concatenate(names["tests"]), names["mixed_floor"])
        settings = {"tau": tau, "batch_size": 8 if apart else 32, "peak": 0.03}
        return names["pretrain"](*given, **settings)[1][-1]

    return measure


def frequencies(names: Names) -> float:
    """Return the excess loss of who knows only how frequent each token is."""
    pi = names["language"].stationary
    return float(-pi @ np.log(pi)) - names["floor"]


def learning(lab: Lab, seed: int, rate: str) -> Measure:
    """Return what measures the excess loss that the test of `local-steps` looks at.

    `rate` is what the solution sets as the learning rate of a step.
    """
    exercise = lab.exercise_cell("local-steps")
    (test,) = [c for c in lab.of_kind("test") if c.grade_id.endswith("steps-learns")]

    def measure(names: Names) -> float:
        own = dict(names)  # the test has a held_out of its own
        changed = exercise.source.replace('["lr"] = rate', f'["lr"] = {rate}')
        execute(own, exercise, changed, seed)
        execute(own, test, test.source.split("\nassert ")[0], seed)
        return float(own["excess"])

    return measure


def measures(lab: Lab, seed: int) -> dict[str, Measure]:
    """Return what is measured, by the name of its column."""
    found: dict[str, Measure] = {"learns": learning(lab, seed, "rate")}
    found["learns at .001"] = learning(lab, seed, "0.001")
    found["frequencies"] = frequencies
    found["lone .2"] = one_language(1, 32, 8, 0.2)
    found["fed .2"] = one_language(4, 32, 8, 0.2)
    found["lone .03"] = one_language(1, 32, 8, 0.03)
    found["fed .03"] = one_language(4, 32, 8, 0.03)
    found["large .03"] = one_language(1, 32, 32, 0.03)
    found["own all"] = own_languages(32, apart=False)
    for tau in (96, 8):
        found[f"own {tau}"] = own_languages(tau, apart=True)
        found[f"tau {tau}"] = one_language(4, tau, 8, 0.03)
    found["stretched .2"] = one_language(1, 32, 8, 0.2, recipe=(80, 1152))
    found["own 32"] = own_languages(32, apart=True)
    found["restarted"] = restarted
    return found


def already_measured() -> Known:
    """Return what `measured.csv` holds, by seed and column."""
    if not MEASURED.exists():
        return {}
    with MEASURED.open(newline="") as file:
        return {
            (int(seed), column): float(value)
            for seed, column, value in csv.reader(file)
        }


def measure_all(lab: Lab, seeds: Sequence[int]) -> Known:
    """Measure what is not known yet, and note each number as soon as it is."""
    known = already_measured()
    namespaces: dict[int, Names] = {}
    for column in measures(lab, 0):
        for seed in seeds:
            if (seed, column) in known:
                continue
            if seed not in namespaces:
                namespaces[seed] = namespace_of(lab, seed)
            value = float(measures(lab, seed)[column](namespaces[seed]))
            known[seed, column] = round(value, 6)
            with MEASURED.open("a", newline="") as file:
                csv.writer(file).writerow((seed, column, known[seed, column]))
    return known


def table(known: Known, seeds: Sequence[int], columns: Sequence[str]) -> str:
    """Return a table with a row per seed; a dash stands for what is not measured."""
    lines = [f"| seed | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for seed in seeds:
        values = [known.get((seed, column)) for column in columns]
        shown = ["-" if value is None else f"{value:.3f}" for value in values]
        lines.append(f"| {seed} | {' | '.join(shown)} |")
    return "\n".join(lines)


def claims(of: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield the range of each claim over the seeds that it was measured on."""
    yield "| ratio or difference | seeds | least | median | most |"
    yield "|---|---|---|---|---|"
    for title, values in (
        ("fed .03 minus large .03", of["fed .03"] - of["large .03"]),
        ("fed .03 over lone .03", of["fed .03"] / of["lone .03"]),
        ("lone .2 over lone .03", of["lone .2"] / of["lone .03"]),
        ("lone .2 over frequencies", of["lone .2"] / of["frequencies"]),
        ("fed .2 over lone .2", of["fed .2"] / of["lone .2"]),
        ("fed .2 minus fed .03", of["fed .2"] - of["fed .03"]),
        ("stretched .2 over fed .2", of["stretched .2"] / of["fed .2"]),
        ("restarted over fed .03", of["restarted"] / of["fed .03"]),
        ("tau 96 minus tau 8, one language", of["tau 96"] - of["tau 8"]),
        ("own 8 minus own all", of["own 8"] - of["own all"]),
        ("own 96 minus own 8", of["own 96"] - of["own 8"]),
    ):
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        low, middle, high = np.quantile(values, [0, 0.5, 1])
        yield f"| {title} | {len(values)} | {low:.3f} | {middle:.3f} | {high:.3f} |"


def graded(lab: Lab, of: dict[str, np.ndarray]) -> str:
    """Return the sentence about the one training claim that a test grades."""
    (test,) = [c for c in lab.of_kind("test") if c.grade_id.endswith("steps-learns")]
    (limit,) = re.findall(r"assert excess < ([\d.]+)", test.source)
    right, wrong = np.nanmax(of["learns"]), np.nanmin(of["learns at .001"])
    return (
        f"One of them is graded, with {test.points} of {lab.points} points: `learns` "
        f"must lie below\n{limit}. The right answer ends at {right:.3f} or less, the "
        f"wrong rate at {wrong:.3f} or more;\nhalf way between them lies "
        f"{(right + wrong) / 2:.2f}."
    )


def main() -> None:
    """Measure the seeds that are named, or all, and write the file."""
    lab = read_lab(HERE / "lab10_photon_rounds.py")
    named = [int(text) for text in sys.argv[1:]] or SEEDS
    known = measure_all(lab, [seed for seed in named if seed in SEEDS])
    columns = list(measures(lab, 0))
    seeds = [s for s in SEEDS if any((s, column) in known for column in columns)]
    of = {c: np.array([known.get((s, c), np.nan) for s in seeds]) for c in columns}
    rest = [c for c in columns if c.startswith(("own", "learns"))]
    text = TEXT.format(
        count=len(seeds),
        one_language=table(known, seeds, [c for c in columns if c not in rest]),
        rest=table(known, seeds, rest),
        claims="\n".join(claims(of)),
        graded=graded(lab, of),
    )
    (HERE / "thresholds.md").write_text(text)


if __name__ == "__main__":
    main()
