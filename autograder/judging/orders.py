"""What the judge is asked to run, and how it goes from one process to another."""

import json
import os
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """One test cell to run.

    Parameters
    ----------
    source : str
        The cell.
    maximum : float
        Its points.
    sitting : int
        Tests of one sitting are of one student's process. 0 is a sitting of its own.
    channel, reply : int
        Files: to the student's process, and for what the test has to say.
    """

    source: str
    maximum: float
    sitting: int
    channel: int
    reply: int

    def send(self, to: socket.socket) -> None:
        """Send it, files and all; `close` what stays here."""
        text = json.dumps([self.source, self.maximum, self.sitting]).encode()
        start = len(text).to_bytes(4, "little")
        socket.send_fds(to, [start], [self.channel, self.reply])
        to.sendall(text)

    def close(self) -> None:
        """Close its files here."""
        os.close(self.channel)
        os.close(self.reply)


def next_order(source: socket.socket) -> Order | None:
    """Wait for an order; return None if the other side has hung up."""
    start, files, _, _ = socket.recv_fds(source, 4, 2)
    if len(start) < 4 or len(files) != 2:
        return None
    size, text = int.from_bytes(start, "little"), b""
    while len(text) < size:
        chunk = source.recv(size - len(text))
        if not chunk:
            return None
        text += chunk
    return Order(*json.loads(text), *files)
