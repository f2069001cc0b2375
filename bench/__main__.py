"""Measure everything, print one table, write bench/results.md and results.json."""

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import torch
from rich.console import Console

from bench import rounds
from bench.measure import ratios

HERE = Path(__file__).parent
COMMAND = "make bench"


def main() -> None:
    """Run all benchmarks."""
    torch.set_num_threads(1)
    results: dict[str, float] = {}
    seconds: dict[str, float] = {}
    console = Console()
    load_before = os.getloadavg()[0]
    for load in rounds.LOADS:
        with console.status(f"rounds of {load.name}"):
            times = rounds.measure(load)
        for variant, ratio in ratios(times, "bare").items():
            results[f"{variant}_{load.name}"] = ratio
        seconds[load.name] = statistics.median(times["bare"])
        if torch.cuda.is_available():
            gpu = ratios(rounds.measure(load, "cuda"), "bare")
            results |= {f"{v}_{load.name}_cuda": ratio for v, ratio in gpu.items()}
    with console.status("importing"):
        results["import_seconds_beyond_flwr"] = import_seconds_beyond_flwr()
    if "--without-ray" not in sys.argv:
        from bench import ray_engine

        for num_clients in (100, 1000):
            with console.status(f"Ray with {num_clients} clients"):
                name = f"{num_clients}_tiny"
                ratio = ray_engine.warm_round_s(num_clients) / seconds[name]
                results[f"flower_ray_{name}"] = ratio
                results[f"ray_over_localgrid_{name}"] = (
                    ratio / results[f"localgrid_{name}"]
                )
        with console.status("a notebook's run"):
            ray_engine.run_s("local")  # imports and caches are warm in a notebook
            here = statistics.median(ray_engine.run_s("local") for _ in range(5))
            there = ray_engine.run_s("ray")
            results["ray_over_localgrid_notebook_run"] = there / here
    text = report(results, load_before)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "results.md").write_text(text)
    print(text)


def import_seconds_beyond_flwr() -> float:
    """Return the median seconds that the runtime adds to importing Flower."""
    flower = "import flwr.app, flwr.clientapp, flwr.serverapp.strategy"
    code = (
        f"import time; {flower}; t = time.perf_counter(); "
        "import lecturekit.runtime; print(time.perf_counter() - t)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        for _ in range(5)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def report(results: dict[str, float], load_before: float) -> str:
    """Return the results as a page."""
    rows = "\n".join(f"| {name} | {value:.3g} |" for name, value in results.items())
    return f"""# Benchmarks

Made by `{COMMAND}`. Ratios to a bare torch loop of the same local SGD on the same
batches, one thread, measured in turn in one run; the median. Lower is better, except
for `ray_over_...`, which says how many times longer Ray takes. Digits, a 64-64-10
network, 64 examples per client, batches of 16: tiny is 4 steps per client, heavy 40,
heavier 400.

{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch
{torch.__version__}; load average {load_before:.1f} before and {os.getloadavg()[0]:.1f}
after.

| figure | value |
|---|---|
{rows}
"""


if __name__ == "__main__":
    main()
