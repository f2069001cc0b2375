"""Which hand-ins grading on submit turns to now, which wait, and which need nothing.

Of a student's hand-ins of a lab only the newest is reported on, so many an hour. Who
has had them waits, and is told until when.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from autograder.course.inbound import HandedIn, feedback_name, handed_in
from autograder.course.place import Place
from autograder.exchange.journal import Journal

HOUR = datetime.timedelta(hours=1)


@dataclass
class Queue:
    """What there is to do.

    Parameters
    ----------
    now : list of HandedIn
        To be graded, oldest first.
    waiting : list of (HandedIn, datetime)
        To be graded later, and when.
    superseded, answered : list of HandedIn
        A newer one came, or a page is there that somebody else released.
    """

    now: list[HandedIn] = field(default_factory=list)
    waiting: list[tuple[HandedIn, datetime.datetime]] = field(default_factory=list)
    superseded: list[HandedIn] = field(default_factory=list)
    answered: list[HandedIn] = field(default_factory=list)


def queue_of(
    place: Place,
    labs: Sequence[str],
    journal: Journal,
    per_hour: int,
    now: datetime.datetime,
) -> Queue:
    """Return what there is to do for `labs` at the moment `now`."""
    queue = Queue()
    is_done = partial(_is_done, journal)
    new = handed_in(place, is_known=is_done)
    sound = [one for one in new if not one.problem and one.lab in labs]
    sound.sort(key=lambda one: (one.lab, one.student))  # stable: oldest first
    for (lab, student), group in groupby(sound, lambda one: (one.lab, one.student)):
        *older, newest = group
        queue.superseded += older
        page = place.feedback / feedback_name(newest.secret, lab)
        is_told = journal.result_of(newest.path.name) == "waiting"
        if page.is_file() and not is_told:
            queue.answered.append(newest)
            continue
        reports = journal.reports(student, lab, now - HOUR)
        if len(reports) < per_hour:
            queue.now.append(newest)
        else:
            queue.waiting.append((newest, reports[-per_hour] + HOUR))
    queue.now.sort(key=lambda one: one.at)
    return queue


def _is_done(journal: Journal, name: str) -> bool:
    return journal.result_of(name) not in (None, "waiting")
