"""What a grid remembers between two rounds, for a checkpoint.

    clients    their contexts, with what they keep
    membership who has left; when somebody last asked who is there
    numbers    of messages sent; of messages that named no round
    clock      the virtual time; when each client's links and processor are free again
    events     what is still going to happen: late replies, which nobody waits for
    trace      what has happened

Devices, networks and failures are not here: they are functions of (seed, round, client)
and come back with the grid's arguments.
"""

import json
from typing import Any

from flwr.app import Context, Message, RecordDict

from .checkpoint_values import Blobs, Tree, decode, encode
from .grid import LocalGrid
from .inbox import Arrival
from .isolation import SealedReply
from .nodes import FIRST_NODE_ID
from .seeding import Rounds
from .trace import Row


def encode_grid(grid: LocalGrid, blobs: Blobs) -> Tree:
    """Return what `grid` remembers as a tree.

    Raises
    ------
    TypeError
        If a client keeps something that cannot be saved; the sentence names it.
    ValueError
        If replies are on their way that somebody is going to pull.
    """
    delivery, dispatch = grid._delivery, grid._dispatch
    if delivery.inbox._to_come or delivery.inbox._arrived:
        raise ValueError(
            "a checkpoint is for runs in rounds: pull the replies to all messages that "
            "were pushed before saving"
        )
    contexts = {
        partition_id: encode(
            vars(context), blobs, f"the context of client {partition_id}"
        )
        for partition_id, context in grid._nodes._contexts.items()
    }
    lanes = {
        partition_id: [lane.downlink_free_s, lane.processor_free_s, lane.uplink_free_s]
        for partition_id, lane in delivery._lanes.items()
    }
    return {
        "contexts": [*contexts.items()],
        "num_sent": dispatch._num_sent,
        "num_asked": encode(dispatch._rounds._num_asked, blobs, "num_asked"),
        "away": sorted(grid._membership._away),
        "asked_s": grid._membership._asked_s,
        "num_looks": grid._membership._num_looks,
        "now": grid.clock.now,
        "num_scheduled": grid.clock._num_scheduled,
        "lanes": [*lanes.items()],
        "events": [_event(*entry) for entry in sorted(grid.clock._heap)],
        "trace": [row.line() for row in grid.trace],
    }


def decode_grid(grid: LocalGrid, tree: Tree, blobs: Blobs) -> None:
    """Let `grid` remember what is in `tree`, and nothing else."""
    delivery, dispatch, clock = grid._delivery, grid._dispatch, grid.clock
    grid._nodes._contexts = {
        partition_id: Context(**decode(context, blobs))
        for partition_id, context in tree["contexts"]
    }
    dispatch._num_sent = tree["num_sent"]
    dispatch._rounds = Rounds()
    dispatch._rounds._num_asked = decode(tree["num_asked"], blobs)
    grid._membership._away = set(tree["away"])
    grid._membership._asked_s = tree.get("asked_s", -1.0)  # older files have none
    grid._membership._num_looks = tree.get("num_looks", 0)
    clock._now, clock._num_scheduled = tree["now"], tree["num_scheduled"]
    delivery._lanes = {}
    for partition_id, (downlink, processor, uplink) in tree["lanes"]:
        lane = delivery.lane(partition_id)
        lane.downlink_free_s, lane.processor_free_s = downlink, processor
        lane.uplink_free_s = uplink
    inbox = delivery.inbox
    inbox._to_come, inbox._arrived, inbox._awaited = {}, {}, set()
    clock._heap = [_entry(grid, *event) for event in tree["events"]]  # sorted: a heap
    grid.trace._rows = [_row(line) for line in tree["trace"]]


def _event(time_s: float, order: int, action: object, what: Row | Arrival) -> Tree:
    """Describe an event: when, which row, and of a reply, whether it is a copy."""
    if isinstance(what, Row):
        return [time_s, order, what.line(), None]
    return [time_s, order, what.row.line(), what.is_copy]


def _entry(
    grid: LocalGrid, time_s: float, order: int, line: str, is_copy: bool | None
) -> tuple[float, int, Any, Row | Arrival]:
    row = _row(line)
    if is_copy is None:
        return time_s, order, grid.trace.append, row
    # Nobody waits for this reply: that it arrives is all that will be seen of it.
    unread = Message(RecordDict(), FIRST_NODE_ID + row.partition, row.message_type)
    arrival = Arrival(SealedReply.of(unread), row, is_copy)
    return time_s, order, grid._delivery.inbox.arrive, arrival


def _row(line: str) -> Row:
    return Row(**json.loads(line))
