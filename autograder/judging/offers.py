"""A socket for every test cell, over the one that a sandbox leaves open.

A kernel in a sandbox has one connection to the grader for all of its life. What a
student's code has read from it, or written to it, must not matter to the next test: so
every test cell gets a fresh pair of sockets, and one of them is handed over.

    channel = offer(process.channel)       # the grader; then `judge.run(..., channel)`
    serve(accepted(channel()), globals())  # in the kernel, meanwhile
"""

import socket


def offer(connection: socket.socket) -> socket.socket:
    """Hand the other end of a fresh channel over `connection`; return this end."""
    ours, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(connection, [b"!"], [theirs.fileno()])
    return ours


def accepted(connection: socket.socket) -> socket.socket:
    """Return the channel that was offered.

    Raises
    ------
    EOFError
        If none was offered, and none will be.
    """
    _, numbers, _, _ = socket.recv_fds(connection, 1, 1)
    if not numbers:
        raise EOFError("expected a channel for a test cell, got none")
    return socket.socket(fileno=numbers[0])
