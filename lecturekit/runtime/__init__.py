"""The mini-runtime: Flower's own apps and strategies, on clients in this process.

    grid = LocalGrid(client_app, federation, seed=1)
    result = FedAvg(fraction_train=0.5).start(grid, initial_arrays, num_rounds=10)

The same `client_app` runs, without a changed line, on Flower's simulation engine and on
its deployments. To follow one message on its way, read

    grid.py            push_messages: the path of a round, in twenty lines
    nodes.py           addresses, and what a client keeps between rounds
    dispatch.py        what is settled about a message before its client runs
    isolation.py       why nobody shares an object with anybody: messages are sealed
    seeding.py         why the order of the clients does not matter
    executor.py        the call of the client app, and what may come back
    threads.py         why the number of cores does not matter
    failure.py         what is said when it goes wrong
    arguments.py       what is refused, and the sentence that says so
    flower_private.py  the few things that Flower's public API leaves open
    server.py          a ServerApp on top
    cohort_executor.py many clients trained at once: cohort.py, and local_training.py,
                       the loop that it equals (both import torch: by their own names)
    pool.py            the clients on many processes; pool_worker.py, pool_wire.py
    rounds.py          the loop over rounds, with checkpoint.py, progress.py, shown.py;
                       replies.py says which reply a strategy cannot aggregate

and, for the time all this takes on devices and networks that are not ideal,

    clock.py           virtual seconds: a heap of what is going to happen
    delivery.py        asked, received, computed, replied: when?
    inbox.py           what it means to wait
    network.py         latency and bandwidth; wire.py: bytes and hash of a message
    devices.py         speeds; availability.py, membership.py: who is online
    failures.py        crashes and garbage on purpose; answers.py: what is left then
    trace.py           the log of it all: `grid.trace`

Not every system has a server: ring.py runs workers that talk to their neighbours.
"""

from .availability import Always, Diurnal
from .clock import Clock
from .cohort_executor import CohortExecutor, CohortFunction
from .devices import Device, Devices
from .failure import ClientFailed
from .failures import Failures
from .grid import LocalGrid
from .network import Network
from .pool import ProcessPool
from .progress import RoundProgress
from .ring import RingRun, run_ring
from .rounds import run_rounds
from .server import run_server_app
from .shown import TracedResult
from .trace import Row, Trace, first_difference

__all__ = [
    "Always",
    "ClientFailed",
    "Clock",
    "CohortExecutor",
    "CohortFunction",
    "Device",
    "Devices",
    "Diurnal",
    "Failures",
    "LocalGrid",
    "Network",
    "ProcessPool",
    "RingRun",
    "RoundProgress",
    "Row",
    "Trace",
    "TracedResult",
    "first_difference",
    "run_ring",
    "run_rounds",
    "run_server_app",
]
