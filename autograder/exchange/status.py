"""Where a course stands: who fetched, handed in, was graded and got feedback.

One row a student and lab, for the terminal and as a page that needs nothing else.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from autograder.course.inbound import handed_in
from autograder.course.moments import said
from autograder.course.place import Place
from autograder.course.roster import FILE, read_roster
from autograder.course.standing import LabStanding, by_student, standing

_TEMPLATE = Path(__file__).with_name("status.html.j2")


@dataclass(frozen=True)
class Row:
    """A student and how they stand in the labs asked for.

    Parameters
    ----------
    is_listed : bool
        False for somebody who handed in and is not in `students.csv`.
    """

    student: str
    name: str
    is_listed: bool
    labs: tuple[LabStanding, ...]


def status_of(place: Place, labs: Sequence[str]) -> list[Row]:
    """Return a row for everybody in the roster, and for others who handed in."""
    path = place.root / FILE
    roster = {s.id: s for s in read_roster(path)} if path.exists() else {}
    handins = [one for one in handed_in(place) if one.lab in labs]
    own = by_student(handins)
    others = {one.student for one in handins if not one.problem}
    for lab in labs:
        others |= {p.parent.name for p in place.root.glob(f"submitted/*/{lab}")}
    others = {name for name in others - set(roster) if not name.startswith(".")}
    rows = []
    for student in [*roster, *sorted(others)]:
        stands = standing(place, student, own.get(student, []), labs)
        known = roster.get(student)
        name = known.name if known else ""
        rows.append(Row(student, name, known is not None, tuple(stands)))
    return rows


def counts(rows: Sequence[Row], lab: str) -> str:
    """Say in a line how many did what: "2 of 3 fetched, 1 submitted, ..."."""
    all_of = [one for row in rows for one in row.labs if one.lab == lab]
    fetched = [one.was_fetched for one in all_of]
    unknown = " (unknown)" if fetched and None in fetched else ""
    return (
        f"{sum(map(bool, fetched))} of {len(all_of)} fetched{unknown}, "
        f"{sum(one.submitted_at is not None for one in all_of)} submitted, "
        f"{sum(one.is_late for one in all_of)} of them late, "
        f"{sum(one.is_graded for one in all_of)} graded, "
        f"{sum(one.has_feedback for one in all_of)} with feedback"
    )


def words(one: LabStanding, zone: datetime.tzinfo) -> tuple[str, ...]:
    """Return a standing as words: fetched, submitted, graded, feedback, deadline."""
    fetched = {True: "yes", False: "no", None: "unknown"}[one.was_fetched]
    submitted = "no"
    if one.submitted_at is not None:
        submitted = f"{one.submitted_at.astimezone(zone):%Y-%m-%d %H:%M}"
        if one.is_late and one.own_deadline is not None:
            submitted += f", {said(one.submitted_at - one.own_deadline)} late"
    own = ""
    if one.own_deadline is not None:
        own = f"{one.own_deadline.astimezone(zone):%Y-%m-%d %H:%M}"
        if one.own_deadline != one.deadline:
            own += " (own)"
    graded = "yes" if one.is_graded else "no"
    return fetched, submitted, graded, "yes" if one.has_feedback else "no", own


def write_page(place: Place, rows: Sequence[Row], labs: Sequence[str]) -> Path:
    """Write `status.html` into the course folder."""
    zone = place.settings.time_zone or datetime.UTC
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        title=place.settings.title or place.settings.id,
        zone=str(zone),
        sections=[
            (
                lab,
                counts(rows, lab),
                [
                    (row, words(one, zone))
                    for row in rows
                    for one in row.labs
                    if one.lab == lab
                ],
            )
            for lab in labs
        ],
    )
    page = place.root / "status.html"
    prepared = page.with_name(f".{page.name}.new")
    prepared.write_text(text, encoding="utf-8", errors="backslashreplace")
    prepared.replace(page)
    return page
