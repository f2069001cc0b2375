"""Give a lab out: build it, register it, put it where the Assignment List looks.

    solutions/<lab>/<lab>.py --builder--> <lab>.ipynb with its deadline
        --nbgrader's release--> exchange/<id>/outbound/<lab>/

nbgrader's own step copies the files and sets the folders' modes. It removes what stood
there before it copies, and it copies whatever lies beside the notebook; so it is given
a folder with the notebook alone, and a place beside the right one, into which the
result moves in one step.
"""

import datetime
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeReleaseAssignment
from traitlets.config import Config

from autograder.authoring.build import student_notebooks
from autograder.authoring.checks import check
from autograder.authoring.generate import generate
from autograder.authoring.lab import Lab
from autograder.course.place import Place
from autograder.errors import UserError
from autograder.exchange.due_line import differences, said, with_due_line
from autograder.exchange.room import room_for
from autograder.grading.ledger import move_into_place
from autograder.nbgrader_config import course_config, gradebook_url


@dataclass(frozen=True)
class Release:
    """What releasing a lab did, or would do.

    Parameters
    ----------
    status : str
        "released", "already released" or "released again".
    changes : tuple of str
        What differs from what students could fetch before.
    due : datetime or None
        The deadline that stands in the notebook.
    """

    lab: str
    status: str
    changes: tuple[str, ...] = ()
    due: datetime.datetime | None = None


def release_lab(
    place: Place,
    lab: Lab,
    *,
    is_now: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> Release:
    """Release `lab` to the course's students.

    Parameters
    ----------
    is_now : bool
        Release it although its moment in `course.yaml` has not come.
    force : bool
        Replace a release that differs.

    Raises
    ------
    UserError
        If it is too early, the lab has faults, it was released with another content and
        `force` was not said, or the exchange cannot be written.
    """
    settings = place.settings.labs.get(lab.name)
    due = settings.deadline if settings else None
    refuse_early(place, lab.name, is_now=is_now)
    notebook = student_notebook(lab, due)
    released = place.outbound / lab.name / f"{lab.name}.ipynb"
    status, changes = "released", list[str]()
    if released.is_file():
        before = released.read_bytes()
        if before == notebook:
            return Release(lab.name, "already released", (), due)
        status, changes = "released again", differences(before, notebook)
        if not (force or dry_run):
            raise UserError(
                f"expected {lab.name} as it was released, got changes "
                f"({', '.join(changes)}): students who fetched it keep the old one; "
                "--force gives the new one to the others"
            )
    if not dry_run:
        generate(lab, place.root, gradebook_url(place.root))
        _put(place, lab.name, notebook)
    return Release(lab.name, status, tuple(changes), due)


def refuse_early(place: Place, lab: str, *, is_now: bool) -> None:
    """Raise a UserError before the moment from which a lab may be given out."""
    settings = place.settings.labs.get(lab)
    moment = settings.release if settings else None
    if (
        moment is not None
        and not is_now
        and datetime.datetime.now(moment.tzinfo) < (moment)
    ):
        raise UserError(
            f"expected to release {lab} from {said(moment)} on, as course.yaml says, "
            "got an earlier moment: wait, or say --now"
        )


def student_notebook(lab: Lab, due: datetime.datetime | None) -> bytes:
    """Return the notebook that students receive; a UserError names a lab's faults."""
    faults = check(lab)
    if faults:
        raise UserError("\n".join(str(fault) for fault in faults))
    return with_due_line(student_notebooks([lab])[lab.name], due)


def _put(place: Place, lab: str, notebook: bytes) -> None:
    """Let nbgrader release a folder that holds the notebook and nothing else."""
    place.exchange.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="release-") as name:
        folder = Path(name)
        (folder / lab).mkdir()
        (folder / lab / f"{lab}.ipynb").write_bytes(notebook)
        config = exchange_config(place, lab)
        config.CourseDirectory.root = name
        config.CourseDirectory.release_directory = "."
        config.CourseDirectory.directory_structure = "{nbgrader_step}/{assignment_id}"
        log = logging.Logger("nbgrader's release", level=logging.CRITICAL)
        course = CourseDirectory(config=config, log=log)
        step = _InOneStep(
            coursedir=course, authenticator=Authenticator(), config=config, log=log
        )
        prepared = place.outbound / f".{lab}.new"
        with room_for(f"the release of {lab}", prepared):
            try:
                step.start()
            except ExchangeError as refused:
                raise UserError(
                    f"expected to release {lab} to {place.exchange}, got: {refused}"
                ) from None


class _InOneStep(ExchangeReleaseAssignment):  # type: ignore[misc]
    """nbgrader's release, which students see whole or not at all."""

    dest_path: str
    force: bool

    def ensure_directory(self, path: str, mode: int) -> None:
        """Make a folder; nbgrader's own insists that whoever releases owns it."""
        folder = Path(path)
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(mode)

    def copy_files(self) -> None:
        """Copy beside the place, then move into it."""
        final = Path(self.dest_path)
        prepared = final.with_name(f".{final.name}.new")
        self.dest_path, self.force = str(prepared), True
        super().copy_files()
        move_into_place(prepared, final)


def exchange_config(place: Place, lab: str = "") -> Config:
    """Return nbgrader's configuration for one lab in the course's exchange."""
    config = course_config(place.root, course_id=place.settings.id)
    config.Exchange.root = str(place.exchange)
    config.CourseDirectory.assignment_id = lab
    return config
