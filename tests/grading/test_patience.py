"""Who draws a page does not wait for a parser that was given something slow."""

import contextlib
import threading

from markupsafe import Markup

from autograder.grading.markup import harmless
from autograder.grading.patience import Patience


def plainly():
    return Markup("plain")


def for_ever():
    while True:
        pass


def test_what_takes_too_long_is_drawn_plainly():
    """And so is all that comes after it; what came before is drawn."""
    patience = Patience(0.1)

    assert patience.drawn(lambda: Markup("drawn"), plainly) == "drawn"
    assert patience.drawn(for_ever, plainly) == "plain"
    assert patience.drawn(lambda: Markup("drawn"), plainly) == "plain"


def test_a_parser_cannot_catch_it():
    """Parsers survive what they do not expect."""

    def survive():
        while True:
            with contextlib.suppress(Exception):
                harmless("<b>" * 60_000)

    assert Patience(0.1).drawn(survive, plainly) == "plain"


def test_other_threads_wait():
    """A signal reaches the main thread only; what is quick is drawn as ever."""
    drawn = []
    patience = Patience(1.0)
    thread = threading.Thread(
        target=lambda: drawn.append(patience.drawn(lambda: Markup("drawn"), plainly))
    )
    thread.start()
    thread.join()

    assert drawn == ["drawn"]
