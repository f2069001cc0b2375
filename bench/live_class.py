"""A live class: how long a phase takes when every client is a student's kernel.

Eight kernels, each a process of its own, join a SuperLink on this machine and train a
small network together; a round is two phases, train and evaluate.
"""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

import torch._dynamo  # noqa: F401 - a kernel's first optimizer imports it

from lecturekit.runtime.engines import AppFolder, KernelNode, SuperLink
from lecturekit.runtime.engines.result import read_result

APP = Path(__file__).parent / "class_app"
NUM_KERNELS = 8
NUM_ROUNDS = 8
UP_S = 300.0  # for all kernels to import torch and join, on a busy machine


def results(device: str = "cpu") -> dict[str, float]:
    """Return the median seconds of a phase; the first round is left out."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SuperLink() as superlink,
        kernels(superlink.address, NUM_KERNELS),
    ):
        path = Path(folder) / "result.zip"
        config = {"num-rounds": NUM_ROUNDS, "result-path": str(path)}
        superlink.run(APP, config)
        result = read_result(path, engine="superlink", wall_s=0.0)
    rounds = [result.server_metrics[t]["seconds"] for t in range(2, NUM_ROUNDS + 1)]
    seconds = statistics.median(float(str(seconds)) for seconds in rounds)
    return {"live_class_phase_seconds": seconds / 2}


@contextmanager
def kernels(superlink: str, num_kernels: int) -> Iterator[None]:
    """Let so many kernels join, each with a partition; they leave with the block."""
    context = get_context("forkserver")  # imports torch once, for all
    context.set_forkserver_preload(["bench.live_class"])
    are_up, may_leave = context.Barrier(num_kernels + 1), context.Event()
    processes = [
        context.Process(
            target=_kernel,
            args=(superlink, partition_id, num_kernels, are_up, may_leave),
            daemon=True,
        )
        for partition_id in range(num_kernels)
    ]
    try:
        for process in processes:
            process.start()
        are_up.wait(UP_S)
        yield
    finally:
        may_leave.set()
        for process in processes:
            process.join()


def _kernel(
    superlink: str, partition_id: int, num: int, are_up: Barrier, may_leave: Event
) -> None:
    with AppFolder.read(APP).loaded() as (_, client_app):
        node = KernelNode(
            client_app, superlink, partition_id=partition_id, num_partitions=num
        ).start()
        are_up.wait(UP_S)
        may_leave.wait()
        node.stop()
