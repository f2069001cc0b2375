"""Grade on submit: a service that answers hand-ins as they come in.

    exchange inbound --> scratch course, all tests, in the sandbox --> exchange feedback

It can be killed at any moment: what the journal does not name is still to do. Nothing
that a hand-in does stops it, and it changes no marks: those are made from what is
collected.
"""

import datetime
import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.authoring.catalog import find_lab
from autograder.authoring.lab import Lab
from autograder.course.inbound import HandedIn, feedback_name
from autograder.course.place import Place, place_of
from autograder.course.roster import FILE, read_roster
from autograder.course.standing import publish
from autograder.errors import UserError, is_full_disk
from autograder.exchange import report_page
from autograder.exchange.feedback import put_page
from autograder.exchange.journal import Journal, Result
from autograder.exchange.queue import queue_of
from autograder.exchange.reporter import forget, report
from autograder.exchange.room import full_disk
from autograder.judging.signatures import signatures

log = logging.getLogger(__name__)
_TRIES = 3
_PUBLISHED_EVERY = datetime.timedelta(seconds=10)


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class OnSubmit:
    """Answers hand-ins of one course.

    Parameters
    ----------
    root : Path
        The course folder.
    sources : Path
        The folder that holds `solutions/`.
    labs : sequence of str
        Empty for those that `course.yaml` names.
    workers : int or None
        Processes that grade; one per core if None.
    now : callable
        Returns the moment; it counts for how many reports an hour there are.
    """

    def __init__(
        self,
        root: Path,
        sources: Path,
        labs: Sequence[str] = (),
        *,
        workers: int | None = None,
        unsafe: bool = False,
        now: Callable[[], datetime.datetime] = _utc_now,
    ) -> None:
        self._root, self._sources, self._labs = root.resolve(), sources, tuple(labs)
        self._workers, self._unsafe, self._now = workers, unsafe, now
        self._journal = Journal(
            place_of(root).hub / "grade_on_submit" / "journal.jsonl"
        )
        self._failures: Counter[str] = Counter()
        self._published = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    def warm_up(self) -> None:
        """Find out beforehand what wrong answers say: it takes a while, once."""
        for name in self.labs(place_of(self._root)):
            signatures(find_lab(self._sources, name), workers=os.cpu_count() or 1)

    def labs(self, place: Place) -> tuple[str, ...]:
        """Return the labs whose hand-ins are answered."""
        return self._labs or place.settings.grade_on_submit.labs

    def waiting(self) -> list[HandedIn]:
        """Return what the next step would report on."""
        place = place_of(self._root)
        per_hour = place.settings.grade_on_submit.per_hour
        labs = self.labs(place)
        return queue_of(place, labs, self._journal, per_hour, self._now()).now

    def step(self) -> int:
        """Answer what is there now; return how many pages were written.

        Raises
        ------
        UserError
            If something that people write is at fault, or a disk is full: nothing is
            lost, and the next step tries again.
        """
        place = place_of(self._root)
        per_hour = place.settings.grade_on_submit.per_hour
        labs = self.labs(place)
        queue = queue_of(place, labs, self._journal, per_hour, self._now())
        for handin in queue.superseded:
            self._write_down(handin, "superseded")
        for handin in queue.answered:
            self._write_down(handin, "answered")
        num_pages = 0
        for handin, until in queue.waiting:
            if self._journal.result_of(handin.path.name) is None:
                text = report_page.waiting_page(handin, per_hour, until)
                self._answer(place, handin, text, "waiting")
                num_pages += 1
        for name in labs:
            chosen = [one for one in queue.now if one.lab == name]
            if chosen:
                num_pages += self._report(place, find_lab(self._sources, name), chosen)
        self._publish(place, is_due=num_pages > 0)
        return num_pages

    def _report(self, place: Place, lab: Lab, handins: list[HandedIn]) -> int:
        """Report on one hand-in each of several students of a lab."""
        answered = set()

        def done(handin: HandedIn, page: str) -> None:
            text = report_page.with_notice(page, handin)
            self._answer(place, handin, text, "reported")
            answered.add(handin.path.name)

        # After a failure one by one, so that it is known whose it is.
        is_wary = any(self._failures[one.path.name] for one in handins)
        for batch in [[one] for one in handins] if is_wary else [handins]:
            workers = min(self._workers or os.cpu_count() or 1, len(batch))
            try:
                report(place, lab, batch, done, workers=workers, unsafe=self._unsafe)
            except UserError:  # nothing that a hand-in is to blame for
                forget(place, lab)
                raise
            except Exception:
                log.exception("grading %s failed", lab.name)
                forget(place, lab)
            self._count_failures(place, batch, answered)
        return len(answered)

    def _count_failures(
        self, place: Place, batch: Sequence[HandedIn], answered: set[str]
    ) -> None:
        """Give up on a hand-in that failed too often, and tell its student."""
        for handin in batch:
            name = handin.path.name
            if name in answered:
                continue
            self._failures[name] += 1
            if self._failures[name] >= _TRIES:
                log.error("no report on %s after %d tries", name, _TRIES)
                text = report_page.failed_page(handin)
                self._answer(place, handin, text, "failed")

    def _answer(
        self, place: Place, handin: HandedIn, text: str, result: Result
    ) -> None:
        name = feedback_name(handin.secret, handin.lab)
        put_page(place, name, text.encode("utf-8", "backslashreplace"))
        self._write_down(handin, result)

    def _write_down(self, handin: HandedIn, result: Result) -> None:
        name = handin.path.name
        try:
            self._journal.add(name, handin.student, handin.lab, result, self._now())
        except OSError as error:
            if is_full_disk(error):
                raise full_disk("the journal", self._root / "hub") from None
            raise
        log.info("%s: %s", name.rpartition("+")[0], result)

    def _publish(self, place: Place, *, is_due: bool) -> None:
        """Keep the start pages up to date: extensions, hand-ins, feedback."""
        now, path = self._now(), place.root / FILE
        if not is_due and now < self._published + _PUBLISHED_EVERY:
            return
        self._published = now
        if place.shared.is_dir() and path.exists():
            publish(place, [student.id for student in read_roster(path)])
