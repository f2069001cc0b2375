"""Commands for a course on a hub, `autograder course ...`; hand-ins' stand beside.

Each parses, calls one function and draws its result, as in `cli`. All can be run again;
`--dry-run` prints what would be done.
"""

from pathlib import Path
from typing import Annotated

import typer

from autograder import handin_commands
from autograder.command_options import Course, DryRun, LabName, Root
from autograder.course_shown import finish, open_course, table_of
from autograder.errors import UserError
from autograder.terminal import err, out, plain, say, shown

app = typer.Typer(
    no_args_is_help=True, help="Run a course on a hub: roster, release, collect, ..."
)


@app.command()
def init(
    course: Course = Path(),
    id: Annotated[str, typer.Option(help="The course's short name.")] = "",
    title: Annotated[str, typer.Option(help="The course's name.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/London.")] = "UTC",
    dry_run: DryRun = False,
) -> None:
    """Make course.yaml and students.csv, with comments, where they are missing."""
    from autograder.course.classroom import parse_course_id
    from autograder.course.moments import parse_zone
    from autograder.course.new_course import init_course

    name = id or course.resolve().name
    try:
        parse_course_id(name)
        parse_zone(time_zone)
    except ValueError as fault:
        raise UserError(f"{fault}, got {name!r} and {time_zone!r}") from None
    made = init_course(course, name, title or name, time_zone, dry_run=dry_run)
    for path in made:
        say(f"{'would make' if dry_run else 'made'} {shown(path)}")
    if not made:
        say(f"nothing to do: {shown(course)} has both files")


@app.command()
def roster(course: Course = Path(), dry_run: DryRun = False) -> None:
    """Bring the gradebook's students up to date with students.csv."""
    from autograder.exchange.roster import update_roster

    place = open_course(course)
    changes = update_roster(place.root, place.settings, dry_run=dry_run)
    for student in changes.added:
        say(f"new: {student}")
    for student, before, after in changes.changed:
        say(f"changed: {student}: {before or '(no name)'} -> {after}")
    for student in changes.left:
        say(f"left: {student} is not in students.csv; marks and files are kept")
    for doubt in changes.doubts:
        err.print(plain(doubt), soft_wrap=True)
    say(
        f"{len(changes.added)} new, {len(changes.changed)} changed, "
        f"{len(changes.left)} left, {changes.num_unchanged} unchanged"
    )
    finish(place, dry_run=dry_run)


@app.command()
def release(
    lab: LabName,
    course: Course = Path(),
    now: Annotated[
        bool, typer.Option("--now", help="Before its moment in course.yaml.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a release that differs.")
    ] = False,
    dry_run: DryRun = False,
    root: Root = Path(),
) -> None:
    """Give a lab to the students, with its deadline on top."""
    from autograder.authoring.catalog import find_lab

    found, place = find_lab(root, lab), open_course(course)
    from autograder.exchange.due_line import said
    from autograder.exchange.release import release_lab

    done = release_lab(place, found, is_now=now, force=force, dry_run=dry_run)
    for change in done.changes:
        say(f"  {change}")
    due = f", due {said(done.due)}" if done.due else ", without a deadline"
    would = "would be " if dry_run and done.status != "already released" else ""
    say(f"{lab}: {would}{done.status}{due}")
    finish(place, dry_run=dry_run)


@app.command()
def status(
    lab: Annotated[str | None, typer.Argument(help="All labs if none.")] = None,
    course: Course = Path(),
    html: Annotated[bool, typer.Option("--html", help="Write status.html.")] = False,
) -> None:
    """Say who fetched, handed in, was graded and got feedback."""
    import datetime

    from autograder.authoring.catalog import choose
    from autograder.course.standing import labs_of
    from autograder.exchange.status import counts, status_of, words, write_page

    place = open_course(course)
    labs = choose([lab] if lab else [], labs_of(place))
    if not labs:
        raise UserError("expected labs in course.yaml or in the exchange, found none")
    rows = status_of(place, labs)
    zone = place.settings.time_zone or datetime.UTC
    for name in labs:
        header = ("student", "fetched", "submitted", "graded", "feedback", "deadline")
        table = table_of(name, *header)
        for row in rows:
            for one in row.labs:
                if one.lab == name:
                    mark = "" if row.is_listed else " (not in students.csv)"
                    cells = (f"{row.student}{mark}", *words(one, zone))
                    table.add_row(*map(plain, cells))
        table.caption, table.caption_justify = plain(counts(rows, name)), "left"
        out.print(table)
    if html:
        say(f"Written: {shown(write_page(place, rows, labs))}")


for _command in handin_commands.COMMANDS:
    app.command()(_command)
