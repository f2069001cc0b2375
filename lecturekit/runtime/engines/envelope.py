r"""Envelopes: a small content travels as one object instead of one per array.

Flower cuts a message into objects, each named by the hash of its bytes, and moves each
by itself, so that what many messages share is stored once:

    Message -- RecordDict -- ArrayRecord -- Array -- ArrayChunk     two per array
                         \-- ConfigRecord

An object is an HTTP request on each of its ways, some 4 ms of the SuperLink's time
whatever its size. For a network of four arrays that is 12 requests up and 12 down, per
message; in a class of small models it is nearly all of a phase. In an envelope, a
content is one ConfigRecord that holds Flower's own serialisation of it:

    Message -- RecordDict -- ConfigRecord                           three in all

`PartitionGrid` seals what it sends to the nodes that said they open envelopes (kernel
nodes do, Flower's SuperNodes do not); a node answers in kind. Neither strategies nor
clients see an envelope.
"""

from copy import copy

from flwr.app import ConfigRecord, Message, RecordDict

from .flower_private import content_from_bytes, content_to_bytes

MAX_BYTES = 1_000_000  # beyond, moving the bytes costs more than the requests do

_KEY = "lecturekit.envelope"


def sealed(content: RecordDict) -> RecordDict:
    """Return `content` in an envelope, or as it is if it is large."""
    data = content_to_bytes(content)
    if len(data) > MAX_BYTES:
        return content
    return RecordDict({_KEY: ConfigRecord({"content": data})})


def is_sealed(message: Message) -> bool:
    """Tell whether `message` has an envelope for its content."""
    return message.has_content() and list(message.content) == [_KEY]


def opened(message: Message) -> Message:
    """Return `message` with the content that its envelope holds, if it has one."""
    if not is_sealed(message):
        return message
    data = message.content.config_records[_KEY]["content"]
    return with_content(message, content_from_bytes(bytes(data)))  # type: ignore[arg-type]


def with_content(message: Message, content: RecordDict) -> Message:
    """Return a message with this content and the metadata of `message`, shared."""
    other = copy(message)
    other.content = content
    return other
