"""A student's side of the exchange: nbgrader's own fetch, submit and fetch feedback."""

import json
import logging
import warnings

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import (
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeList,
    ExchangeSubmit,
)
from traitlets.config import Config


class ExchangeStudent:
    """One student with a home folder, who knows the exchange and nothing else."""

    def __init__(self, home, exchange, student, course_id="fl101"):
        self.home, self.student = home, student
        home.mkdir(parents=True, exist_ok=True)
        self.config = Config()
        self.config.CourseDirectory.course_id = course_id
        self.config.CourseDirectory.student_id = student
        self.config.CourseDirectory.root = str(home)
        self.config.Exchange.root = str(exchange)
        self.config.Exchange.cache = str(home / ".cache")
        self.config.Exchange.assignment_dir = str(home)

    def fetch(self, lab):
        self._run(ExchangeFetchAssignment, lab)
        return self.home / lab / f"{lab}.ipynb"

    def submit(self, lab):
        self._run(ExchangeSubmit, lab)

    def fetch_feedback(self, lab):
        """Fetch; return the pages that there are now, oldest first."""
        self._run(ExchangeFetchFeedback, lab)
        return sorted((self.home / lab / "feedback").rglob("*.html"))

    def listed(self, lab):
        """Return what the Assignment List shows of the newest hand-in."""
        (entry,) = self._run(ExchangeList, lab, cached=True)
        return entry["submissions"][-1]

    def answer(self, lab, answers):
        """Fill in answers, by grade id, in the fetched notebook."""
        path = self.home / lab / f"{lab}.ipynb"
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if name in answers:
                cell["source"] = answers[name]
        path.write_text(json.dumps(notebook))

    def _run(self, kind, lab, **traits):
        config = Config(self.config)
        config.CourseDirectory.assignment_id = lab
        log = logging.Logger("a student's nbgrader", level=logging.CRITICAL)
        course = CourseDirectory(config=config, log=log)
        step = kind(
            coursedir=course,
            authenticator=Authenticator(),
            config=config,
            log=log,
            **traits,
        )
        with warnings.catch_warnings():
            # nbgrader's list leaves the files open that it takes checksums of.
            warnings.simplefilter("ignore", ResourceWarning)
            return step.start()
