"""The results as a page and as JSON, put together part by part."""

import json
import os
import platform
from pathlib import Path

import torch

# What a figure should be, in quiet on two cores.
TARGETS = {
    "localgrid_100_tiny": "<= 1.4",
    "localgrid_20_heavy": "<= 1.1",
    "localgrid_20_heavier": "<= 1.02",
    "pool_20_heavier": "<= 0.6",
    "cohort_100_tiny": "<= 0.2",
    "cohort_1000_tiny": "<= 0.12",
    "memory_peak_10000_over_100_registered": "<= 2",
    "localgrid_over_ray_memory": "<= 0.3",
    "import_seconds_beyond_flwr": "<= 0.3",
    "live_class_phase_seconds": "<= 1",
    "ray_over_localgrid_notebook_run": ">= 100",
    "ray_over_localgrid_100_tiny": ">= 3",
    "ray_over_localgrid_1000_tiny": ">= 5",
    "grading_speedup_over_nbgrader": ">= 6",
    "grading_cpu_seconds_overhead": "<= 0.35",
    "grading_first_result_seconds": "<= 6",
    "grading_worker_megabytes": "<= 400",
    "grading_kernels_lost": "0",
    "grading_marks_wrong_after_kills": "0",
    "hub_30_students_seconds": "<= 600",
    "hub_30_students_failed": "0",
    "demo_p95_ms": "<= 100",
    "demo_start_seconds": "<= 2",
    "demo_export_megabytes": "<= 3",
    "demo_60_votes_seconds": "<= 1",
}

PAGE = """# Benchmarks

Made by `make bench` and `make bench-hub`; `python -m bench --only PART` measures a
part. `hub_...` are seconds and megabytes of a real hub. Of the rest, unless a name says
otherwise, a figure is a ratio to a bare torch loop of the same local SGD on the same
batches, one thread, measured in turn in one run; the median. Processor time where
one process does the work, else (pool, GPU, Ray) wall time. Lower is better, except for
`ray_over_...`, which says how many times longer Ray takes. Digits, 64 examples per
client, batches of 16, a 64-64-10 network: tiny is 4 steps per client, heavy 40, heavier
400. `no_runtime_...` is the same app called in a loop, with Flower's average and
without any engine; `kept_network_...` is LocalGrid with an app that builds its network
once and not for every message. `no_runtime_cohort_...` is a cohort without an engine,
`cohort_training_...` its arithmetic alone.

{table}

## Where the time of tiny clients goes

A tiny client is a millisecond of training; what is around it is counted against it.
Most of that is the app's and Flower's: building a network, loading the model, packing
it into an ArrayRecord, a reply of three records, Flower's average. `no_runtime_...` is
that without any engine. It is no lower bound: a LocalGrid adds isolation, seeds,
virtual time, bytes, the hash of each model and the log, and it saves more where it
decodes arrays faster than Flower and where views of replies do not wait for the garbage
collector. `localgrid_...` less `kept_network_...` is what building the network costs.
Both have the quick ArrayRecord that a LocalGrid brings into its process.

A cohort cannot be cheaper than its training, `cohort_training_...`, and Flower's
messages, records and average. The rest is what LocalGrid adds: isolation, seeds, bytes,
a hash, six rows of the log. `no_runtime_cohort_...` is no lower bound either, for the
same reasons as above.

## Conditions

{conditions}
"""


def merge(folder: Path, part: str, figures: dict[str, float], conditions: str) -> None:
    """Add a part's figures to results.json in `folder`, and write results.md anew.

    Parameters
    ----------
    folder : Path
        Where both files are, or will be.
    part : str
        Whose figures these are.
    figures : dict of str to float
        By name; those of the same name are replaced, all others are kept.
    conditions : str
        On what they were measured.
    """
    path = folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    parts = results.pop("conditions", {}) | {part: conditions}
    results |= figures
    text = json.dumps({**results, "conditions": parts}, indent=1)
    path.write_text(f"{text}\n")
    (folder / "results.md").write_text(page(results, parts))


def page(figures: dict[str, float], conditions: dict[str, str]) -> str:
    """Return results.md."""
    table = ["| figure | value | target |", "|---|---|---|"]
    for name, value in figures.items():
        table.append(f"| {name} | {value:.3g} | {TARGETS.get(name, '')} |")
    lines = [f"- {part}: {text}" for part, text in conditions.items()]
    return PAGE.format(table="\n".join(table), conditions="\n".join(lines))


def conditions(device: str, load_before: float) -> str:
    """Say on what, and beside how much else, a part was measured."""
    machine = platform.machine() if device == "cpu" else torch.cuda.get_device_name()
    return (
        f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"torch {torch.__version__}, load average {load_before:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after"
    )
