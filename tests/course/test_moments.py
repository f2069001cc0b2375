"""Moments, spans and the nights in which the clocks change."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.course.moments import Span, parse_moment, parse_span, parse_zone, said

LONDON = ZoneInfo("Europe/London")


def utc(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20 17:00 Europe/London", "2026-11-20T17:00"),
        ("2026-07-20 17:00 Europe/London", "2026-07-20T16:00"),
        ("2026-11-20T17:00:30 Z", "2026-11-20T17:00:30"),
        ("2026-11-20 17:00 +05:30", "2026-11-20T11:30"),
        ("2026-11-20 17:00 America/Argentina/Buenos_Aires", "2026-11-20T20:00"),
        ("2026-11-20 17:00", "2026-11-20T22:00"),  # the default below
    ],
)
def test_a_moment_is_read_with_its_zone(text, moment):
    """Summer time is the zone's business."""
    assert parse_moment(text, ZoneInfo("America/New_York")) == utc(moment)


def test_a_time_that_the_clocks_show_twice_is_the_later_one():
    """In favour of the student; compared in UTC."""
    moment = parse_moment("2026-10-25 01:30 Europe/London")

    assert moment.astimezone(datetime.UTC) == utc("2026-10-25T01:30")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2026-03-29 01:30 Europe/London", "a time that exists"),
        ("2026-11-20 17:00", "a time zone after the time"),
        ("2026-02-30 17:00 Z", "that the calendar has"),
        ("2026-11-20 17:00 Europe/Lundon", "the name of a time zone"),
        ("2026-11-20 17:00 ../../etc/passwd", "a date and time such as"),
        ("tomorrow", "a date and time such as"),
        ("2026-11-20", "a date and time such as"),
    ],
)
def test_what_is_no_moment_is_refused(text, fault):
    """The sentence says what was expected."""
    with pytest.raises(ValueError, match=fault):
        parse_moment(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0h", Span()),
        ("36h", Span(0, 36 * 3600)),
        ("+48h", Span(0, 48 * 3600)),
        ("90m", Span(0, 5400)),
        ("7d", Span(7)),
        ("1d 12h", Span(1, 12 * 3600)),
    ],
)
def test_a_span_is_days_and_seconds(text, span):
    """Days are the calendar's, hours pass."""
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "24", "1w", "-1h", "h", "1h 1d", "1.5h"])
def test_what_is_no_span_is_refused(text):
    """A bare number could be hours or days."""
    with pytest.raises(ValueError, match="a span of time such as"):
        parse_span(text)


def test_a_day_is_a_day_of_the_calendar_and_24_hours_are_hours():
    """On the night of 25 October 2026 London's clocks go back: the day has 25 hours."""
    saturday = datetime.datetime(2026, 10, 24, 17, tzinfo=LONDON)

    assert Span(days=1).after(saturday).isoformat() == "2026-10-25T17:00:00+00:00"
    assert Span(seconds=86_400).after(saturday).isoformat() == (
        "2026-10-25T16:00:00+00:00"
    )


def test_spans_are_written_as_they_are_read():
    """Whole units only."""
    for text in ("0h", "36h", "1d 12h", "1h 30m"):
        assert str(parse_span(text)) == text


def test_an_unknown_zone_is_refused():
    """Also one that is a path."""
    for text in ("Mars/Base", "../localtime", ""):
        with pytest.raises(ValueError, match="the name of a time zone"):
            parse_zone(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "less than a minute"),
        (60, "1 minute"),
        (3 * 3600, "3 hours"),
        (86_400 + 7200 + 60, "1 day 2 hours"),
    ],
)
def test_lateness_is_said_in_two_units(seconds, words):
    """Rounded down."""
    assert said(datetime.timedelta(seconds=seconds)) == words
