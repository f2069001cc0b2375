"""Grade a lab: from submitted notebooks to marks, feedback and a table.

    submitted/<student>/<lab>/<lab>.ipynb
       marking   intake, repair, run, score: on every core
       record    into the gradebook, in one transaction
       ledger    autograded/<student>/<lab>/, in one step: now it counts as done
       feedback  feedback/<student>/<lab>/<lab>.html

Whatever happens to one submission happens to it alone. A run that is cut off goes on
where it stopped, because only what is done has a ledger; what is done is kept until
somebody says `force`. The marks do not depend on the number of workers.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from autograder.authoring.generate import generate
from autograder.authoring.lab import Lab
from autograder.grading.imports import modules_of
from autograder.grading.intake import find_submissions
from autograder.grading.lateness import update_lateness
from autograder.grading.limits import Limits
from autograder.grading.marks import GradeReport, StudentMarks
from autograder.grading.people import name_students, roster_of
from autograder.grading.pool import (
    Lend,
    Outcome,
    Pool,
    ThisProcess,
    Workers,
    start_importing,
)
from autograder.grading.record import open_gradebook
from autograder.grading.release import read_release
from autograder.grading.results import Results
from autograder.grading.station import Station, sandbox_of
from autograder.judging.signatures import Signatures, cache_folder, signatures
from autograder.nbgrader_config import COURSE_FOLDERS, course_config, gradebook_url
from autograder.reports.csv import write_grades_csv

Progress = Callable[[int, int, str], None]
"""Called with (done, total, student) before the first submission and after each."""


def grade(
    course_root: Path,
    lab: Lab,
    *,
    force: bool = False,
    workers: int | None = None,
    ray: str = "",
    unsafe: bool = False,
    progress: Progress | None = None,
    limits: Limits | None = None,
    hidden: tuple[Path, ...] = (),
) -> GradeReport:
    """Grade all submissions of `lab` in a course folder.

    Parameters
    ----------
    course_root : Path
        Holds `submitted/`; the results come beside it, as `nbgrader_config` says.
    force : bool
        Grade again what was graded before. Marks that a person gave stay.
    workers : int or None
        Processes; one per core if None. With 1 this process does it.
    ray : str
        The address of a Ray cluster that does it instead; "local" starts one here.
    unsafe : bool
        Run submissions without a sandbox: they can then read and change everything
        that this user can.
    progress : callable
        Told how far the batch is.
    limits : Limits or None
        What a submission may use; None for the usual limits.
    hidden : tuple of Path
        What no submission may see beside this course folder and the lab's source.

    Raises
    ------
    UserError
        If there are no submissions where they are expected, `students.csv` cannot be
        read, the lab has changed in a way that the gradebook's marks cannot follow, or
        nothing on this machine isolates submissions and `unsafe` was not said.
    """
    root, limits = course_root.resolve(), limits or Limits()
    folders = find_submissions(root / "submitted", lab.name)
    roster = roster_of(root)
    hidden = (*_hidden(root, lab), *hidden)
    workers = min(workers or os.cpu_count() or 1, len(folders))
    if workers > 1 and not ray:
        start_importing(modules_of(lab))
    with _sandbox(lab, hidden, ray, unsafe) as lend:
        released = generate(lab, root, gradebook_url(root))
        config = course_config(root)
        with open_gradebook(config) as gradebook:
            release = read_release(released, lab, gradebook)
            update_lateness(gradebook, config, lab.name)
            results = Results(root, release, gradebook, config, limits)
            _tell(progress, 0, len(folders), "")
            students: dict[Path, StudentMarks] = {}
            for folder in folders:
                standing = _standing(results, folder, force=force)
                if standing is not None:
                    students[folder] = standing
                    _tell(progress, len(students), len(folders), standing.student)
            todo = [folder for folder in folders if folder not in students]
            workers = min(workers, len(todo))
            known = signatures(lab, workers=workers) if todo else Signatures({}, {})
            station = Station(release, limits, lab, known, hidden, unsafe)
            pool = _pool(station, workers, ray, lend)
            with closing(pool.mark(todo)) as outcomes:
                for folder, outcome in outcomes:
                    students[folder] = _put(results, folder, outcome)
                    _tell(progress, len(students), len(folders), folder.parent.name)
            name_students(gradebook, roster)
    in_order = tuple(students[folder] for folder in folders)
    report = GradeReport(lab.name, lab.exercises, in_order)
    write_grades_csv(report, root / "grades.csv")
    return report


@contextmanager
def _sandbox(
    lab: Lab, hidden: tuple[Path, ...], ray: str, unsafe: bool
) -> Iterator[Lend | None]:
    """Try the sandbox of this machine; yield how workers get a share in it.

    It imports what notebooks need while the lab is released. The nodes of a cluster
    have sandboxes of their own.
    """
    if ray:
        yield None
        return
    with sandbox_of(lab, hidden, unsafe) as sandbox:
        yield sandbox.share


def _standing(results: Results, folder: Path, *, force: bool) -> StudentMarks | None:
    try:
        return results.standing(folder, force=force)
    except Exception as error:
        return results.failed(folder.parent.name, error)


def _put(results: Results, folder: Path, outcome: Outcome) -> StudentMarks:
    """Put marks where they belong; what goes wrong stops this submission alone."""
    try:
        if isinstance(outcome, Exception):
            raise outcome
        return results.put(folder, outcome)
    except Exception as error:
        return results.failed(folder.parent.name, error)


def _pool(station: Station, workers: int, ray: str, lend: Lend | None) -> Pool:
    if ray and workers:
        from autograder.grading.ray_pool import RayCluster

        return RayCluster(station.marker, ray, station.limits)
    if workers > 1:
        return Workers(station.marker, workers, lend)
    return ThisProcess(station.marker, lend)


def _hidden(root: Path, lab: Lab) -> tuple[Path, ...]:
    """Return what no submission may see, wherever the course stands."""
    return (
        *(root / name for name in COURSE_FOLDERS),
        root / "gradebook.db",
        root / "hub",
        cache_folder(),
        lab.path.parent,
    )


def _tell(progress: Progress | None, done: int, total: int, student: str) -> None:
    if progress is not None:
        progress(done, total, student)
