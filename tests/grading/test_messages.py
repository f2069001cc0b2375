"""Messages of a kernel, read by somebody whom they must not hurt."""

import json

import pytest
import zmq
from jupyter_client.session import DELIM

from autograder.grading.messages import NOTHING, TOO_LONG, received

HEADER = json.dumps({"msg_type": "stream", "msg_id": "1"}).encode()
PARENT = b'{"msg_id": "7"}'


class Channel:
    """A channel with one message in it."""

    def __init__(self, *parts):
        self.socket = self
        self._parts = parts

    def recv_multipart(self, flags, copy):
        return [zmq.Frame(part) for part in self._parts]


def message(header=HEADER, parent=PARENT, content=b'{"text": "x"}'):
    return received(Channel(b"topic", DELIM, b"", header, parent, b"{}", content))


def test_a_message_is_its_kind_its_parent_and_its_content():
    """Nothing else of it is opened."""
    assert message() == {
        "msg_type": "stream",
        "parent_header": {"msg_id": "7"},
        "content": {"text": "x"},
    }


def test_a_message_that_is_too_long_is_one_line_in_its_place():
    """Nobody decodes it: JSON can take fifty times its length."""
    long = b'{"text": "' + b"x" * 21_000_000 + b'"}'
    reply = HEADER.replace(b"stream", b"execute_reply")

    assert message(content=long)["content"] == {"name": "stdout", "text": TOO_LONG}
    assert message(reply, content=long)["content"]["status"] == "error"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (DELIM,),
        (DELIM, b"", b"{", b"{}", b"{}", b"{}"),
        (DELIM, b"", b"{}", PARENT, b"{}", b"{}"),
        (DELIM, b"", HEADER, b"[]", b"{}", b"{}"),
        (DELIM, b"", HEADER, PARENT, b"{}", b"[" * 100_000),
        (DELIM, b"", HEADER, PARENT, b"{}", b"\xff"),
        (DELIM, b"", HEADER, PARENT, b"{}", b"9" * 5_000),
        (DELIM, b"", HEADER, b'"' + b"x" * 200_000 + b'"', b"{}", b"{}"),
        (DELIM, b"", b'{"msg_type": []}', PARENT, b"{}", b"{}"),
    ],
)
def test_what_is_no_message_is_nothing(parts):
    """Student code holds the kernel's sockets."""
    assert received(Channel(*parts)) == NOTHING
