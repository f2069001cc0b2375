"""What lateness costs, on cases to check by hand."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.course import GraceDays, LateRules, Penalty, Tier, late_penalty
from autograder.course.moments import Span

LONDON = ZoneInfo("Europe/London")
DUE = datetime.datetime(2026, 11, 20, 17, tzinfo=LONDON)
TIERS = (Tier(Span(), 5), Tier(Span(seconds=86_400), 20), Tier(Span(days=7), 100))


def after(**late):
    return (DUE + datetime.timedelta(**late)).astimezone(datetime.UTC)


@pytest.mark.parametrize(
    ("late", "percent"),
    [
        ({"hours": -1}, 0),
        ({}, 0),
        ({"seconds": 1}, 5),
        ({"hours": 24}, 5),
        ({"hours": 24, "seconds": 1}, 20),
        ({"days": 7}, 20),
        ({"days": 7, "seconds": 1}, 100),
        ({"days": 900}, 100),
    ],
)
def test_the_dearest_tier_passed_counts(late, percent):
    """A moment that is exactly the limit is still inside it."""
    assert late_penalty(after(**late), DUE, LateRules(TIERS)).percent == percent


def test_tiers_need_no_order():
    """And are not added up."""
    rules = LateRules(TIERS[::-1])

    assert late_penalty(after(days=2), DUE, rules).percent == 20


@pytest.mark.parametrize(
    ("late", "used", "days", "percent"),
    [
        ({"hours": 1}, 0, 1, 0),
        ({"hours": 24}, 0, 1, 0),
        ({"hours": 25}, 0, 2, 0),
        ({"hours": 49}, 0, 2, 5),  # one hour after two grace days
        ({"hours": 25}, 4, 1, 5),  # one left of five
        ({"hours": 25}, 5, 0, 20),
        ({"hours": 25}, 9, 0, 20),
        ({"hours": -1}, 0, 0, 0),
    ],
)
def test_grace_days_move_the_deadline(late, used, days, percent):
    """As many as are needed, two a lab, five in all; tiers count from there."""
    rules = LateRules(TIERS, GraceDays(total=5, per_lab=2))
    penalty = late_penalty(after(**late), DUE, rules, used)

    assert (penalty.grace_days, penalty.percent) == (days, percent)


def test_a_grace_day_has_25_hours_when_the_clocks_go_back():
    """The deadline stays at 17:00 by the clock on the wall."""
    due = datetime.datetime(2026, 10, 24, 17, tzinfo=LONDON)
    rules = LateRules(TIERS, GraceDays(1, 1))
    last = datetime.datetime(2026, 10, 25, 17, tzinfo=datetime.UTC)

    assert late_penalty(last, due, rules).percent == 0
    second = datetime.timedelta(seconds=1)
    assert late_penalty(last + second, due, rules).percent == 5


def test_the_reason_is_one_sentence():
    """When it was due, how late it was, what was used and what it costs."""
    rules = LateRules(TIERS, GraceDays(5, 1))

    assert late_penalty(after(hours=27), DUE, rules).reason == (
        "handed in 1 day 3 hours after the deadline (2026-11-20 17:00 GMT): "
        "1 grace day used, 5 % taken off"
    )
    assert late_penalty(after(hours=3), DUE, LateRules()).reason.endswith(
        "nothing taken off"
    )
    assert late_penalty(DUE, DUE, rules) == Penalty()
