"""What the supervisor of a submission says to the grader, over their socket.

The socket keeps messages apart (SOCK_SEQPACKET). In the other direction goes nothing
but the number of a signal, in decimal digits.
"""

import json
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Failed:
    """The kernel could not be started, and why."""

    reason: str


@dataclass(frozen=True)
class Seen:
    """What `autograder.sandbox.inside.look` was able to do."""

    escapes: list[str]


@dataclass(frozen=True)
class Ended:
    """Every process of the submission has ended.

    Parameters
    ----------
    status : int
        The kernel's exit status; minus the signal's number if one killed it.
    reason : str
        Which bound was exceeded; empty if none was.
    cpu_s : float, seconds
        Processor time of all processes, as far as they were waited for.
    """

    status: int
    reason: str
    cpu_s: float


Saying = Failed | Seen | Ended
_KINDS: dict[str, type[Failed] | type[Seen] | type[Ended]] = {
    kind.__name__: kind for kind in (Failed, Seen, Ended)
}
MAX_BYTES = 100_000


def say(leash: socket.socket, saying: Saying) -> None:
    """Send one message."""
    leash.send(json.dumps([type(saying).__name__, vars(saying)]).encode())


def understood(message: bytes) -> Saying:
    """Return the message that the bytes stand for."""
    kind, fields = json.loads(message)
    return _KINDS[kind](**fields)
