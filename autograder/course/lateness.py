"""What handing in late costs: grace days first, then tiers.

    late by      0h < late          24h < late          7d < late
    tier         5 %                20 %                all

Of the tiers that a hand-in has passed, the dearest counts; they are not added up. A
*grace day* moves a student's deadline by one day of the calendar without cost. Grace
days are spent by themselves, as many as are needed and left; the tiers count from the
deadline they give.
"""

import datetime
from dataclasses import dataclass

from autograder.course.moments import Span, said


@dataclass(frozen=True)
class Tier:
    """What is taken off once a hand-in is later than `after`.

    Parameters
    ----------
    percent : float
        From 0 to 100.
    """

    after: Span
    percent: float


@dataclass(frozen=True)
class GraceDays:
    """How many days a student may be late for nothing.

    Parameters
    ----------
    total, per_lab : int
        In the whole course, and for one lab.
    """

    total: int = 0
    per_lab: int = 0


@dataclass(frozen=True)
class LateRules:
    """A course's rules for one lab.

    Parameters
    ----------
    is_of_maximum : bool
        True if the percentage is of a perfect submission's points, not of the points
        that the student got.
    """

    tiers: tuple[Tier, ...] = ()
    grace: GraceDays = GraceDays()
    is_of_maximum: bool = False


@dataclass(frozen=True)
class Penalty:
    """What one hand-in loses, and why.

    Parameters
    ----------
    percent : float
        From 0 to 100.
    grace_days : int
        How many this lab used.
    late : timedelta
        How long after the deadline; 0 if it was on time.
    reason : str
        One sentence, empty if the hand-in was on time.
    """

    percent: float = 0.0
    grace_days: int = 0
    late: datetime.timedelta = datetime.timedelta()
    reason: str = ""


def late_penalty(
    handed_in: datetime.datetime,
    deadline: datetime.datetime,
    rules: LateRules,
    grace_used: int = 0,
) -> Penalty:
    """Return what a hand-in loses for lateness.

    Parameters
    ----------
    handed_in, deadline : datetime
        With their time zones; the deadline with the student's extension in it. Days
        are counted by the deadline's clock.
    grace_used : int
        The grace days that the student has spent on other labs.
    """
    late = handed_in.astimezone(datetime.UTC) - deadline.astimezone(datetime.UTC)
    if late <= datetime.timedelta():
        return Penalty()
    left = max(0, min(rules.grace.per_lab, rules.grace.total - grace_used))
    days = 0
    while days < left and handed_in > Span(days).after(deadline):
        days += 1
    moved = Span(days).after(deadline)
    passed = [tier for tier in rules.tiers if handed_in > tier.after.after(moved)]
    percent = max((tier.percent for tier in passed), default=0.0)
    said_grace = f"{days} grace day{'s' if days != 1 else ''} used, " if days else ""
    cost = f"{percent:g} % taken off" if percent else "nothing taken off"
    reason = (
        f"handed in {said(late)} after the deadline ({deadline:%Y-%m-%d %H:%M %Z}): "
        f"{said_grace}{cost}"
    )
    return Penalty(percent, days, late, reason)
