"""The mini-runtime: Flower's own apps and strategies, on clients in this process.

    grid = LocalGrid(client_app, federation, seed=1)
    result = FedAvg(fraction_train=0.5).start(grid, initial_arrays, num_rounds=10)

The same `client_app` runs, without a changed line, on Flower's simulation engine and on
its deployments. To follow one message on its way, read

    grid.py            push_messages: the path of a round, in fifteen lines
    nodes.py           addresses, and what a client keeps between rounds
    isolation.py       why nobody shares an object with anybody
    seeding.py         why the order of the clients does not matter
    executor.py        the call of the client app, and what may come back
    failure.py         what is said when it goes wrong
    flower_private.py  the few things that Flower's public API leaves open
    server.py          a ServerApp on top
"""

from .failure import ClientFailed
from .grid import LocalGrid
from .server import run_server_app

__all__ = ["ClientFailed", "LocalGrid", "run_server_app"]
