"""A limit to the processor time that goes into drawing one page.

Parsers of HTML, Markdown and formulas are slow on text that was made to be slow for
them, and a batch has one writer: who waits for a page makes the whole course wait. So
what takes too long is drawn plainly.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from markupsafe import Markup


class _TooSlow(BaseException):
    """Not an Exception: a parser that is sure of itself catches those."""


class Patience:
    """The processor time that is left for a page.

    Parameters
    ----------
    seconds : float, seconds
        It can be enforced in a program's main thread only, where commands run.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def drawn(self, draw: Callable[[], Markup], plain: Callable[[], Markup]) -> Markup:
        """Return what `draw` returns, or `plain` does if there is no time for it."""
        started = time.process_time()
        try:
            with _alarm_after(self._left):
                return draw()
        except _TooSlow:
            return plain()
        finally:
            self._left -= time.process_time() - started


@contextmanager
def _alarm_after(seconds: float) -> Iterator[None]:
    if seconds <= 0:
        raise _TooSlow
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    raise _TooSlow
