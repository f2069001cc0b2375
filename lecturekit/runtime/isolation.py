"""What a wire does for free: sender and receiver never hold the same object.

Flower's strategies put one RecordDict into the messages to the whole cohort. Over a
network each client gets its own copy. In one process, without a copy, a client that
writes `message.content["config"]["lr"] = 1` would change its neighbours' learning rate.

The copy is as deep as needed and no deeper: fresh containers all the way down over the
same `bytes`, which nobody can change. A model of 1 GB costs what one of 20 kB costs.
"""

import copy

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from .flower_private import FastArray, filled, set_message_id


def isolated(content: RecordDict) -> RecordDict:
    """Return a copy of `content` that shares nothing but immutable bytes with it."""
    records = {
        key: _own_arrays(record)
        if isinstance(record, ArrayRecord)
        else _own_values(record)
        for key, record in content.items()
    }
    own: RecordDict = filled(content, records)
    return own


def _own_arrays(record: ArrayRecord) -> ArrayRecord:
    arrays = {name: FastArray.copy_of(array) for name, array in record.items()}
    own: ArrayRecord = filled(record, arrays)
    return own


def _own_values(record: ConfigRecord | MetricRecord) -> ConfigRecord | MetricRecord:
    own: ConfigRecord | MetricRecord = filled(
        record,
        {n: v.copy() if isinstance(v, list) else v for n, v in record.items()},
    )
    return own


def delivered_message(message: Message) -> Message:
    """Return the message as its client receives it: its own, under the same id."""
    metadata = message.metadata
    delivered = Message(
        isolated(message.content),
        metadata.dst_node_id,
        metadata.message_type,
        ttl=metadata.ttl,
        group_id=metadata.group_id,
    )
    set_message_id(delivered, metadata.message_id)
    return delivered


def delivered_reply(reply: Message) -> Message:
    """Return the reply as the server receives it: its own, with an id."""
    delivered = copy.copy(reply)
    if reply.has_content():
        delivered.content = isolated(reply.content)
    set_message_id(delivered, f"reply-to-{reply.metadata.reply_to_message_id}")
    return delivered
