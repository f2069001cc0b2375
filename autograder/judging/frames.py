"""Frames on a stream socket: a JSON header and raw bytes, in pieces of known length.

    4 bytes   length of the header          little endian
    4 bytes   length of the body
    header    a JSON list; its last item lists the lengths of the buffers
    body      the buffers, end to end

The reader checks every length before it reads, and believes nothing else: the other
end may be hostile.
"""

import builtins
import json
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

from autograder.judging.errors import Closed, Malformed, NoAnswer, Unsendable

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))

_LENGTHS = struct.Struct("<II")
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_DECODER = json.JSONDecoder()
_SHORT = 65_536  # bytes that are cheaper to join than to send one by one


class Frames:
    """Sends and receives frames on one socket.

    Parameters
    ----------
    sock : socket.socket
        A connected stream socket, in blocking mode.
    max_bytes, max_header : int
        The longest frame that is read, and the longest header of one.
    max_total : int
        How many bytes are read altogether.
    """

    def __init__(
        self, sock: socket.socket, max_bytes: int, max_header: int, max_total: int
    ) -> None:
        self._sock = sock
        self._max_bytes, self._max_header = max_bytes, max_header
        self._left = max_total
        self._pending = bytearray()
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def send(self, header: list[Any], buffers: Sequence[Any]) -> None:
        """Send one frame; `buffers` are bytes or memoryviews of bytes.

        Raises
        ------
        Unsendable
            If the frame is longer than the other side reads.
        Closed
            If the other side closed the connection.
        """
        start, size = self.start_of(header, buffers)
        parts = [start, *buffers]
        if size <= _SHORT:
            parts = [b"".join(parts)]
        try:
            for part in parts:
                self._sock.sendall(part)
        except ConnectionError:
            raise Closed("the other side closed the connection") from None

    def start_of(self, header: list[Any], buffers: Sequence[Any]) -> tuple[bytes, int]:
        """Return what a frame begins with, and how many bytes of buffers follow."""
        whole = [*header, [len(buffer) for buffer in buffers]]
        text = "".join(_ENCODER.iterencode(whole, True)).encode()
        size = sum(len(buffer) for buffer in buffers)
        for length, most in (
            (len(text), self._max_header),
            (len(text) + size, self._max_bytes),
        ):
            if length > most:
                raise Unsendable(
                    f"expected at most {most:,} bytes in one message, got {length:,}"
                )
        return _LENGTHS.pack(len(text), size) + text, size

    def receive(self, deadline: float | None = None) -> tuple[list[Any], list[Any]]:
        """Return the next frame's header and its buffers.

        Raises
        ------
        Closed
            If the other side closed the connection.
        NoAnswer
            If the frame is not complete at `deadline`, a `time.monotonic()`.
        Malformed
            If the bytes are no frame, or too many.
        """
        text_size, body_size = _LENGTHS.unpack(self._exactly(8, deadline))
        size = text_size + body_size
        if size > self._max_bytes or size > self._left:
            limit = min(self._max_bytes, self._left)
            raise Malformed(f"expected at most {limit:,} bytes, got {size:,}")
        if text_size > self._max_header:
            raise Malformed(
                f"expected a header of at most {self._max_header:,} bytes, got "
                f"{text_size:,}"
            )
        self._left -= size
        text = self._exactly(text_size, deadline)
        body = memoryview(self._exactly(body_size, deadline))
        try:
            header, end = _DECODER.raw_decode(text.decode())
        except (ValueError, RecursionError) as error:
            raise Malformed(f"expected JSON, got {error}") from None
        if not isinstance(header, list) or not header or end < len(text):
            raise Malformed("expected a list, got something else")
        return header, _cut(body, header.pop())

    def _exactly(self, size: int, deadline: float | None) -> bytearray:
        if size <= _SHORT:
            while len(self._pending) < size:
                self._pending += self._read(_SHORT, deadline)
            data = self._pending[:size]
            del self._pending[:size]
            return data
        data = bytearray(size)
        view, done = memoryview(data), len(self._pending)
        view[:done] = self._pending  # shorter: at most _SHORT bytes are read ahead
        self._pending.clear()
        while done < size:
            chunk = self._read(min(size - done, 1_048_576), deadline)
            view[done : done + len(chunk)] = chunk
            done += len(chunk)
        return data

    def _read(self, size: int, deadline: float | None) -> bytes:
        if deadline is not None:
            left = max(0.0, deadline - time.monotonic())
            if not self._poll.poll(left * 1000):
                raise NoAnswer("no answer in time")
        try:
            chunk = self._sock.recv(size)
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise Closed("the other side closed the connection")
        return chunk


def _cut(body: memoryview, lengths: object) -> list[memoryview]:
    """Cut the body into its buffers."""
    buffers, start = [], 0
    if not isinstance(lengths, list):
        raise Malformed("expected the lengths of the buffers, got something else")
    for length in lengths:
        if type(length) is not int or not 0 <= length <= len(body) - start:
            raise Malformed(f"expected a buffer inside the body, got length {length!r}")
        buffers.append(body[start : start + length])
        start += length
    return buffers
