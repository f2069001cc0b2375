"""Thirty students log in at once, fetch lab 1, write and hand it in: a real hub.

    python -m bench.hub_load                   what `make bench-hub` runs
    python -m bench.hub_load --students 5

Everybody comes in the same second, as at the start of a class. A step's time is what
one student waits for it, polling and the hub's own "come again" included.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench import report
from bench.hub_course import COURSE_ID, LAB, Hub, running_hub
from bench.hub_student import Student

HERE = Path(__file__).parent
NUM_STUDENTS = 30
LIMIT_S = 600
SOURCE = "def get_parameters(model):\n    return model  # my first answer\n"


@dataclass
class Load:
    """What one run gave.

    Parameters
    ----------
    seconds : float
        From the first login to the last hand-in.
    waits : dict of str to list of float
        Step -> seconds that each student waited.
    failures : dict of str to str
        Student -> what went wrong.
    num_refusals : int
        How often somebody was told to come again.
    """

    seconds: float = 0.0
    waits: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    num_refusals: int = 0

    def quantile(self, step: str, q: float) -> float:
        """Return the seconds in which the share `q` of students was through."""
        return float(np.quantile(self.waits.get(step, [np.nan]), q))


def figures(load: Load, num_students: int) -> dict[str, float]:
    """Return the figures of one run, by name."""
    found = {
        f"hub_{num_students}_students_seconds": load.seconds,
        f"hub_{num_students}_students_failed": len(load.failures),
    }
    for step in load.waits:
        name = step.replace(" ", "_")
        found[f"hub_{name}_p50_seconds"] = load.quantile(step, 0.5)
        found[f"hub_{name}_p95_seconds"] = load.quantile(step, 0.95)
    return found


def run_load(num_students: int = NUM_STUDENTS) -> Load:
    """Let the students work at a hub of their own; return what they waited for."""
    with running_hub(num_students) as hub:
        load = asyncio.run(_class(hub))
        inbound = hub.course / "hub" / "exchange" / COURSE_ID / "inbound"
        for student in hub.students:
            mine = list(inbound.glob(f"{student}+{LAB}+*/{LAB}.ipynb"))
            text = mine[0].read_text() if mine else ""
            if "my first answer" not in text:
                load.failures.setdefault(student, "what was written was not handed in")
    return load


async def _class(hub: Hub) -> Load:
    load = Load()
    began = time.perf_counter()
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*(_work(hub, name, load) for name in hub.students))
    except TimeoutError:
        pass  # whoever was not through is named by the hand-in that is missing
    load.seconds = time.perf_counter() - began
    return load


async def _work(hub: Hub, name: str, load: Load) -> None:
    """Do what one student does; note how long each step took."""
    async with Student(hub.address, name) as student:
        steps: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("log in", student.log_in),
            ("start server", student.start_server),
            ("list labs", student.list_labs),
            ("fetch", student.fetch),
            ("open and save", lambda: student.write(SOURCE)),
            ("hand in", student.submit),
            ("start page", student.see_start_page),
        ]
        for step, act in steps:
            began = time.perf_counter()
            try:
                await act()
            except Exception as error:
                load.failures[name] = f"{step}: {type(error).__name__}: {error}"
                return
            load.waits.setdefault(step, []).append(time.perf_counter() - began)
        load.num_refusals += student.num_refusals


def table(load: Load, num_students: int) -> Table:
    """Return the latencies, a row a step."""
    shown = Table(
        title=f"{num_students} students at once, {load.seconds:.0f} s in all, "
        f"{len(load.failures)} failed",
        caption="seconds that a student waits; told to come again: "
        f"{load.num_refusals} times",
    )
    shown.add_column("step")
    for name in ("students", "p50", "p95", "max"):
        shown.add_column(name, justify="right")
    for step, waits in load.waits.items():
        quantiles = [f"{load.quantile(step, q):.2f}" for q in (0.5, 0.95, 1)]
        shown.add_row(step, str(len(waits)), *quantiles)
    return shown


def main() -> None:
    """Measure, print the table, add the figures to the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.hub_load")
    parser.add_argument("--students", type=int, default=NUM_STUDENTS)
    num_students = parser.parse_args().students
    load_before = os.getloadavg()[0]
    with Console(stderr=True).status(f"{num_students} students on a hub"):
        load = run_load(num_students)
    Console().print(table(load, num_students))
    for name, reason in load.failures.items():
        print(f"{name}: {reason}")
    if num_students == NUM_STUDENTS:
        conditions = report.conditions("cpu", load_before)
        report.merge(HERE, "hub_load", figures(load, num_students), conditions)
    raise SystemExit(bool(load.failures))


if __name__ == "__main__":
    main()
