"""The clients as a grid knows them: addresses, and what each keeps between rounds."""

from collections.abc import Mapping, Sized
from operator import index
from typing import SupportsIndex

from flwr.app import Context, RecordDict

FIRST_NODE_ID = 1000  # not 0: so that nobody takes an address for a partition

ConfigValue = bool | float | int | str  # Flower's UserConfigValue


class Nodes:
    """The addresses of a federation's clients, and their contexts.

    Client k has the node id `FIRST_NODE_ID + k`, in every run. A context is made when
    its client is first asked: of 10,000 clients, only those that were ever in a cohort
    cost memory.

    Parameters
    ----------
    num_clients : int
        K, positive.
    run_config : mapping
        Every client gets a copy.
    """

    def __init__(self, num_clients: int, run_config: Mapping[str, ConfigValue]) -> None:
        self._num_clients = num_clients
        self._run_config = run_config
        self._contexts: dict[int, Context] = {}

    def __len__(self) -> int:
        return self._num_clients

    def ids(self) -> list[int]:
        """Return all node ids, ascending."""
        return list(range(FIRST_NODE_ID, FIRST_NODE_ID + self._num_clients))

    def partition_of(self, node_id: int) -> int:
        """Return the partition that the client at `node_id` holds, or ValueError."""
        if not FIRST_NODE_ID <= node_id < FIRST_NODE_ID + self._num_clients:
            raise ValueError(
                f"node id {node_id} is not in this federation, whose "
                f"{self._num_clients} clients have the ids that get_node_ids() gives: "
                f"{FIRST_NODE_ID} to {FIRST_NODE_ID + self._num_clients - 1}"
            )
        return node_id - FIRST_NODE_ID

    def context_of(self, partition_id: int, run_id: int) -> Context:
        """Return the context of the client that holds `partition_id`, always the same.

        Its `state` is what the client keeps between rounds; its `node_config` holds
        Flower's "partition-id" and "num-partitions".
        """
        if partition_id not in self._contexts:
            self._contexts[partition_id] = Context(
                run_id=run_id,
                node_id=FIRST_NODE_ID + partition_id,
                node_config={
                    "partition-id": partition_id,
                    "num-partitions": self._num_clients,
                },
                state=RecordDict(),
                run_config=dict(self._run_config),
            )
        return self._contexts[partition_id]


def num_clients_of(federation: Sized | int) -> int:
    """Return how many clients `federation` has; TypeError or ValueError if unclear."""
    num_clients: int | None = None
    if isinstance(federation, bool | str):
        pass  # True is a number and "20" has a length, but not of clients
    elif isinstance(federation, int):
        num_clients = federation
    elif isinstance(federation, Sized):  # slow to say no: it asks all such classes
        num_clients = len(federation)
    elif isinstance(federation, SupportsIndex):
        num_clients = index(federation)
    if num_clients is None:
        raise TypeError(
            "federation must have a length or be a number of clients, "
            f"got {federation!r}"
        )
    if num_clients < 1:
        raise ValueError(f"a federation needs at least one client, got {num_clients}")
    return num_clients
