"""Grade a lab: from submitted notebooks to marks, feedback and a table.

    submitted/<student>/<lab>/<lab>.ipynb
       intake    read it, whatever it is
       repair    give it back the cells that it was released with
       execute   run it
       score     a mark per test, from its outputs
       record    into the gradebook, in one transaction
       ledger    autograded/<student>/<lab>/, in one step: now it counts as done
       feedback  feedback/<student>/<lab>/<lab>.html

Whatever happens to one submission happens to it alone. A run that is cut off goes on
where it stopped, because only what is done has a ledger; what is done is kept until
somebody says `force`.
"""

from collections.abc import Callable
from pathlib import Path

from autograder.authoring.generate import generate
from autograder.authoring.lab import Lab
from autograder.grading.execute import KernelExecutor
from autograder.grading.grader import SubmissionGrader
from autograder.grading.intake import find_submissions
from autograder.grading.limits import Limits
from autograder.grading.marks import GradeReport, StudentMarks
from autograder.grading.record import open_gradebook
from autograder.grading.release import read_release
from autograder.nbgrader_config import course_config, gradebook_url
from autograder.reports.csv import write_grades_csv

Progress = Callable[[int, int, str], None]
"""Called with (done, total, student) before the first submission and after each."""


def grade(
    course_root: Path,
    lab: Lab,
    *,
    force: bool = False,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> GradeReport:
    """Grade all submissions of `lab` in a course folder.

    Parameters
    ----------
    course_root : Path
        Holds `submitted/`; the results come beside it, as `nbgrader_config` says.
    force : bool
        Grade again what was graded before. Marks that a person gave stay.
    progress : callable
        Told how far the batch is.
    limits : Limits or None
        What a submission may use; None for the usual limits.

    Raises
    ------
    UserError
        If there are no submissions where they are expected, or the lab has changed in a
        way that the gradebook's marks cannot follow.
    """
    root, limits = course_root.resolve(), limits or Limits()
    folders = find_submissions(root / "submitted", lab.name)
    released = generate(lab, root, gradebook_url(root))
    config = course_config(root)
    students: list[StudentMarks] = []
    with open_gradebook(config) as gradebook:
        release = read_release(released, lab, gradebook)
        grader = SubmissionGrader(
            root, release, gradebook, config, limits, KernelExecutor(limits)
        )
        _tell(progress, 0, len(folders), "")
        for folder in folders:
            students.append(grader.grade(folder, force=force))
            _tell(progress, len(students), len(folders), students[-1].student)
    report = GradeReport(lab.name, lab.exercises, tuple(students))
    write_grades_csv(report, root / "grades.csv")
    return report


def _tell(progress: Progress | None, done: int, total: int, student: str) -> None:
    if progress is not None:
        progress(done, total, student)
