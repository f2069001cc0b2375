"""Give each student's page to ngshare, which gives it to that student alone.

nbgrader's own step, in the client of ngshare, stops the whole class at the first page
that ngshare refuses, and wants a file beside each page that our grader does not write.
"""

from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UserError
from autograder.hub.kubernetes.ngshare import Ngshare, RefusedError, as_file


@dataclass(frozen=True)
class Released:
    """Whose page was given, and whose was not: student and reason."""

    given: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def release_feedback(
    ngshare: Ngshare, course_id: str, course: Path, lab: str
) -> Released:
    """Release the pages of `lab`, each for the hand-in that was graded.

    Raises
    ------
    UserError
        If there is no page at all.
    """
    pages = sorted(course.glob(f"feedback/*/{lab}/{lab}.html"))
    if not pages:
        raise UserError(
            f"expected pages at {course}/feedback/<student>/{lab}/{lab}.html, found "
            f"none: run `autograder grade {lab}` first"
        )
    given, left_out = [], []
    for page in pages:
        student = page.parents[1].name
        graded = course / "autograded" / student / lab / "timestamp.txt"
        if not graded.is_file():
            left_out.append((student, "it did not come through the exchange"))
            continue
        file = as_file(page.name, page.read_bytes())
        moment = graded.read_text(encoding="utf-8").strip()
        path = f"feedback/{course_id}/{lab}/{student}"
        try:
            ngshare.give(path, file, timestamp=moment)
        except RefusedError as refused:
            left_out.append((student, str(refused)))
        else:
            given.append(student)
    return Released(tuple(given), tuple(left_out))
