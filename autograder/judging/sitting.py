"""A fork of the judge that runs the tests of one student, one after the other.

Every test finds what the setup cells left. In a new fork that is so. It is so for the
next test in the same fork if the test before kept all its points, if nothing is left of
ours that the student's code changed in place or made work, if what the setup made has
its first fingerprint, and if the process has its first settings; names and random
generators are put back. If not, the fork ends, and the next test gets one of its own. A
fork costs more than most tests: whatever it writes to has to be copied first.

Not seen is what a *test* does inside a library, to a cache or a registry. A student's
kernel runs the tests in one process too, so an author notices.
"""

import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from autograder.judging import generators
from autograder.judging.cell import run_cell
from autograder.judging.changes import Changes
from autograder.judging.fingerprint import fingerprint
from autograder.judging.limits import JudgeLimits
from autograder.judging.measures import measuring_both_sides
from autograder.judging.near import Near
from autograder.judging.orders import Order, next_order
from autograder.judging.process_state import process_state

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl
_LOOK_S = 1.0  # for a fork to find out whether all is as before
_AS_BEFORE = b"\n"


@dataclass(frozen=True)
class Setup:
    """What every test finds.

    Parameters
    ----------
    namespace : dict of str to object
        In which the setup cells have run.
    names : tuple of str
        What the lab's exercises define: in a test, the student's.
    limits : JudgeLimits
        When a test is stopped.
    address_space : int
        Bytes that a fork may have mapped.
    """

    namespace: dict[str, Any]
    names: tuple[str, ...]
    limits: JudgeLimits
    address_space: int


class Sitting:
    """A fork, seen from the process that made it.

    Parameters
    ----------
    order : Order
        Its first test.
    live : callable
        What the fork does, with this order and a socket that others come from.
    """

    def __init__(
        self, order: Order, live: Callable[[Order, socket.socket], None]
    ) -> None:
        self._number = order.sitting
        self._orders, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                die_with_parent()
                self._orders.close()
                live(order, theirs)
            finally:
                os._exit(0)
        theirs.close()

    def took(self, order: Order) -> bool:
        """Hand `order` over if it is of this sitting and finds all as it was at first.

        Tell whether it was handed over.
        """
        if order.sitting == 0 or order.sitting != self._number:
            return False
        ready = select.poll()
        ready.register(self._orders, select.POLLIN)
        if not ready.poll(_LOOK_S * 1000):
            return False
        with suppress(ConnectionError):  # it was killed
            if self._orders.recv(1) == _AS_BEFORE:
                order.send(self._orders)
                return True
        return False

    def close(self) -> None:
        """End the fork: its last test is over, or was given up."""
        self._orders.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def sit(
    order: Order | None, orders: socket.socket, setup: Setup, first: bytes | None
) -> None:
    """Run tests in this process as long as each finds what the setup left.

    Parameters
    ----------
    order : Order
        The first test.
    orders : socket.socket
        Where others come from; it is told each time that one can.
    first : bytes or None
        The fingerprint of what the setup made; None if it has none.
    """
    _limit_address_space(setup.address_space)
    names, states = dict(setup.namespace), generators.states()
    state = process_state()
    while order is not None:
        has_passed, changes = _run_one(order, setup)
        if not has_passed or first is None:
            return
        setup.namespace.clear()
        setup.namespace.update(names)
        gc.collect()  # what crossed the wall refers to itself
        if (
            not changes.are_gone()
            or process_state() != state
            or fingerprint(names) != first
        ):
            return
        generators.put_back(states)
        orders.sendall(_AS_BEFORE)
        order = next_order(orders)


def _run_one(order: Order, setup: Setup) -> tuple[bool, Changes]:
    """Run a test; tell whether it passed, and what of ours the student changed."""

    def say(**what: Any) -> None:
        os.write(order.reply, json.dumps(what).encode() + b"\n")

    say(pid=os.getpid())
    with socket.socket(fileno=order.channel) as channel:
        near = Near(channel, setup.limits, lambda: say(interrupt=True))
        with measuring_both_sides(near):
            verdict = run_cell(
                order.source, order.maximum, setup.namespace, setup.names, near
            )
    say(verdict=asdict(verdict))
    os.close(order.reply)
    has_passed = verdict.points == order.maximum and not verdict.message
    return has_passed and not near.stopped, near.changes


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_address_space(size: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    resource.setrlimit(resource.RLIMIT_AS, (size, most))
