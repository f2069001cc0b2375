"""Commands around hand-ins on a hub: `autograder course collect | grade | feedback`.

`course_commands` registers them.
"""

from pathlib import Path
from typing import Annotated

import typer

from autograder.command_options import Course, DryRun, LabName, Root, Unsafe, Workers
from autograder.course_shown import (
    finish,
    open_course_for,
    print_counted,
    roster_ids,
    table_of,
    waiting_for_marks,
)
from autograder.terminal import plain, say


def collect(
    lab: LabName,
    course: Course = Path(),
    on_time: Annotated[
        bool,
        typer.Option("--on-time", help="Prefer a hand-in that was on time to a later."),
    ] = False,
    dry_run: DryRun = False,
    root: Root = Path(),
) -> None:
    """Take the newest hand-in of each student from the exchange."""
    place = open_course_for(course, root, lab)
    from autograder.exchange.collect import collect as collect_lab

    rows = collect_lab(
        place, lab, known=roster_ids(place), is_on_time=on_time, dry_run=dry_run
    )
    table = table_of(lab, "student", "status", "handed in (UTC)", "note")
    for row in rows:
        note = "; ".join(row.notes)
        table.add_row(*map(plain, (row.student, row.status, f"{row.at:%F %T}", note)))
    print_counted(table, [row.status for row in rows], dry_run=dry_run)
    finish(place, dry_run=dry_run)


def grade(
    lab: LabName,
    course: Course = Path(),
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what was graded before.")
    ] = False,
    dry_run: DryRun = False,
    workers: Workers = None,
    unsafe: Unsafe = False,
    root: Root = Path(),
) -> None:
    """Grade what was collected, as `autograder grade` does."""
    from autograder import cli

    place = open_course_for(course, root, lab)
    if dry_run:
        waiting = waiting_for_marks(place, lab)
        say(f"{len(waiting)} would be graded: {', '.join(waiting) or 'nobody'}")
        return
    cli.grade(lab, place.root, force, workers, "", unsafe, root)
    finish(place, dry_run=dry_run)


def feedback(
    lab: LabName,
    course: Course = Path(),
    dry_run: DryRun = False,
    root: Root = Path(),
) -> None:
    """Give each student the own page, for the Assignment List to fetch."""
    place = open_course_for(course, root, lab)
    from autograder.exchange.feedback import release_feedback

    rows = release_feedback(place, lab, dry_run=dry_run)
    table = table_of(lab, "student", "status", "note")
    for row in rows:
        table.add_row(*map(plain, (row.student, row.status, row.note)))
    print_counted(table, [row.status for row in rows], dry_run=dry_run)
    finish(place, dry_run=dry_run)


COMMANDS = (collect, grade, feedback)
