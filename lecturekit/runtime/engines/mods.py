"""The client's half of determinism: seed before every message, say which partition.

`LocalGrid` seeds a client's generators itself. On Flower's own engines an app does it,
with two lines that change nothing on a `LocalGrid`, where the same numbers come out:

    client_app = ClientApp(mods=[seeding_mod])
    client_app.query("partition")(report_partition)

A *mod* is Flower's word for a function around a client's functions: it may look at the
message before, and at the reply after, `call_next`. The run's seed is the key `seed`
of the app's run_config, so that it travels to every node with the app.

The server's half is `reproducible.py`.
"""

from collections.abc import Callable
from typing import Any

from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict

from lecturekit.runtime.seeding import client_entropy, seed_generators

QUERY_PARTITION = "query.partition"

_OPENS_ENVELOPES = "opens-envelopes"
_ASKED = "lecturekit.times-asked"  # in a client's state: message type -> how often


def seeding_mod(
    message: Message,
    context: Context,
    call_next: Callable[[Message, Context], Message],
) -> Message:
    """Seed Python's, NumPy's and torch's generators, then let the client run.

    The seed is that of `LocalGrid`: a hash of (the run's seed, round, message type,
    partition). A message without "server-round" counts as the n-th of its type to this
    client; the count is kept in the client's state.

    Raises
    ------
    ValueError
        If run_config has no integer `seed`, or node_config no "partition-id".
    """
    partition_id, _ = partition_of(context)
    seed_generators(
        client_entropy(
            run_seed(context),
            _server_round(message, context.state),
            message.metadata.message_type,
            partition_id,
        )
    )
    return call_next(message, context)


def report_partition(
    message: Message, context: Context, *, opens_envelopes: bool = False
) -> Message:
    """Answer a "query.partition" message: which partition of how many is here.

    Node ids are drawn anew in every run of Flower; partitions are what stays. A kernel
    node adds that it opens envelopes (`envelope.py`).
    """
    partition_id, num_partitions = partition_of(context)
    answer = ConfigRecord()
    answer["partition-id"], answer["num-partitions"] = partition_id, num_partitions
    answer[_OPENS_ENVELOPES] = opens_envelopes
    return Message(RecordDict({"partition": answer}), reply_to=message)


def read_partition(answer: Message) -> tuple[int, int]:
    """Return (partition id, number of partitions) from such an answer."""
    partition: Any = answer.content["partition"]
    return int(partition["partition-id"]), int(partition["num-partitions"])


def opens_envelopes(answer: Message) -> bool:
    """Tell from such an answer whether its node opens envelopes."""
    return bool(answer.content.config_records["partition"].get(_OPENS_ENVELOPES))


def seed_server(seed: int) -> None:
    """Seed the global generators as `run_server_app` does before a ServerApp.

    For the first line of a server's main function: a model that torch initialises is
    then the same on every engine.
    """
    seed_generators(client_entropy(seed, 0, "server", -1))


def run_seed(context: Context) -> int:
    """Return the seed of the run, or ValueError."""
    seed = context.run_config.get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ValueError(
            f"run_config must have an integer `seed`, got {seed!r}: write `seed = 0` "
            "under [tool.flwr.app.config] in the app's pyproject.toml"
        )
    return seed


def partition_of(context: Context) -> tuple[int, int]:
    """Return (partition id, number of partitions) of this node, or ValueError."""
    config = context.node_config
    try:
        return int(config["partition-id"]), int(config["num-partitions"])
    except KeyError as error:
        raise ValueError(
            f"node_config must have 'partition-id' and 'num-partitions', got {config}: "
            "start the SuperNode with --node-config 'partition-id=0 num-partitions=2'"
        ) from error


def _server_round(message: Message, state: RecordDict) -> int:
    """Return the round that the message names, else how often its type came."""
    for record in message.content.config_records.values():
        server_round = record.get("server-round")
        if isinstance(server_round, int):
            return server_round
    asked = state.metric_records.get(_ASKED, MetricRecord())
    message_type = message.metadata.message_type
    times = asked.get(message_type, 0)
    times = times + 1 if isinstance(times, int) else 1
    asked[message_type] = times
    state[_ASKED] = asked
    return times
