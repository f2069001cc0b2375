"""What the commands of a course have in common: opening it, tables, the last step."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from autograder.errors import said_of
from autograder.terminal import err, out, plain

if TYPE_CHECKING:
    from autograder.course.place import Place


def open_course(course: Path) -> "Place":
    """Return the folders of a course on a hub; a UserError says what is missing."""
    from autograder.course.place import place_of

    return place_of(course)


def open_course_for(course: Path, root: Path, lab: str) -> "Place":
    """Return the folders of a course, if there is such a lab."""
    from autograder.authoring.catalog import choose, lab_names

    choose([lab], lab_names(root))
    return open_course(course)


def roster_ids(place: "Place") -> list[str]:
    """Return the ids of the roster; none without one."""
    from autograder.course.roster import FILE, read_roster

    path = place.root / FILE
    return [student.id for student in read_roster(path)] if path.exists() else []


def waiting_for_marks(place: "Place", lab: str) -> list[str]:
    """Return who handed in, was collected and has no marks for it."""
    folders = sorted(place.root.glob(f"submitted/*/{lab}"))
    names = [path.parent.name for path in folders]
    return [
        name
        for name in names
        if not name.startswith(".")
        if not (place.root / "autograded" / name / lab / f"{lab}.ipynb").is_file()
    ]


def table_of(title: str, *columns: str) -> Table:
    """Return an empty table in the style of all commands."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_counted(table: Table, statuses: Sequence[str], *, dry_run: bool) -> None:
    """Print a table with how many rows have which status below it."""
    counts = Counter(statuses)
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    table.caption, table.caption_justify = plain(said or "nothing there"), "left"
    out.print(table)
    if dry_run:
        err.print("Nothing was changed. Without --dry-run it will be.")


def finish(place: "Place", *, dry_run: bool) -> None:
    """Tell each student the own standing, where the exchange is there already."""
    from autograder.course.ownership import keep_owner
    from autograder.course.standing import publish

    if dry_run:
        return
    keep_owner(place)
    if not place.shared.is_dir():
        return
    try:
        publish(place, roster_ids(place))
    except OSError as error:  # the step itself is done
        sentence = said_of(error)
        if not sentence:
            raise
        err.print(plain(f"Students' start pages are as before: {sentence}"))
