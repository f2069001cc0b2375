"""What a student reads soon after handing in: the report, or why there is none yet."""

import datetime
import html

from autograder.course.inbound import HandedIn

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'unsafe-inline'">
<title>{lab}: {student}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
       padding: 0 1rem; color: #1a1a1a; background: #fff; }}
</style>
</head>
<body>
<main>
<h1>{lab}</h1>
<p>{sentence}</p>
</main>
</body>
</html>
"""


def with_notice(page: str, handin: HandedIn) -> str:
    """Return a page of feedback that says of itself that it is no mark."""
    notice = (
        f"This is an automatic report on what you handed in at {_said(handin.at)}. "
        "Marks are given after the deadline; you may hand in again until then."
    )
    return page.replace("<main>", f'<main>\n<p class="notes">{notice}</p>', 1)


def waiting_page(handin: HandedIn, per_hour: int, until: datetime.datetime) -> str:
    """Return the page for somebody who has had this hour's reports."""
    reports = f"{per_hour} report{'s' if per_hour != 1 else ''}"
    return _page(
        handin,
        f"Your hand-in of {_said(handin.at)} has arrived. You have had {reports} on "
        f"this lab in an hour; the next comes after {_said(until)}.",
    )


def failed_page(handin: HandedIn) -> str:
    """Return the page for a hand-in that grading on submit could not deal with."""
    return _page(
        handin,
        f"Your hand-in of {_said(handin.at)} has arrived, but no automatic report "
        "could be made. It will be marked with everybody else's.",
    )


def _page(handin: HandedIn, sentence: str) -> str:
    lab, student = html.escape(handin.lab), html.escape(handin.student)
    return _PAGE.format(lab=lab, student=student, sentence=html.escape(sentence))


def _said(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
