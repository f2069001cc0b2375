"""Put each student's page where nbgrader's "Fetch Feedback" looks for it.

nbgrader names a page after the secret of its hand-in, which only the student who made
it knows. Its own step wants the secret beside the page, copies the page's permissions,
and stops the whole class at the first hand-in without a secret; so it is done here, by
the same names.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.course.inbound import SECRET, feedback_name
from autograder.course.place import Place
from autograder.course.placing import read_timestamp
from autograder.errors import UserError
from autograder.exchange.room import room_for

Status = Literal["released", "updated", "unchanged", "left out"]


@dataclass(frozen=True)
class Given:
    """What became of one student's page; `note` says why it was left out."""

    student: str
    status: Status
    note: str = ""


def release_feedback(place: Place, lab: str, *, dry_run: bool = False) -> list[Given]:
    """Release the pages of `lab` to their students.

    Raises
    ------
    UserError
        If nothing was graded, or the exchange's disk is full.
    """
    pages = sorted(place.root.glob(f"feedback/*/{lab}/{lab}.html"))
    if not pages:
        raise UserError(
            f"expected pages at {place.root}/feedback/<student>/{lab}/{lab}.html, "
            f"found none: run `autograder course grade {lab}` first"
        )
    secrets = {page.parents[1].name: _secret(place, page) for page in pages}
    owners = Counter(secret for secret in secrets.values() if secret)
    return [
        _give(place, page, secrets[page.parents[1].name], owners, dry_run=dry_run)
        for page in pages
    ]


def _give(
    place: Place, page: Path, secret: str, owners: Counter[str], *, dry_run: bool
) -> Given:
    student, lab = page.parents[1].name, page.stem
    submitted = place.root / "submitted" / student / lab
    graded = place.root / "autograded" / student / lab
    if not secret:
        return Given(student, "left out", "did not come through the exchange")
    if owners[secret] > 1:
        # Either would see the other's page.
        return Given(student, "left out", "has the secret of another hand-in")
    if read_timestamp(submitted) != read_timestamp(graded):
        return Given(student, "left out", "was not graded since it was collected")
    name = feedback_name(secret, lab)
    text = page.read_bytes()
    status: Status = "released"
    if (place.feedback / name).is_file():
        if (place.feedback / name).read_bytes() == text:
            return Given(student, "unchanged")
        status = "updated"
    if not dry_run:
        put_page(place, name, text)
    return Given(student, status)


def put_page(place: Place, name: str, text: bytes) -> None:
    """Write a page of feedback to the exchange, in one step."""
    place.feedback.mkdir(parents=True, exist_ok=True)
    place.feedback.chmod(0o711)  # who does not know a name finds nothing
    prepared = place.feedback / f".{name}.{os.getpid()}"
    with room_for("a page of feedback", prepared):
        prepared.write_bytes(text)
        prepared.chmod(0o644)
        prepared.replace(place.feedback / name)


def _secret(place: Place, page: Path) -> str:
    """Return the secret of a collected hand-in, "" if it has none."""
    folder = place.root / "submitted" / page.parents[1].name / page.stem
    path = folder / SECRET
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 1000:
        return ""
    return path.read_bytes().decode("ascii", "replace").strip()
