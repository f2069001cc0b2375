"""Further than one process: Flower's own engines, and kernels that join a SuperLink.

One call runs an app folder on an engine; the app stays as it is:

    result = run_app("digits_app", engine="ray", num_clients=10, seed=1)

    run.py              which engine for what; run_app
    app_folder.py       what an app is on disk
    result.py           how its final model gets out
    mods.py             the client's half of determinism, a Flower mod
    reproducible.py     the server's half, around any strategy
    partition_grid.py   nodes and replies in the order of the partitions
    envelope.py         a content as one object, for classes of many nodes
    superlink.py        Flower's server on this machine
    lean_superlink.py   its process, each request through its own layers only
    processes.py        its processes, ended with it; guard.py does that
    kernel_node.py      a notebook's kernel as a client
    fleet.py            what it says to the SuperLink
    flower_private.py   what all this needs of Flower's private parts

`lecturekit.runtime` does not import this package: who needs it imports it by name.
"""

from .app_folder import AppFolder
from .kernel_node import KernelNode
from .mods import report_partition, seed_server, seeding_mod
from .partition_grid import PartitionGrid
from .reproducible import Reproducible
from .result import RunResult, model_hash, save_result
from .run import run_app
from .superlink import SuperLink

__all__ = [
    "AppFolder",
    "KernelNode",
    "PartitionGrid",
    "Reproducible",
    "RunResult",
    "SuperLink",
    "model_hash",
    "report_partition",
    "run_app",
    "save_result",
    "seed_server",
    "seeding_mod",
]
