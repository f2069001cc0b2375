"""A worker of the process pool: the client app, one message after another.

A worker is a fork of the kernel: a client app that was defined in a notebook's cells is
simply there, with the data it refers to, and nothing of it has to be pickled. What the
kernel defines or changes *after* the fork, the worker does not see.
"""

import gc
import os
import pickle
import signal
import sys
import traceback
import warnings
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection

from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .executor import InProcessExecutor, Task
from .pool_wire import Parcel, pack, receive, send, unpack


@dataclass(frozen=True, slots=True)
class Job:
    """A task on its way to a worker.

    Parameters
    ----------
    node_id : int
        The client's.
    message, entropy, is_lost
        See `executor.Task`.
    context : Context or None
        The client's; None if the worker has it already, from the job before.
    """

    node_id: int
    message: Message
    entropy: bytes
    is_lost: bool
    context: Context | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker says to a job.

    Parameters
    ----------
    outcome : Message or BaseException
        The client's reply or what it raised instead.
    traceback_text : str
        Where it raised it; a traceback itself cannot leave its process.
    context : Context or None
        The client's; None if the client has not changed it.
    """

    outcome: Message | BaseException
    traceback_text: str = ""
    context: Context | None = None


class WorkerTraceback(Exception):  # noqa: N818 - it is not an error, it tells of one
    """Where a client's exception was raised, in its worker: the exception's cause."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Worker:
    """The server process's end of a worker: forked here, ended here.

    Parameters
    ----------
    client_app : ClientApp
        What the worker runs.
    """

    def __init__(self, client_app: ClientApp) -> None:
        fork = get_context("fork")
        self.connection, theirs = fork.Pipe()
        self.unanswered: deque[int] = (
            deque()
        )  # tasks it was given, in the order of work
        self.held: dict[int, Parcel] = {}  # by node id: the contexts it has
        self._process = fork.Process(
            target=_serve, args=(theirs, self.connection, client_app), daemon=True
        )
        with warnings.catch_warnings():
            # A Jupyter kernel always has threads; a worker uses none of theirs.
            warnings.filterwarnings("ignore", "This process .* multi-threaded")
            self._process.start()
        theirs.close()

    def news(self, node_id: int, context: Context) -> Context | None:
        """Return `context` if this worker does not have it yet, else None."""
        parcel = pack(context)
        if self.held.get(node_id) == parcel:
            return None
        self.held[node_id] = parcel
        return context

    def answer(self) -> Answer:
        """Return its next answer; EOFError or OSError if it has died instead."""
        parcel = receive(self.connection)
        try:
            answer: Answer = unpack(parcel)
        except Exception as error:  # a class that only the worker knows, say
            self.held.clear()  # what the client has changed there is not known here
            return Answer(TypeError(f"the worker's answer cannot be read: {error}"))
        return answer

    def end(self, grace_s: float = 0.0) -> str:
        """End the process if it has not ended `grace_s` later, and say how it did."""
        self.connection.close()
        self._process.join(grace_s)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode
        assert code is not None  # it has been joined
        return f"exit code {code}" if code >= 0 else f"{signal.strsignal(-code)}"


def _serve(connection: Connection, inherited: Connection, app: ClientApp) -> None:
    """Answer lists of jobs, job by job, until the server process is gone."""
    inherited.close()  # its end: if we held it, too, we would not see it go
    _settle_down()
    executor = InProcessExecutor(app)
    contexts: dict[int, Context] = {}  # by node id: what this worker's clients keep
    with suppress(EOFError, OSError):
        while True:
            jobs: list[Job] = unpack(receive(connection))
            for job in jobs:
                send(connection, _answer(executor, contexts, job))
                sys.stdout.flush()  # a worker is ended without a chance to do it later
                sys.stderr.flush()


def _settle_down() -> None:
    """Turn the copy of a kernel that a fork is into a worker."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the kernel, which ends us
    current_process().daemon = (
        False  # so that a client may have data loaders of its own
    )
    gc.freeze()  # what the kernel left to collect is the kernel's to finalize
    # One thread each: W workers with a thread per core would fight over the cores.
    os.environ["OMP_NUM_THREADS"] = "1"  # for libraries that are yet to be loaded
    threadpool_limits(limits=1)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def _answer(
    executor: InProcessExecutor, contexts: dict[int, Context], job: Job
) -> Parcel:
    """Run one job and pack the answer."""
    context = job.context or contexts[job.node_id]
    contexts[job.node_id] = context
    before = pack(context)
    task = Task(job.message, context, job.entropy, job.is_lost)
    (outcome,) = executor.run([task])
    try:
        changed = None if pack(context) == before else context
        if isinstance(outcome, BaseException):
            text = "".join(traceback.format_exception(outcome))
            return pack(Answer(_portable(outcome), text, changed))
        return pack(Answer(outcome, context=changed))
    except Exception as error:  # pickle raises whatever the objects' own methods raise
        contexts[job.node_id] = unpack(before)
        return pack(Answer(_not_portable(job.message, error)))


def _portable(error: BaseException) -> BaseException:
    """Return `error` if it survives pickling, else one that reads the same."""
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    except Exception:
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")


def _not_portable(message: Message, error: Exception) -> TypeError:
    return TypeError(
        f"what the function for '{message.metadata.message_type}' messages returns or "
        "leaves in its context must be records of numbers, strings and arrays, got "
        f"something that cannot leave its worker process ({error})"
    )
