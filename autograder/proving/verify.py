"""Grade a lab's whole bank, on several seeds, on every core."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from autograder.authoring.lab import Lab
from autograder.errors import UserError
from autograder.proving.answers import Trial, trials
from autograder.proving.matrix import Matrix, build_matrix
from autograder.proving.outcome import Outcome
from autograder.proving.worker import run_trials

DEFAULT_SEEDS = (1, 2, 3, 4, 5)
_SHARE = 10  # answers: progress shows, and nobody waits long at the end


def verify(
    lab: Lab,
    *,
    seeds: Sequence[int] = DEFAULT_SEEDS,
    workers: int | None = None,
    test_seconds: float = 60.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Matrix:
    """Return the kill matrix of `lab`.

    At the first seed every answer is graded by all tests that it can reach, so that a
    mistake that costs at two exercises shows; at the others by its own exercise's.

    Parameters
    ----------
    seeds : sequence of int
        The values that the setup's SEED takes in turn.
    workers : int or None
        Processes; one per core if None. The matrix does not depend on it.
    test_seconds : float, seconds
        How long one test cell may take before its answer is given up. A lab's tests
        take well under one second.
    on_progress : callable or None
        Called with (answers graded so far, answers in total).

    Raises
    ------
    UserError
        If a setup cell raises, so that nothing can be graded.
    """
    workers = workers or os.cpu_count() or 1
    # A fork copies its parent's page tables, so answers that import much come last.
    everything = sorted(trials(lab), key=lambda trial: bool(trial.imports()))
    total = len(everything) * len(seeds)
    shares = [everything[k : k + _SHARE] for k in range(0, len(everything), _SHARE)]
    outcomes: list[Outcome] = []
    # Workers are forked from a server that has no threads and has imported what grading
    # needs once, whatever the caller runs and however often it verifies.
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["autograder.proving.worker"])
    with ProcessPoolExecutor(
        workers, mp_context=processes, initializer=_one_thread
    ) as pool:
        jobs = [
            pool.submit(_run, lab, tuple(seeds), share, test_seconds)
            for share in shares
        ]
        try:
            for job in as_completed(jobs):
                outcomes += job.result()
                if on_progress is not None:
                    on_progress(len(outcomes), total)
        except UserError:
            pool.shutdown(cancel_futures=True)
            raise
    return build_matrix(lab, tuple(seeds), outcomes)


def _one_thread() -> None:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"


def _run(
    lab: Lab, seeds: Sequence[int], share: Sequence[Trial], seconds: float
) -> list[Outcome]:
    return list(run_trials(lab, seeds, share, seconds=seconds))
