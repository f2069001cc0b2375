"""Mark submissions on every core: worker processes that can die without loss.

A worker is a process that has imported everything once and marks submissions one after
the other. It can be killed by what it grades (memory, mostly): its submission is then
marked by another worker, and given up only after some tries. Workers die with their
parent, even if that was killed, so that a batch leaves nothing behind.

Each worker is a pool of one process, so that the death of one breaks nobody else's.
"""

import os
import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import Protocol

from autograder.grading.lifeline import die_with_parent
from autograder.grading.marking import Marked, Marker
from autograder.judging.judge import JudgeDied
from autograder.sandbox import Share

Outcome = Marked | Exception
"""The marks of one submission, or why grading itself failed."""

MakeMarker = Callable[..., AbstractContextManager[Marker]]
"""Sets up what marking needs, and tidies up afterwards."""

Lend = Callable[[], Share | None]
"""Returns what a marker is made with; None if it makes its own."""

NUM_TRIES = 3  # of a submission whose worker died


class Pool(Protocol):
    """Marks folders, in any order: the seam at which a cluster can be put in."""

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome as soon as it is there."""


class ThisProcess:
    """Marks in this process, one after the other: for one worker, and for debugging."""

    def __init__(self, make_marker: MakeMarker, lend: Lend | None = None) -> None:
        self._make_marker, self._lend = make_marker, lend

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome, in order."""
        with ExitStack() as resources:
            marker = resources.enter_context(self._make_marker(*_lent(self._lend)))
            for folder in folders:
                outcome = _attempt(marker, folder)
                if isinstance(outcome, JudgeDied):
                    resources.close()
                    made = self._make_marker(*_lent(self._lend))
                    marker = resources.enter_context(made)
                    outcome = _attempt(marker, folder)
                yield folder, outcome


def _lent(lend: Lend | None) -> tuple[Share, ...]:
    share = lend() if lend is not None else None
    return () if share is None else (share,)


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
    lend : callable or None
        Called here for every worker; what it returns is sent to it.
    """

    def __init__(
        self, make_marker: MakeMarker, num_workers: int, lend: Lend | None = None
    ) -> None:
        self._make_marker, self._lend = make_marker, lend
        self._num_workers = num_workers

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome as soon as it is there."""
        todo = [(folder, 1) for folder in folders][::-1]
        idle = [self._worker() for _ in range(min(self._num_workers, len(todo)))]
        busy: dict[Future[Marked], tuple[_Worker, Path, int]] = {}
        try:
            while todo or busy:
                while todo and idle:
                    worker, (folder, num_tries) = idle.pop(), todo.pop()
                    busy[worker.mark(folder)] = worker, folder, num_tries
                done, _ = wait(busy, return_when=FIRST_COMPLETED)
                for future in done:
                    worker, folder, num_tries = busy.pop(future)
                    outcome = _outcome(future)
                    if isinstance(outcome, BrokenProcessPool):
                        worker.stop()
                        worker = self._worker()
                    idle.append(worker)
                    if isinstance(outcome, BrokenProcessPool) and num_tries < NUM_TRIES:
                        todo.append((folder, num_tries + 1))
                    else:
                        yield folder, outcome
        finally:
            for worker in [*idle, *(worker for worker, _, _ in busy.values())]:
                worker.stop()

    def _worker(self) -> "_Worker":
        return _Worker(self._make_marker, *_lent(self._lend))


class _Worker:
    """A pool of one process, and what was lent to it."""

    def __init__(self, make_marker: MakeMarker, *lent: Share) -> None:
        self._lent = lent
        self._pool = ProcessPoolExecutor(
            1,
            get_context("forkserver"),
            initializer=_start,
            initargs=(make_marker, lent),
        )

    def mark(self, folder: Path) -> Future[Marked]:
        """Mark one folder."""
        return self._pool.submit(_mark, folder)

    def stop(self) -> None:
        """End it now, whatever it is at."""
        for process in list((self._pool._processes or {}).values()):
            process.terminate()
        self._pool.shutdown(cancel_futures=True)
        for share in self._lent:
            share.close()


def start_importing(modules: Iterable[str]) -> None:
    """Import what workers need, while the caller prepares what they are to do.

    They are forked from a server without threads that has imported it once.

    Parameters
    ----------
    modules : iterable of str
        What the lab imports; those that are no modules are passed over.
    """
    forkserver.set_forkserver_preload([__name__, "lecturekit.runtime", *modules])
    forkserver.ensure_running()


_resources = ExitStack()  # of this process, if it is a worker
_marker: Marker


def _start(make_marker: MakeMarker, lent: tuple[Share, ...]) -> None:
    global _marker
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    _marker = _resources.enter_context(make_marker(*lent))


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
