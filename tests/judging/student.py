"""A student's process for the tests: cells run in it, then it serves the judge."""

import io
import os
import signal
import socket
import sys
import warnings
from contextlib import contextmanager

from autograder.judging.far import serve
from autograder.judging.limits import JudgeLimits
from autograder.judging.near import Near


class Student:
    """A process in which `cells` ran one after the other, whatever they raised.

    It answers on `channel`, for one test cell.
    """

    def __init__(self, *cells, namespace=None):
        self.channel, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.channel.close()
            _live(theirs, cells, namespace)
        theirs.close()

    def interrupt(self):
        """Do what a kernel does for its interrupt button."""
        os.kill(self.pid, signal.SIGINT)

    def end(self):
        """Close the channel and bury the process."""
        self.channel.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.end()


def _live(theirs, cells, namespace):
    try:
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        namespace = namespace if namespace is not None else {"__name__": "__main__"}
        for cell in cells:
            try:
                exec(compile(cell, "<cell>", "exec"), namespace)
            except Exception:  # a notebook goes on after an exception
                continue
        serve(theirs, namespace)
    finally:
        os._exit(0)


@contextmanager
def talking_to(*cells, **limits):
    """Yield a conversation with a student, and the names that the cells define."""
    with Student(*cells) as student:
        near = Near(student.channel, JudgeLimits(**limits), student.interrupt)
        names = [name for cell in cells for name in _names(cell)]
        yield near, Names(near.names(names))


class Names:
    """A student's names as attributes."""

    def __init__(self, names):
        self.__dict__.update(names)


def _names(cell):
    try:
        code = compile(cell, "<cell>", "exec")
    except SyntaxError:
        return []
    return [name for name in code.co_names if not name.startswith("__")]
