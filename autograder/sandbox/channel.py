"""The kernel's end of its channel to the grader."""

import os
import socket

from autograder.sandbox.layout import CHANNEL_VARIABLE


def channel() -> socket.socket:
    """Return the socket over which code in this kernel talks with the grader.

    Raises
    ------
    RuntimeError
        If this is no kernel that was started with a channel.
    """
    number = os.environ.get(CHANNEL_VARIABLE)
    if number is None:
        raise RuntimeError(
            f"expected a kernel that the grader started with a channel, found no "
            f"{CHANNEL_VARIABLE} among the environment variables"
        )
    return socket.socket(fileno=int(number))
