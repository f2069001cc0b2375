"""Workers on a ring: K copies of one program, each with a queue to its right neighbour.

A collective operation is written as one program that every worker runs on its own data,
as in MPI or torch.distributed:

    def shift(array, rank, num_workers, send, receive):
        send(array)          # to worker (rank + 1) % num_workers; goes on at once
        return receive()     # from worker (rank - 1) % num_workers; waits for it

    run = run_ring(shift, [a, b, c])
    run.results              # [c, a, b]

Each worker has a thread of its own, so `receive` really waits. The results do not
depend on which thread runs when: every queue has one writer and one reader, who can
only wait (Kahn, "The semantics of a simple language for parallel programming", 1974).

Every worker also has its own virtual clock. Sending takes no time; a message arrives
when the link has carried those before it, then its bytes, plus the latency; receiving
moves the clock on to the arrival. Computing takes no time.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network import Network

Array = NDArray[Any]
Worker = Callable[
    [Array, int, int, Callable[[Array], None], Callable[[], Array]], object
]


@dataclass(frozen=True)
class RingRun:
    """What K workers returned, and what it cost.

    Parameters
    ----------
    results : tuple
        What worker k returned, at position k.
    bytes_sent, messages_sent : tuple of int
        Per worker, to its right neighbour: the arrays' own bytes, without headers.
    seconds : float
        The virtual time at which the last worker had its last message.
    """

    results: tuple[Any, ...]
    bytes_sent: tuple[int, ...]
    messages_sent: tuple[int, ...]
    seconds: float


def run_ring(
    worker: Worker, inputs: Sequence[Array], *, network: Network | None = None
) -> RingRun:
    """Run `worker(inputs[k], k, K, send, receive)` for every k at once.

    Parameters
    ----------
    worker : callable
        `send(array)` sends a copy to the right; `receive()` returns the oldest array
        from the left.
    inputs : sequence of K >= 1 arrays
        Worker k gets a copy of its own, and nothing of the others'.
    network : Network, optional
        Every link's latency and its bandwidth, `uplink_mbps`; by default ideal.

    Raises
    ------
    RuntimeError
        If all workers wait for each other, or a message is never received.
    Exception
        What a worker raises; of several, the lowest-numbered one's, with a note.
    """
    if not inputs:
        raise ValueError("inputs must hold an array for each worker, got none")
    links = _Links(len(inputs), network or Network())
    results: list[Any] = [None] * len(inputs)
    errors: list[BaseException | None] = [None] * len(inputs)

    def work(rank: int) -> None:
        try:
            results[rank] = worker(
                np.array(inputs[rank]),
                rank,
                len(inputs),
                lambda array: links.send(rank, array),
                lambda: links.receive(rank),
            )
        except BaseException as error:
            errors[rank] = error
        finally:
            links.leave(rank)

    threads = [
        Thread(target=work, args=(rank,), name=f"worker {rank}", daemon=True)
        for rank in range(len(inputs))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _raise_first(errors)
    links.check_empty()
    return RingRun(
        tuple(results),
        tuple(links.bytes_sent),
        tuple(links.messages_sent),
        max(links.clocks_s),
    )


class _Stuck(BaseException):
    """Ends a worker that would wait for ever; no `except Exception` stops it."""


def _raise_first(errors: Sequence[BaseException | None]) -> None:
    """Raise what a worker raised; that some then waited in vain is a consequence."""
    for rank, error in enumerate(errors):
        if error is not None and not isinstance(error, _Stuck):
            error.add_note(f"raised by worker {rank} of {len(errors)} on the ring")
            raise error
    stuck = [rank for rank, error in enumerate(errors) if error is not None]
    if stuck:
        raise RuntimeError(
            f"workers {stuck} of {len(errors)} wait for a message that nobody will "
            "send: send before you receive, and receive as often as you send"
        )


class _Links:
    """K queues, who waits at which, and K clocks."""

    def __init__(self, num_workers: int, network: Network) -> None:
        self.clocks_s = [0.0] * num_workers
        self.bytes_sent = [0] * num_workers
        self.messages_sent = [0] * num_workers
        self._network = network
        self._link_free_s = [0.0] * num_workers
        self._queues: list[deque[tuple[float, Array]]] = [
            deque() for _ in range(num_workers)
        ]
        self._changed = Condition()
        self._waiting: set[int] = set()
        self._num_at_work = num_workers
        self._is_stuck = False

    def send(self, rank: int, array: Array) -> None:
        """Put a copy into the right neighbour's queue, and wake whoever waits at it."""
        copy = np.array(array)
        right = (rank + 1) % len(self._queues)
        with self._changed:
            begun_s = max(self.clocks_s[rank], self._link_free_s[rank])
            sending_s = self._network.sending_s(copy.nbytes, up=True)
            self._link_free_s[rank] = begun_s + sending_s
            arrives_s = self._link_free_s[rank] + self._network.latency_s
            self.bytes_sent[rank] += copy.nbytes
            self.messages_sent[rank] += 1
            self._queues[right].append((arrives_s, copy))
            self._waiting.discard(right)
            self._changed.notify_all()

    def receive(self, rank: int) -> Array:
        """Take the oldest array from the own queue; wait for one if there is none."""
        with self._changed:
            if not self._queues[rank]:
                self._waiting.add(rank)
                self._find_stuck()
                while rank in self._waiting and not self._is_stuck:
                    self._changed.wait()
            if not self._queues[rank]:
                raise _Stuck
            arrives_s, array = self._queues[rank].popleft()
            self.clocks_s[rank] = max(self.clocks_s[rank], arrives_s)
            return array

    def leave(self, rank: int) -> None:
        """Note that a worker has returned or raised."""
        with self._changed:
            self._waiting.discard(rank)
            self._num_at_work -= 1
            self._find_stuck()

    def _find_stuck(self) -> None:
        """Find out whether everybody still at work waits: then nobody ever sends."""
        if self._waiting and len(self._waiting) == self._num_at_work:
            self._is_stuck = True
            self._changed.notify_all()

    def check_empty(self) -> None:
        """Refuse to lose a message in silence."""
        left = {rank: len(queue) for rank, queue in enumerate(self._queues) if queue}
        if left:
            raise RuntimeError(
                "every message sent must be received, got some left over (worker: "
                f"how many): {left}"
            )
