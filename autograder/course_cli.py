"""Commands around grading: `autograder intake | report | export | regrade`.

Each parses, calls one function and draws its result, as in `cli`, which registers them.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from autograder.command_options import Ray, Root, Unsafe, Workers
from autograder.errors import UserError
from autograder.terminal import advance, err, out, plain, progress_bar, say, shown

if TYPE_CHECKING:
    import datetime

    from autograder.course.intake import IntakeReport

Lab = Annotated[str, typer.Argument(help="For instance lab01_first_round.")]
Course = Annotated[Path, typer.Option(help="The course folder.")]


def intake(
    lab: Lab,
    download: Annotated[
        Path, typer.Argument(help="A platform's zip archive, or a folder of files.")
    ],
    course: Course = Path(),
    worksheet: Annotated[
        Path | None,
        typer.Option(help="Moodle's grading worksheet: it knows who was late."),
    ] = None,
    zip_times: Annotated[
        bool,
        typer.Option("--zip-times", help="The archive's times are of handing in."),
    ] = False,
    root: Root = Path(),
) -> None:
    """Put submissions from Moodle or Canvas where grading finds them."""
    from autograder.authoring.catalog import find_lab
    from autograder.course.intake import take_in_download

    name = find_lab(root, lab).name
    _require_course(course)
    times = _times(course, worksheet) if worksheet else None
    report = take_in_download(
        course.resolve(), name, download, times=times, trust_archive=zip_times
    )
    out.print(_intake_table(report))
    for refused in report.refused:
        say(f"left out {refused.name}: {refused.reason}")
    if report.num_without_time:
        say(
            f"When {report.num_without_time} of them handed in is not known; lateness "
            "will count as none. Moodle's grading worksheet knows: --worksheet FILE; "
            "--zip-times believes the archive"
        )


def report(lab: Lab, course: Course = Path(), root: Root = Path()) -> None:
    """Write report.html: marks, checks, mistakes, who needs a look."""
    from autograder.authoring.catalog import find_lab
    from autograder.reports.report import write_report
    from autograder.reports.results import read_results

    folder = course.resolve()
    results = read_results(folder, find_lab(root, lab))
    path = write_report(results, folder)
    to_look_at = sum(one.marks.needs_review for one in results.students)
    say(
        f"{len(results.students)} graded, {len(results.waiting)} not graded, "
        f"{to_look_at} to look at: {shown(path)}"
    )


def export(
    lab: Lab,
    course: Course = Path(),
    moodle: Annotated[
        Path | None, typer.Option(help="Moodle's grading worksheet, as downloaded.")
    ] = None,
    canvas: Annotated[
        Path | None, typer.Option(help="Canvas's gradebook file, as exported.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--out", help="Where the filled file is written.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The grade's column, where it is not certain.")
    ] = None,
    skip_pending: Annotated[
        bool, typer.Option(help="Leave out who has answers not yet marked.")
    ] = False,
    root: Root = Path(),
) -> None:
    """Fill the marks into the sheet that Moodle or Canvas exported."""
    from autograder.authoring.catalog import find_lab
    from autograder.reports.export import export_grades
    from autograder.reports.results import read_results

    if (moodle is None) == (canvas is None):
        raise UserError(
            "expected one of --moodle FILE and --canvas FILE, the platform's own sheet"
        )
    results = read_results(course, find_lab(root, lab))
    platform = "moodle" if moodle else "canvas"
    sheet = moodle or canvas
    assert sheet is not None, "checked above"
    target = output or course / f"{results.lab}-{platform}.csv"
    if target.exists() and sheet.exists() and target.samefile(sheet):
        raise UserError(
            f"expected another file to write than {sheet}: name it by --out"
        )
    if not target.parent.is_dir():
        raise UserError(f"expected a folder {target.parent} to write to, found none")
    filled = export_grades(
        course.resolve(),
        results,
        "moodle" if moodle else "canvas",
        sheet,
        target,
        column=column,
        skip_pending=skip_pending,
    )
    grades = f"{filled.num_filled} grade{'s' if filled.num_filled != 1 else ''}"
    say(f"{grades} filled in: {shown(target)}")
    for sentence in filled.sentences:
        say(f"{sentence}.")


def regrade(
    lab: Lab,
    course: Course = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show who would change.")
    ] = False,
    never_lower: Annotated[
        bool, typer.Option("--never-lower", help="Keep marks that would be lowered.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the changes there as well.")
    ] = None,
    workers: Workers = None,
    ray: Ray = "",
    unsafe: Unsafe = False,
    root: Root = Path(),
) -> None:
    """Grade again after a test was corrected; show who changes, by how much."""
    from autograder.authoring.catalog import find_lab
    from autograder.grading.regrade import regrade as regrade_lab
    from autograder.reports.changes import changes_table, summary, write_changes_csv

    found = find_lab(root, lab)
    _require_course(course)
    with progress_bar() as progress:
        task = progress.add_task(f"regrade {found.name}", total=None)
        result = regrade_lab(
            course.resolve(),
            found,
            apply=not dry_run,
            never_lower=never_lower,
            progress=partial(advance, progress, task),
            workers=workers,
            ray=ray,
            unsafe=unsafe,
        )
    if csv is not None:
        write_changes_csv(result, csv)
    if result.changes:
        out.print(changes_table(result))
    else:
        say(summary(result))
    if dry_run:
        err.print("Nothing was changed. Without --dry-run it will be.")


def say_doubts(course: Path, labs: Sequence[str]) -> None:
    """Say which names in course.yaml look like slips."""
    from autograder.course.settings import doubts, read_settings

    settings = read_settings(course)
    if settings is not None:
        students = [path.name for path in sorted((course / "submitted").iterdir())]
        for doubt in doubts(settings, labs, students):
            err.print(plain(doubt), soft_wrap=True)


COMMANDS = (intake, report, export, regrade)


def _require_course(course: Path) -> None:
    if not course.is_dir():
        raise UserError(f"expected a course folder {course}, found none")


def _times(course: Path, worksheet: Path) -> "dict[str, datetime.datetime]":
    import datetime

    from autograder.course.settings import read_settings
    from autograder.reports.moodle import submission_times
    from autograder.reports.sheets import read_sheet

    settings = read_settings(course.resolve())
    zone = (settings.time_zone if settings else None) or datetime.UTC
    return submission_times(read_sheet(worksheet), zone)


def _intake_table(report: "IntakeReport") -> Table:
    from collections import Counter

    table = Table(title=report.lab, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    counts = Counter(one.status for one in report.taken)
    caption = ", ".join(f"{count} {status}" for status, count in counts.items())
    table.caption, table.caption_justify = plain(caption), "left"
    table.add_column("student", overflow="fold")
    table.add_column("status", no_wrap=True)
    table.add_column("handed in (UTC)", no_wrap=True)
    table.add_column("note", overflow="fold", ratio=1)
    for one in report.taken:
        when = f"{one.handed_in:%Y-%m-%d %H:%M}" if one.handed_in else ""
        cells = (one.student, one.status, when, one.note)
        table.add_row(*(plain(cell) for cell in cells))
    return table
