"""What a kernel says, read so that it cannot hurt whoever reads it.

Student code runs in the kernel: it has the key that messages are signed with, and can
send any number of them, of any size, at any time. So a message is only opened as far as
it is needed and not too large, and whoever listens looks at how much has piled up: the
system's queues take in what nobody has read yet.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

import zmq
from jupyter_client.session import DELIM

Message = dict[str, Any]
NOTHING: Message = {"parent_header": {}, "content": {}, "msg_type": ""}
TOO_LONG = "\n[a message of this cell was too long and was left out]\n"
_MAX_HEADER_BYTES = 100_000
_MAX_CONTENT_BYTES = 20_000_000
_MAX_PILE_BYTES = 1_000_000_000
_PAGE = os.sysconf("SC_PAGE_SIZE")


def received(channel: Any) -> Message:
    """Return a channel's next message, or an empty one if it makes no sense."""
    try:
        frames = channel.socket.recv_multipart(zmq.NOBLOCK, copy=False)
        parts = [frame.buffer for frame in frames]
        return _opened(parts[parts.index(DELIM) + 1 :])
    except (zmq.ZMQError, ValueError, KeyError, TypeError, RecursionError):
        return NOTHING


def _opened(signed: Sequence[memoryview]) -> Message:
    """Return the message; its signature would not say that it is the kernel's."""
    _, header, parent, _, content = signed[:5]
    if max(len(header), len(parent)) > _MAX_HEADER_BYTES:
        return NOTHING
    kind, about = json.loads(bytes(header))["msg_type"], json.loads(bytes(parent))
    message = {"parent_header": about, "content": {}, "msg_type": kind}
    if not isinstance(kind, str) or not isinstance(about, dict):
        return NOTHING
    if len(content) > _MAX_CONTENT_BYTES:
        return message | _in_place_of(kind)
    message["content"] = json.loads(bytes(content))
    return message if isinstance(message["content"], dict) else NOTHING


def _in_place_of(kind: str) -> Message:
    """Return what stands for a message that is too long to be opened."""
    if kind == "execute_reply":
        said = {"status": "error", "ename": "Error", "evalue": TOO_LONG.strip()}
        return {"content": said}
    return {"msg_type": "stream", "content": {"name": "stdout", "text": TOO_LONG}}


class Pile:
    """How much this process holds more than when this was made."""

    def __init__(self) -> None:
        self._before = _resident_bytes()

    def is_too_high(self) -> bool:
        """Tell whether what has piled up unread endangers this process."""
        return _resident_bytes() - self._before > _MAX_PILE_BYTES


def _resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * _PAGE
