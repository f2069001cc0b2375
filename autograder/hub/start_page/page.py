"""The page as HTML: every word from outside is escaped, and nothing is loaded.

One template, no framework: headings, a list, forms that work without a script. The only
script puts moments into the clock of whoever looks; without it they stand in the
course's.
"""

import datetime
from importlib.resources import files
from urllib.parse import quote

import jinja2

from autograder.hub.start_page.labs import Course

_UNITS = ((86_400 * 7, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"))

# What a button's answer says; {lab} is the lab's title.
DONE = {
    "fetch": "Fetched {lab}: open it below.",
    "submit": "Handed in {lab}, as it was last saved.",
    "fetch_feedback": "Fetched the feedback on {lab}.",
}
FAILED = {
    "fetch": "Fetching {lab} did not work. Is there a folder of that name already?",
    "submit": "Handing in {lab} did not work: nothing was taken. Try again, or look "
    "into the Assignment List.",
    "fetch_feedback": "Fetching the feedback on {lab} did not work. Try again later.",
}


def render(
    course: Course, *, base_url: str, xsrf: str, nonce: str, notice: str = ""
) -> str:
    """Return the page.

    Parameters
    ----------
    base_url : str
        Of the student's server; ends in a slash.
    xsrf : str
        The token that the server wants back with a form.
    nonce : str
        What the page's own script and style are marked with.
    notice : str
        A sentence about the button that was pressed last.
    """
    now = datetime.datetime.now(datetime.UTC)
    return _template().render(
        course=course,
        base_url=base_url,
        xsrf=xsrf,
        nonce=nonce,
        notice=notice,
        now=now,
        until=lambda moment: until(moment, now),
    )


def until(moment: datetime.datetime, now: datetime.datetime) -> str:
    """Say how far a moment is from now, in words."""
    seconds = (moment - now).total_seconds()
    for size, unit in _UNITS:
        count = int(abs(seconds) // size)
        if count:
            words = f"{count} {unit}{'s' * (count != 1)}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "this minute"


def _day(moment: datetime.datetime) -> str:
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M} ({moment.tzname()})"


def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["path"] = lambda text: quote(str(text))
    environment.filters["day"] = _day
    text = (files(__package__) / "page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text)
