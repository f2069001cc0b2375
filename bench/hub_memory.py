"""What a student takes of a node's memory: server and kernel, through a whole lab.

Four students of a real hub do the same in turn: see the start page, open lab 1, run its
imports, run the solved lab to its end. What is measured is PSS, in which a page that n
processes share counts as 1/n for each, so that students add up to the node; beside it
USS, what one student has alone, and RSS, what `top` shows and a lone pod is charged.
"""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from statistics import mean

import psutil

from autograder.authoring.catalog import find_lab
from autograder.authoring.notebook import instructor_notebook
from bench.hub_course import LAB, ROOT, Hub, running_hub
from bench.hub_student import Student

NUM_STUDENTS = 4
_SETTLE_S = 3


@dataclass(frozen=True)
class Memory:
    """Of some processes, in MB."""

    pss: float = 0.0
    uss: float = 0.0
    rss: float = 0.0

    def __add__(self, other: "Memory") -> "Memory":
        """Return both together."""
        return Memory(self.pss + other.pss, self.uss + other.uss, self.rss + other.rss)


def results(device: str = "cpu") -> dict[str, float]:
    """Return megabytes of one student at each stage, and of what all share."""
    cells = [
        str(cell.source)
        for cell in instructor_notebook(find_lab(ROOT, LAB)).cells
        if cell.cell_type == "code"
    ]
    with running_hub(NUM_STUDENTS) as hub:
        return asyncio.run(_measured(hub, cells))


async def _measured(hub: Hub, cells: list[str]) -> dict[str, float]:
    """Take all students through one stage after the other."""
    found: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        students = [
            await stack.enter_async_context(Student(hub.address, name))
            for name in hub.students
        ]
        for student in students:
            await student.log_in()
            await student.start_server()
        found |= await _stage(hub, "server")
        kernels = []
        for student in students:
            await student.fetch()
            kernels.append(await student.open_kernel())
        for student, kernel in zip(students, kernels, strict=True):
            await student.run(kernel, cells[:1])
        found |= await _stage(hub, "imports")
        for student, kernel in zip(students, kernels, strict=True):
            await student.run(kernel, cells[1:])
        found |= await _stage(hub, "lab")
        found["hub_itself_pss_mb"] = _of([hub.process, *_services(hub)]).pss
    return found


async def _stage(hub: Hub, name: str) -> dict[str, float]:
    """Return the means over the students, now."""
    await asyncio.sleep(_SETTLE_S)
    families = hub.servers()
    assert set(families) == set(hub.students), "a student's server is missing"
    whole = [_of(family) for family in families.values()]
    kernels = [_of(p for p in family if _is_kernel(p)) for family in families.values()]
    figures = {
        f"hub_student_{name}_pss_mb": mean(memory.pss for memory in whole),
        f"hub_student_{name}_uss_mb": mean(memory.uss for memory in whole),
        f"hub_student_{name}_rss_mb": mean(memory.rss for memory in whole),
    }
    if any(kernel.pss for kernel in kernels):
        figures[f"hub_kernel_{name}_pss_mb"] = mean(k.pss for k in kernels)
        figures[f"hub_kernel_{name}_rss_mb"] = mean(k.rss for k in kernels)
    return figures


def _of(processes: Iterable[psutil.Process]) -> Memory:
    """Add up the processes that are still there."""
    total = Memory()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            info = process.memory_full_info()
            total += Memory(info.pss / 1e6, info.uss / 1e6, info.rss / 1e6)
    return total


def _is_kernel(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any("ipykernel_launcher" in word for word in process.cmdline())
    return False


def _services(hub: Hub) -> list[psutil.Process]:
    """Return the hub's proxy and services: its children that are no student's."""
    students = {p.pid for family in hub.servers().values() for p in family}
    children = hub.process.children(recursive=True)
    return [process for process in children if process.pid not in students]
