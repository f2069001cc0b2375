"""A worker's tie to the grader that started it."""

import fcntl
import os
import signal
from multiprocessing import connection, parent_process


def die_with_parent() -> None:
    """Have the system kill this process as soon as the one that started it is gone.

    That is the grader, not the fork server, which is the parent to the system. The
    grader holds the other end of a pipe, and a signal for what happens to a pipe needs
    no thread, which the forks of this process would not survive.
    """
    grader = parent_process()
    assert grader is not None, "only workers have a parent"
    pipe = grader.sentinel
    fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if connection.wait([pipe], timeout=0):
        os.kill(os.getpid(), signal.SIGKILL)
