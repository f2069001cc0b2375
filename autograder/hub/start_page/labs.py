"""The labs of a course as one student sees them: three sources, one record a lab."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from autograder.hub.start_page.listing import Listed, Listing
from autograder.hub.start_page.progress import Progress, read_progress
from autograder.hub.start_page.standing import LabStanding, Standing, read_standing


@dataclass(frozen=True)
class Lab:
    """One lab.

    Parameters
    ----------
    course_id : str
        In the exchange.
    is_released : bool
        False for a lab that only the course's calendar knows.
    deadline : datetime or None
        The student's own.
    is_extended : bool
        True if that is later than everybody's.
    submitted_at : datetime or None
        Of the newest hand-in.
    feedback, notebook : str
        Paths below the server's root; "" where there is none.
    """

    name: str
    course_id: str
    is_released: bool
    deadline: datetime.datetime | None
    is_extended: bool
    submitted_at: datetime.datetime | None
    num_submissions: int
    is_graded: bool
    feedback: str
    has_new_feedback: bool
    notebook: str
    progress: Progress

    @property
    def title(self) -> str:
        """The notebook's heading, or the lab's name."""
        return self.progress.title or self.name

    @property
    def is_late(self) -> bool:
        """True if the newest hand-in came after the deadline."""
        due, at = self.deadline, self.submitted_at
        return due is not None and at is not None and at > due


@dataclass(frozen=True)
class Course:
    """What the page shows.

    Parameters
    ----------
    is_reachable : bool
        False if the exchange does not answer: then only the calendar is known.
    """

    title: str
    labs: tuple[Lab, ...]
    is_reachable: bool


def read_course(listing: Listing, student: str) -> Course:
    """Put together what this student's page shows, in the order of the course."""
    exchange, course_id = listing.exchange()
    standing = read_standing(exchange, course_id, student)
    listed = listing.labs()
    there = listed or {}
    names = [*standing.labs, *sorted(set(there) - set(standing.labs))]
    labs = tuple(
        _lab(name, there.get(name, Listed(course_id)), standing, listing.root)
        for name in names
    )
    return Course(standing.title or course_id or "Your labs", labs, listed is not None)


def _lab(name: str, listed: Listed, standing: Standing, root: Path) -> Lab:
    said = standing.labs.get(name, LabStanding())
    moments = [m for m in map(parse_timestamp, listed.submissions) if m is not None]
    path = Path(listed.released_notebook)
    if listed.notebook:
        path = root / listed.notebook
    return Lab(
        name=name,
        course_id=listed.course_id,
        is_released=listed.is_released,
        deadline=said.own_deadline,
        is_extended=said.own_deadline != said.deadline,
        submitted_at=max(moments, default=None),
        num_submissions=len(listed.submissions),
        is_graded=said.is_graded,
        feedback=listed.feedback,
        has_new_feedback=listed.has_new_feedback,
        notebook=listed.notebook,
        progress=read_progress(path),
    )


def parse_timestamp(text: str) -> datetime.datetime | None:
    """Read a moment as nbgrader and ngshare write it; None if it is none."""
    try:
        moment = datetime.datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or datetime.UTC)
