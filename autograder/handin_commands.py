"""Commands around hand-ins on a hub: `autograder course collect | grade | feedback`.

`course_commands` registers them.
"""

import logging
from pathlib import Path
from typing import Annotated

import typer

from autograder.command_options import Course, DryRun, LabName, Root, Unsafe, Workers
from autograder.course_shown import (
    finish,
    open_course,
    open_course_for,
    print_counted,
    roster_ids,
    table_of,
    waiting_for_marks,
)
from autograder.errors import UserError
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


def watch(
    labs: Annotated[
        list[str] | None, typer.Argument(help="Those of course.yaml if none.")
    ] = None,
    course: Course = Path(),
    once: Annotated[
        bool, typer.Option("--once", help="Answer what is there, then end.")
    ] = False,
    dry_run: DryRun = False,
    workers: Workers = None,
    unsafe: Unsafe = False,
    root: Root = Path(),
) -> None:
    """Report on hand-ins as they come in, until you stop it; marks do not change."""
    from autograder.authoring.catalog import choose, lab_names

    place = open_course(course)
    chosen = choose(labs, lab_names(root)) if labs else ()
    if not (chosen or place.settings.grade_on_submit.labs):
        raise UserError(
            "expected labs to watch, found none: name one, or write grade_on_submit: "
            "into course.yaml"
        )
    from autograder.exchange.on_submit import OnSubmit
    from autograder.exchange.service import alone, run

    service = OnSubmit(
        place.root, root.resolve(), chosen, workers=workers, unsafe=unsafe
    )
    if dry_run:
        names = [one.path.name.rpartition("+")[0] for one in service.waiting()]
        say(f"{len(names)} would be reported on: {', '.join(names) or 'none'}")
    elif once:
        with alone(place):
            say(f"{service.step()} answered")
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        run(service, place)


COMMANDS = (collect, grade, feedback, watch)
