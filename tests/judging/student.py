"""A student's process for the tests: cells run in it, then it serves the judge."""

from contextlib import contextmanager

from autograder.judging.forked import ForkedStudent
from autograder.judging.limits import JudgeLimits
from autograder.judging.near import Near


class Student(ForkedStudent):
    """A process in which `cells` ran, and the channel to it for one test cell."""

    def __init__(self, *cells, namespace=None):
        fresh = {"__name__": "__main__"}
        super().__init__([*cells, None], fresh if namespace is None else namespace)
        (self.channel,) = self.channels


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
    code = compile(cell, "<cell>", "exec")
    return [name for name in code.co_names if not name.startswith("__")]
