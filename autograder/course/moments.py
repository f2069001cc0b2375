"""Moments and spans of time as people write them, with their time zone.

    2026-11-20 17:00 Europe/London        a moment
    2026-11-20 17:00 +01:00               the same way, with an offset
    36h    90m    2d    1d 12h            a span

Hours and minutes are time that passes; days are days of the calendar: one day after
Saturday 17:00 is Sunday 17:00, also in the night in which the clocks change.
"""

import datetime
import re
import zoneinfo
from dataclasses import dataclass

_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<time>\d{2}:\d{2}(:\d{2})?)"
    r"\s*(?P<zone>[A-Za-z][\w/+-]*|[+-]\d{2}:\d{2})?"
)
_SPAN = re.compile(
    r"\+?\s*(?:(?P<days>\d{1,4})d)?\s*(?:(?P<hours>\d{1,5})h)?\s*(?:(?P<minutes>\d{1,6})m)?"
)


@dataclass(frozen=True)
class Span:
    """A length of time: days of the calendar, then seconds that pass."""

    days: int = 0
    seconds: int = 0

    def after(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the moment this long after another one, in the other one's zone."""
        # Adding to an aware time moves its clock; only UTC's clock never jumps.
        moved = moment + datetime.timedelta(days=self.days)
        passed = moved.astimezone(datetime.UTC) + datetime.timedelta(
            seconds=self.seconds
        )
        return passed.astimezone(moment.tzinfo)

    def __str__(self) -> str:
        """Return the span as it is written, "0h" if it is empty."""
        hours, rest = divmod(self.seconds, 3600)
        parts = [(self.days, "d"), (hours, "h"), (rest // 60, "m")]
        return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0h"


def parse_span(text: str) -> Span:
    """Read a span such as "36h" or "1d 12h"; a ValueError says what was expected."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError("expected a span of time such as 24h, 90m or 2d")
    days, hours, minutes = (int(match[name] or 0) for name in _SPAN.groupindex)
    return Span(days, hours * 3600 + minutes * 60)


def parse_moment(
    text: str, default: zoneinfo.ZoneInfo | None = None
) -> datetime.datetime:
    """Read a date and time with its zone; a ValueError says what was expected.

    Parameters
    ----------
    default : ZoneInfo or None
        The zone of a moment that names none; None refuses it.

    Returns
    -------
    datetime
        With a time zone. Of a time that the clocks show twice it is the later one.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            "expected a date and time such as 2026-11-20 17:00 Europe/London"
        )
    try:
        naive = datetime.datetime.fromisoformat(f"{match['date']}T{match['time']}")
    except ValueError:
        raise ValueError("expected a date and time that the calendar has") from None
    zone = _zone(match["zone"]) if match["zone"] else default
    if zone is None:
        raise ValueError("expected a time zone after the time, such as Europe/London")
    moment = naive.replace(tzinfo=zone, fold=1)
    back = moment.astimezone(datetime.UTC).astimezone(zone)
    if back.replace(tzinfo=None) != naive:
        raise ValueError(
            "expected a time that exists, but the clocks go forward over this one"
        )
    return moment


def parse_zone(text: str) -> zoneinfo.ZoneInfo:
    """Return the time zone of that name; a ValueError says what was expected."""
    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            "expected the name of a time zone such as Europe/London"
        ) from None


def _zone(text: str) -> datetime.tzinfo:
    if text[0] not in "+-":
        return datetime.UTC if text == "Z" else parse_zone(text)
    offset = datetime.datetime.strptime(text, "%z").tzinfo
    assert offset is not None, "%z gives one"
    return offset


def said(late: datetime.timedelta) -> str:
    """Return a length of time in words, in its two largest units, rounded down."""
    minutes = int(late.total_seconds()) // 60
    units = [("day", minutes // 1440), ("hour", minutes // 60 % 24)]
    units.append(("minute", minutes % 60))
    parts = [f"{n} {unit}{'s' if n != 1 else ''}" for unit, n in units if n]
    return " ".join(parts[:2]) or "less than a minute"
