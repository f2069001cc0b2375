"""What a run takes of memory: a notebook's kernel and all that it starts.

The same app runs once on LocalGrid and once on Flower's Ray engine, each in a Jupyter
kernel of its own, while the processes are counted that carry the kernel's mark in
their environment, re-parented daemons as well, and all their descendants: Ray's workers
write over their environment. Memory is PSS, in which a page that n
processes share counts as 1/n for each; what Linux and `top` call RSS counts it n times.
"""

import os
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import psutil
from jupyter_client.manager import KernelManager

from bench.ray_engine import APP

_MARK = "LECTUREKIT_BENCH"
_SAMPLE_S = 0.2
_CELL_S = 600

CELL = """\
from lecturekit.runtime.engines import run_app
config = {{"num-clients": 10, "num-rounds": 3}}
run_app({app!r}, engine={engine!r}, num_clients=10, run_config=config)
"""


@dataclass
class Peak:
    """The most that was seen at one time, in bytes, and in how many processes."""

    pss: int = 0
    rss: int = 0
    processes: int = 0


def results(device: str = "cpu") -> dict[str, float]:
    """Return the peaks of both engines in MB, and their ratios."""
    here, there = peak("local"), peak("ray")
    return {
        "localgrid_memory_mb": here.pss / 1e6,
        "flower_ray_memory_mb": there.pss / 1e6,
        "localgrid_over_ray_memory": here.pss / there.pss,
        "localgrid_over_ray_memory_rss": here.rss / there.rss,
        "localgrid_processes": here.processes,
        "flower_ray_processes": there.processes,
    }


def peak(engine: str) -> Peak:
    """Return the peak of a kernel's processes while it runs the app on `engine`."""
    mark = uuid4().hex
    manager = KernelManager()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    manager.start_kernel(env={**os.environ, _MARK: mark}, **quiet)
    client = manager.blocking_client()
    found, is_done = Peak(), threading.Event()
    watch = threading.Thread(target=_watch, args=(mark, found, is_done))
    try:
        client.start_channels()
        client.wait_for_ready(timeout=_CELL_S)
        watch.start()
        cell = CELL.format(app=str(APP), engine=engine)
        reply = client.execute_interactive(
            cell, timeout=_CELL_S, output_hook=lambda message: None
        )
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))
    finally:
        is_done.set()
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    watch.join()
    return found


def _watch(mark: str, found: Peak, is_done: threading.Event) -> None:
    while not is_done.wait(_SAMPLE_S):
        sizes = []
        for process in _marked(mark):
            with suppress(psutil.Error, OSError):
                sizes.append(process.memory_full_info())
        found.pss = max(found.pss, sum(size.pss for size in sizes))
        found.rss = max(found.rss, sum(size.rss for size in sizes))
        found.processes = max(found.processes, len(sizes))


def _marked(mark: str) -> set[psutil.Process]:
    """Return the processes with this mark and all their descendants."""
    family: set[psutil.Process] = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process not in family and process.environ().get(_MARK) == mark:
                family |= {process, *process.children(recursive=True)}
    return family
