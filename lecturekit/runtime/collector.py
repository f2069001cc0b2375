"""Python's garbage collector, kept from looking for what is not there.

Whenever Python has made some hundreds of containers more than it has freed, it looks
through the young ones for cycles, and now and then through everything: torch alone
brings two hundred thousand objects. The records of a round are thousands of containers
without a cycle, so there is nothing to find; for 1,000 small clients that search would
be a good part of the round.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector while our own code builds records; never a client's."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
