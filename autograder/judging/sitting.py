"""A fork of the judge that runs the tests of one student, one after the other.

Every test finds what the setup cells left, and nothing else. In a new fork that is so.
It is so for the next test in the same fork if the test before kept all its points, if
nothing is left of ours that the student's code changed in place, and if what the setup
made has its first fingerprint; names and random generators are put back. If not, the
fork ends, and the next test gets one of its own. A fork costs more than most tests:
whatever it writes to has to be copied first.
"""

import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
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

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl
_LOOK_S = 5.0  # for a fork to find out whether all is as before
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
            os.kill(self._pid, signal.SIGKILL)
            return False
        with suppress(ConnectionError):  # it was killed
            if self._orders.recv(1) == _AS_BEFORE:
                order.send(self._orders)
                return True
        return False

    def close(self) -> None:
        """Let the fork end when it has done what it has begun."""
        self._orders.close()


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
    modules = _with_generators()
    while order is not None:
        points, changes = _run_one(order, setup)
        setup.namespace.clear()
        setup.namespace.update(names)
        gc.collect()  # what crossed the wall refers to itself
        if (
            points < order.maximum
            or not changes.are_gone()
            or first is None
            or fingerprint(names) != first
            or _with_generators() != modules
        ):
            return
        generators.put_back(states)
        orders.sendall(_AS_BEFORE)
        order = next_order(orders)


def _run_one(order: Order, setup: Setup) -> tuple[float, Changes]:
    """Run a test; return its points, and what of ours it let the student change."""

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
    return verdict.points, near.changes


def _with_generators() -> bool:
    """Tell whether torch is here: it has a generator of its own."""
    return "torch" in sys.modules


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_address_space(size: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    resource.setrlimit(resource.RLIMIT_AS, (size, most))
