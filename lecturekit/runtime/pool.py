"""An executor that spreads the clients over processes: same results, more cores.

    pool = ProcessPool(client_app, workers=2)
    grid = LocalGrid(client_app, federation, seed=1, executor=pool)

Client k always works on worker k mod `workers`, so what it keeps in its context stays
there, and only what changes crosses:

    server process                                     worker
      message, entropy  -- once per worker, packed -->   seed, run the ClientApp
      context           -- if it is not there yet ---->  keep it
      context           <-- if the client changed it --
      reply             <-- as soon as it is there ----

The server process has the last context of every client, and a task depends on nothing
else: when a worker is killed, its unanswered tasks start again in a new one, with the
same result. A client whose task ends its worker twice is at fault; it fails, like one
that raises. Contexts change here in the order of the tasks, when their outcomes are
taken: a run that a failed client stops leaves those after it as if they had not run.

Workers are forked (see pool_worker.py), which is safe on Linux only; to spawn them, as
macOS and Windows do, one needs an app that can be imported, not one in a notebook. Each
computes on the CPU, with one thread: results are those of one process to the last bit
(see `executor.py`). What a client keeps elsewhere than in its context, in global
variables, say, is lost with its worker.

For clients of less than about a millisecond, the way costs more than the work.
"""

import os
import sys
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from operator import index

from flwr.app import Message
from flwr.clientapp import ClientApp

from .executor import Task
from .nodes import FIRST_NODE_ID
from .pool_wire import pack, send
from .pool_worker import Answer, Job, Worker, WorkerTraceback

MAX_TRIES = 2  # a killed worker is bad luck; two, on one task, are the task's doing


class ProcessPool:
    """Run clients on processes of their own, forked when they are first needed.

    Parameters
    ----------
    client_app : ClientApp
        As it is when the workers are forked, in the first round. After a change of the
        app, or of what it refers to, make a new pool.
    workers : int
        How many processes, positive; more than cores do not help.

    Raises
    ------
    OSError
        On a platform other than Linux.
    ValueError
        If `workers` is not positive.
    """

    def __init__(self, client_app: ClientApp, workers: int = 2) -> None:
        if sys.platform != "linux":
            raise OSError(
                "a ProcessPool forks its workers, which is safe on Linux only, got "
                f"{sys.platform}: leave `executor` out to run clients in this process"
            )
        if index(workers) < 1:
            raise ValueError(f"workers must be a positive number, got {workers}")
        self._client_app = client_app
        self._num_workers = index(workers)
        self._workers: dict[int, Worker] = {}
        self._batch: _Batch | None = None  # the one that is being worked on
        weakref.finalize(self, _end_all, self._workers, os.getpid())  # also at exit

    def __repr__(self) -> str:
        return f"ProcessPool({self._num_workers} workers)"

    def close(self) -> None:
        """End all workers, whatever they do; the next task would fork new ones."""
        _end_all(self._workers, os.getpid())
        self._batch = None

    def run(self, tasks: Iterable[Task]) -> Iterator[Message | BaseException]:
        """Yield, task by task, the client's reply or what it raised instead."""
        for batch in _batches(tasks):
            yield from self._run(batch)

    def _run(self, batch: "_Batch") -> Iterator[Message | BaseException]:
        """Spread a batch over the workers, and yield its outcomes in order."""
        if self._batch:
            self.close()  # somebody left that run before its end
        self._batch = batch
        shares: dict[int, list[int]] = {}
        for position, task in enumerate(batch.tasks):
            place = (_node_id(task) - FIRST_NODE_ID) % self._num_workers
            shares.setdefault(place, []).append(position)
        try:
            for place, positions in shares.items():
                self._hand_out(batch, place, positions)
            for position, task in enumerate(batch.tasks):
                while position not in batch.answers:
                    self._take_answers(batch)
                yield _outcome(task, *batch.answers.pop(position))
            self._batch = None
        finally:
            if self._batch is batch:
                self.close()

    def _hand_out(self, batch: "_Batch", place: int, positions: list[int]) -> None:
        """Send these tasks to the worker at `place`, which is forked if need be."""
        if place not in self._workers:
            self._workers[place] = Worker(self._client_app)
        worker = self._workers[place]
        worker.unanswered.extend(positions)
        jobs = []
        for position in positions:
            task = batch.tasks[position]
            context = worker.news(_node_id(task), task.context)
            jobs.append(
                Job(_node_id(task), task.message, task.entropy, task.is_lost, context)
            )
        with suppress(OSError):  # it died: seen when there is no answer
            send(worker.connection, pack(jobs))

    def _take_answers(self, batch: "_Batch") -> None:
        """Wait for workers, and take an answer from each that has one."""
        busy = {w.connection: k for k, w in self._workers.items() if w.unanswered}
        if not busy:
            raise RuntimeError("the pool was closed while its clients were at work")
        for connection in wait(list(busy)):
            place = busy[connection]  # type: ignore[index]  # these connections only
            worker = self._workers[place]
            try:
                answer = worker.answer()
            except (EOFError, OSError):
                self._replace(batch, place)
            else:
                batch.answers[worker.unanswered.popleft()] = answer, worker

    def _replace(self, batch: "_Batch", place: int) -> None:
        """Have the unanswered tasks of a dead worker done by a new one."""
        worker = self._workers.pop(place)
        how = worker.end(grace_s=1.0)
        suspect = worker.unanswered[0]
        batch.deaths[suspect] += 1
        if batch.deaths[suspect] == MAX_TRIES:
            worker.unanswered.popleft()
            error = ChildProcessError(
                f"the worker process died {MAX_TRIES} times while this client worked "
                f"({how}): does its code leave the process, or need too much memory?"
            )
            batch.answers[suspect] = Answer(error), worker
        if worker.unanswered:
            self._hand_out(batch, place, list(worker.unanswered))


class _Batch:
    """Tasks of different clients, and what is known about them so far."""

    def __init__(self, tasks: list[Task]) -> None:
        self.tasks = tasks
        self.answers: dict[int, tuple[Answer, Worker]] = {}  # by position in `tasks`
        self.deaths: Counter[int] = Counter()  # by position


def _batches(tasks: Iterable[Task]) -> Iterator[_Batch]:
    """Cut `tasks` where a client comes again: it must see what it has kept before."""
    clients: dict[int, Task] = {}
    for task in tasks:
        if _node_id(task) in clients:
            yield _Batch(list(clients.values()))
            clients = {}
        clients[_node_id(task)] = task
    yield _Batch(list(clients.values()))


def _node_id(task: Task) -> int:
    return task.message.metadata.dst_node_id


def _end_all(workers: dict[int, Worker], owner: int) -> None:
    """End `workers`; but not in a fork of their owner, which only inherited them."""
    if os.getpid() == owner:
        while workers:
            workers.popitem()[1].end()


def _outcome(task: Task, answer: Answer, worker: Worker) -> Message | BaseException:
    """Let the client keep what it changed, and return what the grid is told."""
    if answer.context is not None:
        vars(task.context).update(vars(answer.context))
        worker.held[_node_id(task)] = pack(task.context)
    if isinstance(answer.outcome, BaseException) and answer.traceback_text:
        answer.outcome.__cause__ = WorkerTraceback(answer.traceback_text)
    return answer.outcome
