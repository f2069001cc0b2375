"""The virtual clock: an order, and no waiting."""

from math import inf, nan

import pytest

from lecturekit.runtime import Clock


def test_events_happen_in_the_order_of_time():
    """However they were scheduled; those at the same time as they were scheduled."""
    clock, order = Clock(), []
    for time_s, name in [(3.0, "d"), (1.0, "a"), (2.0, "b"), (2.0, "c")]:
        clock.at(time_s, order.append, name)
    clock.advance_to(2.0)

    assert order == ["a", "b", "c"]
    assert (clock.now, clock.next_time) == (2.0, 3.0)
    clock.advance_to(9.5)
    assert order == ["a", "b", "c", "d"]
    assert (clock.now, clock.next_time) == (9.5, inf)


def test_now_is_the_time_of_what_happens():
    """Whoever acts sees its own time, and may schedule more that is due."""
    clock, seen = Clock(), []

    def tick(name):
        seen.append((name, clock.now))
        if clock.now < 3:
            clock.at(clock.now + 1, tick, "again")

    clock.at(1.5, tick, "first")
    clock.advance_to(3.0)

    assert seen == [("first", 1.5), ("again", 2.5)]
    assert clock.next_time == 3.5


@pytest.mark.parametrize("time_s", [0.5, -1.0, inf, nan])
def test_the_past_and_never_are_refused(time_s):
    """Time goes one way."""
    clock = Clock()
    clock.advance_to(1.0)
    with pytest.raises(ValueError, match=r"time_s must be finite and not before now"):
        clock.at(time_s, print, "never")
    with pytest.raises(ValueError, match=rf"1\.0 s, got {time_s}$"):
        clock.advance_to(time_s)
