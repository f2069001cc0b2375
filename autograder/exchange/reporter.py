"""Grade hand-ins for a report, in a course folder of their own.

The scratch folder `hub/grade_on_submit/<lab>` has its own gradebook, so that nothing
here touches the course's marks, and nobody's formgrader waits for it.
"""

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.authoring.lab import Lab
from autograder.course.inbound import HandedIn
from autograder.course.place import Place
from autograder.course.placing import write_timestamp
from autograder.exchange.copying import copy_hand_in
from autograder.grading.grade import grade
from autograder.grading.limits import Limits

log = logging.getLogger(__name__)

# Who comes next waits as long as the slowest takes. Final grading gives more time.
LIMITS = Limits(cell_s=30.0, notebook_s=120.0)


def report(
    place: Place,
    lab: Lab,
    handins: Sequence[HandedIn],
    done: Callable[[HandedIn, str], None],
    *,
    workers: int = 1,
    unsafe: bool = False,
) -> None:
    """Grade one hand-in each of several students; call `done` with each page.

    A hand-in of which there is no page in the end could not be graded.
    """
    scratch = place.hub / "grade_on_submit" / lab.name
    for name in ("submitted", "autograded", "feedback"):
        shutil.rmtree(scratch / name, ignore_errors=True)
    by_student = {}
    for handin in handins:
        if _copied(handin, scratch):
            by_student[handin.student] = handin

    def progress(_done: int, _total: int, student: str) -> None:
        page = scratch / "feedback" / student / lab.name / f"{lab.name}.html"
        if student in by_student and page.is_file():
            done(by_student.pop(student), page.read_text(encoding="utf-8"))

    if by_student:
        grade(
            scratch,
            lab,
            force=True,
            workers=workers,
            unsafe=unsafe,
            progress=progress,
            limits=LIMITS,
            hidden=(place.root, place.exchange),
        )


def forget(place: Place, lab: Lab) -> None:
    """Remove the scratch folder: a lab that changed may not fit its gradebook."""
    shutil.rmtree(place.hub / "grade_on_submit" / lab.name, ignore_errors=True)


def _copied(handin: HandedIn, scratch: Path) -> bool:
    target = scratch / "submitted" / handin.student / handin.lab
    try:
        copy_hand_in(handin.path, target, LIMITS)
    except FileNotFoundError as error:
        log.warning("%s cannot be read: %s", handin.path.name, error.strerror)
        shutil.rmtree(target, ignore_errors=True)
        return False
    (target / "timestamp.txt").unlink(missing_ok=True)
    write_timestamp(target, handin.at)
    return True
