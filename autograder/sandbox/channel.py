"""The kernel's end of its channel to the grader.

It is opened before the submission's first cell: what that does to the environment
variables, say, closes nothing.
"""

import socket

_opened: list[socket.socket] = []  # one for the kernel's life


def open_channel(number: int) -> None:
    """Open the channel that this process, which becomes a kernel, was handed.

    Parameters
    ----------
    number : int
        The open file of its end.
    """
    _opened.append(socket.socket(fileno=number))


def channel() -> socket.socket:
    """Return the socket over which code in this kernel talks with the grader.

    Raises
    ------
    RuntimeError
        If this is no kernel that was started with a channel.
    """
    if not _opened:
        raise RuntimeError(
            "expected a kernel that the grader started with a channel, got one without"
        )
    return _opened[0]
