"""Mark submissions on every core: worker processes that can die without loss.

A worker is a process that has imported everything once and marks submissions one after
the other. It can be killed by what it grades (memory, mostly): its submission is then
marked by another worker, and given up only after some tries. Workers die with their
parent, even if that was killed, so that a batch leaves nothing behind.

Each worker is a pool of one process, so that the death of one breaks nobody else's.
"""

import fcntl
import os
import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import connection, forkserver, get_context, parent_process
from pathlib import Path
from typing import Protocol

from autograder.grading.marking import Marked, Marker
from autograder.judging.judge import JudgeDied

Outcome = Marked | Exception
"""The marks of one submission, or why grading itself failed."""

MakeMarker = Callable[[], AbstractContextManager[Marker]]
"""Sets up what marking needs, and tidies up afterwards."""

NUM_TRIES = 3  # of a submission whose worker died


class Pool(Protocol):
    """Marks folders, in any order: the seam at which a cluster can be put in."""

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome as soon as it is there."""


class ThisProcess:
    """Marks in this process, one after the other: for one worker, and for debugging."""

    def __init__(self, make_marker: MakeMarker) -> None:
        self._make_marker = make_marker

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome, in order."""
        with ExitStack() as resources:
            marker = resources.enter_context(self._make_marker())
            for folder in folders:
                outcome = _attempt(marker, folder)
                if isinstance(outcome, JudgeDied):
                    resources.close()
                    marker = resources.enter_context(self._make_marker())
                    outcome = _attempt(marker, folder)
                yield folder, outcome


def _attempt(marker: Marker, folder: Path) -> Outcome:
    try:
        return marker.mark(folder)
    except Exception as error:
        return error


class Workers:
    """Marks in worker processes.

    Parameters
    ----------
    make_marker : callable
        Entered once per worker, in it; has to be picklable.
    num_workers : int
        How many.
    """

    def __init__(self, make_marker: MakeMarker, num_workers: int) -> None:
        self._make_marker = make_marker
        self._num_workers = num_workers

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome as soon as it is there."""
        todo = [(folder, 1) for folder in folders][::-1]
        idle = [self._worker() for _ in range(min(self._num_workers, len(todo)))]
        busy: dict[Future[Marked], tuple[ProcessPoolExecutor, Path, int]] = {}
        try:
            while todo or busy:
                while todo and idle:
                    worker, (folder, num_tries) = idle.pop(), todo.pop()
                    busy[worker.submit(_mark, folder)] = worker, folder, num_tries
                done, _ = wait(busy, return_when=FIRST_COMPLETED)
                for future in done:
                    worker, folder, num_tries = busy.pop(future)
                    outcome = _outcome(future)
                    if isinstance(outcome, BrokenProcessPool):
                        worker.shutdown()
                        worker = self._worker()
                    idle.append(worker)
                    if isinstance(outcome, BrokenProcessPool) and num_tries < NUM_TRIES:
                        todo.append((folder, num_tries + 1))
                    else:
                        yield folder, outcome
        finally:
            for worker in [*idle, *(worker for worker, _, _ in busy.values())]:
                _stop(worker)

    def _worker(self) -> ProcessPoolExecutor:
        processes = get_context("forkserver")
        processes.set_forkserver_preload(_PRELOADED)
        return ProcessPoolExecutor(
            1, processes, initializer=_start, initargs=(self._make_marker,)
        )


# Workers are forked from a server without threads that has imported what is heavy.
_PRELOADED = [__name__, "lecturekit.runtime", "torch"]


def start_importing() -> None:
    """Let that server import while the caller prepares what the workers are to do."""
    forkserver.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()


_resources = ExitStack()  # of this process, if it is a worker
_marker: Marker


def _start(make_marker: MakeMarker) -> None:
    global _marker
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    _marker = _resources.enter_context(make_marker())


def _mark(folder: Path) -> Marked:
    try:
        return _marker.mark(folder)
    except JudgeDied:
        os._exit(1)  # a new worker has a new judge


def _outcome(future: Future[Marked]) -> Outcome:
    try:
        return future.result()
    except Exception as error:
        return error


def _stop(worker: ProcessPoolExecutor) -> None:
    """End a worker now, whatever it is at."""
    for process in list((worker._processes or {}).values()):
        process.terminate()
    worker.shutdown(cancel_futures=True)


def die_with_parent() -> None:
    """Have the system kill this process as soon as the one that started it is gone.

    That is the grader, not the fork server, which is the parent to the system. The
    grader holds the other end of a pipe, and a signal for what happens to a pipe needs
    no thread, which the forks of this process would not survive.
    """
    grader = parent_process()
    assert grader is not None, "only workers have a parent"
    pipe = grader.sentinel
    fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if connection.wait([pipe], timeout=0):
        os.kill(os.getpid(), signal.SIGKILL)
