"""Mark submissions on a Ray cluster: one task per submission.

The unit of work is that of a local worker, `Marker.mark`; only the folder travels as a
value, because other machines do not see it. A node that is lost loses no mark: Ray runs
its tasks again elsewhere. Every node needs this package, in the same version, and the
isolation that a local grader needs.

Recording stays here, with the one writer.
"""

import logging
import tempfile
import uuid
from collections.abc import Generator, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.grading.intake import fingerprint
from autograder.grading.limits import Limits
from autograder.grading.marking import Marked, Marker
from autograder.grading.parcel import Parcel, pack, unpack
from autograder.grading.pool import NUM_TRIES, MakeMarker, Outcome
from autograder.judging.judge import JudgeDied

_NUM_WAITING = 2  # tasks per core of the cluster: enough to keep it busy


class RayCluster:
    """Marks on the cluster at `address`.

    Parameters
    ----------
    make_marker : callable
        Entered once per worker process of the cluster; has to be picklable.
    address : str
        As `ray.init` takes it: "host:6379", "auto", or "local" for a cluster on this
        machine that ends with the batch.
    limits : Limits
        How much of a file may have to travel.

    Raises
    ------
    UserError
        If Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, make_marker: MakeMarker, address: str, limits: Limits) -> None:
        try:
            import ray
        except ImportError:
            raise UserError(
                "expected Ray for --ray, got no such package: install it with "
                "pip install 'lecturekit[ray]'"
            ) from None
        self._ray: Any = ray  # parts of it have no types
        self._max_bytes = max(limits.files_bytes, limits.notebook_bytes)
        self._limits = limits
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = (str(error).splitlines() or [""])[0][:200]
            raise UserError(
                f"expected a Ray cluster at {address}, got none: {reason}"
            ) from None
        self._batch = uuid.uuid4().hex
        self._make_marker = ray.put(make_marker)
        self._task = self._ray.remote(
            num_cpus=1, max_retries=NUM_TRIES - 1, retry_exceptions=[JudgeDied]
        )(mark_parcel)

    def mark(self, folders: Iterable[Path]) -> Generator[tuple[Path, Outcome]]:
        """Yield each folder with its outcome as soon as it is there."""
        todo = list(folders)[::-1]
        waiting: dict[Any, tuple[Path, str]] = {}
        try:
            while todo or waiting:
                cores = int(self._ray.cluster_resources().get("CPU", 1))
                while todo and len(waiting) < _NUM_WAITING * cores:
                    folder = todo.pop()
                    digest = fingerprint(folder, self._limits)
                    parcel = pack(folder, self._max_bytes)
                    task = self._task.remote(self._batch, self._make_marker, parcel)
                    waiting[task] = folder, digest
                done, _ = self._ray.wait(list(waiting), num_returns=1)
                folder, digest = waiting.pop(done[0])
                yield folder, self._outcome(done[0], digest)
        finally:
            for task in waiting:
                self._ray.cancel(task, force=True)
            self._ray.shutdown()

    def _outcome(self, task: Any, digest: str) -> Outcome:
        try:
            marked: Marked = self._ray.get(task)
        except Exception as error:
            return error
        # Links and cut files have other times and sizes where they were laid out.
        ledger = replace(marked.ledger, submission=digest)
        return replace(marked, ledger=ledger)


_resources = ExitStack()  # of this worker process, for its present batch
_markers: dict[str, Marker] = {}


def mark_parcel(batch: str, make_marker: MakeMarker, parcel: Parcel) -> Marked:
    """Mark one submission of a batch on a node of the cluster."""
    if batch not in _markers:
        _markers.clear()
        _resources.close()
        _markers[batch] = _resources.enter_context(make_marker())
    with tempfile.TemporaryDirectory(prefix="parcel-") as root:
        folder = unpack(parcel, Path(root))
        try:
            return _markers[batch].mark(folder)
        except JudgeDied:
            _markers.clear()  # the next task here has a new judge
            raise
