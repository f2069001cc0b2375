"""Measure, and write bench/results.md and results.json.

    python -m bench                       everything
    python -m bench --only rounds gpt     these parts; the other figures are kept
    python -m bench --device cuda         the rows of a GPU, beside the others

Results are written after every part, so that a run that was stopped goes on with
`--only` and the parts that are missing.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console

from bench import (
    demos,
    endurance,
    gpt,
    grading,
    hub_memory,
    imports,
    live_class,
    memory,
    population,
    ray_engine,
    report,
    rounds,
    votes,
)

HERE = Path(__file__).parent

# What there is to measure; each takes a device and returns figures by name.
PARTS: dict[str, Callable[[str], dict[str, float]]] = {
    "rounds": rounds.results,
    "gpt": gpt.results,
    "population": population.results,
    "imports": imports.results,
    "grading": grading.results,
    "endurance": endurance.results,
    "live_class": live_class.results,
    "memory": memory.results,
    "demos": demos.results,
    "votes": votes.results,
    "ray": ray_engine.results,
    "hub_memory": hub_memory.results,
}
NEEDS_HUB = ("hub_memory",)  # with `make bench-hub`, which installs what a hub needs
ON_GPU = ("rounds", "gpt")


def main() -> None:
    """Run the parts that are asked for."""
    wanted, devices = _arguments()
    torch.set_num_threads(1)
    console = Console()
    for device in devices:
        for part in wanted:
            if device != "cpu" and part not in ON_GPU:
                continue
            load_before = os.getloadavg()[0]
            with console.status(f"{part} on {device}"):
                figures = PARTS[part](device)
            if device != "cpu":
                figures = {f"{name}_{device}": value for name, value in figures.items()}
            name = part if device == "cpu" else f"{part}_{device}"
            report.merge(HERE, name, figures, report.conditions(device, load_before))
    print((HERE / "results.md").read_text())


def _arguments() -> tuple[list[str], list[str]]:
    """Return the parts and the devices to measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    usual = [part for part in PARTS if part not in NEEDS_HUB]
    parser.add_argument("--only", nargs="+", choices=PARTS, default=usual)
    there = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--device", choices=there, help="default: all there are")
    chosen = parser.parse_args()
    return chosen.only, [chosen.device] if chosen.device else there


if __name__ == "__main__":
    main()
