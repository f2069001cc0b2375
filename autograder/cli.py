"""The command line: `autograder build | verify | grade | demo`.

Commands only parse, call one function and draw its result. What a user got wrong is
said in one sentence on stderr, with exit status 2; status 1 means that the labs or
their tests are at fault. Imports stand inside the commands because nbgrader takes
seconds to import and `--help` should not.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from autograder.errors import UserError

if TYPE_CHECKING:
    from autograder.authoring.lab import Lab

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build labs, prove their tests, grade submissions.",
)
out = Console()
err = Console(stderr=True)

Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes; one per core if not given.")
]
Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe",
        help="Run submissions without a sandbox: they can read and change "
        "everything that you can.",
    ),
]
Root = Annotated[Path, typer.Option(help="The folder that holds solutions/ and labs/.")]


@app.command()
def build(
    labs: Annotated[list[str] | None, typer.Argument(help="All labs if none.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if labs/ is stale.")
    ] = False,
    root: Root = Path(),
) -> None:
    """Make the student notebooks in labs/ from solutions/."""
    from autograder.authoring.build import build_labs

    with err.status("building labs"):
        report = build_labs(root.resolve(), labs or [], check=check)
    out.print(report.summary())


@app.command()
def verify(
    labs: Annotated[list[str] | None, typer.Argument(help="All labs if none.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 5,
    workers: Workers = None,
    root: Root = Path(),
) -> None:
    """Prove the tests: every wrong answer loses marks, every right one gets all."""
    from autograder.authoring.catalog import find_lab, lab_names
    from autograder.proving import verify as verify_lab

    is_proven = True
    for lab in [find_lab(root, name) for name in labs or lab_names(root)]:
        with _progress() as progress:
            task = progress.add_task(f"verify {lab.name}", total=None)
            matrix = verify_lab(
                lab,
                seeds=range(1, seeds + 1),
                workers=workers,
                on_progress=partial(_advance, progress, task),
            )
        out.print(matrix.table())
        out.print(matrix.summary())
        for fault in matrix.faults():
            out.print(Text.assemble(("FAULT ", "bold red"), fault), soft_wrap=True)
            is_proven = False
    if not is_proven:
        raise typer.Exit(1)


@app.command()
def grade(
    lab: Annotated[str, typer.Argument(help="For instance lab01_first_round.")],
    course: Annotated[
        Path, typer.Option(help="The folder that holds submitted/.")
    ] = Path(),
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what was graded before.")
    ] = False,
    workers: Workers = None,
    ray: Annotated[
        str, typer.Option(help="A Ray cluster's address; 'local' starts one here.")
    ] = "",
    unsafe: Unsafe = False,
    root: Root = Path(),
) -> None:
    """Grade submitted/<student>/<lab>/ into marks, feedback and grades.csv."""
    from autograder.authoring.catalog import find_lab

    means = {"workers": workers, "ray": ray, "unsafe": unsafe}
    _grade(course.resolve(), find_lab(root, lab), force=force, **means)


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option(help="Where the demo's course is made.")
    ] = Path("build/demo"),
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what was graded before.")
    ] = False,
    unsafe: Unsafe = False,
    root: Root = Path(),
) -> None:
    """Make a class of twelve for lab 1, some of it broken, and grade it."""
    from autograder.authoring.build import build_labs
    from autograder.authoring.catalog import find_lab
    from autograder.simulated_class import make_class

    lab = find_lab(root, "lab01_first_round")
    with err.status("building the student notebook of lab 1"):
        report = build_labs(root.resolve(), [lab.name])
    out.print(report.summary())
    students = make_class(lab, root / "labs", directory, force=force)
    for student, story in students.items():
        out.print(Text(f"{student}: {story}", style="dim"))
    _grade(directory.resolve(), lab, force=force, unsafe=unsafe)


def _grade(course: Path, lab: "Lab", **options: Any) -> None:
    """Grade with the options of `autograder.grading.grade`, and draw the marks."""
    from autograder.grading import grade as grade_lab
    from autograder.reports.table import marks_table

    with _progress() as progress:
        task = progress.add_task(f"grade {lab.name}", total=None)
        report = grade_lab(
            course,
            lab,
            progress=partial(_advance, progress, task),
            **options,
        )
    out.print(marks_table(report))
    shown = (
        course.relative_to(Path.cwd()) if course.is_relative_to(Path.cwd()) else course
    )
    for name in ("gradebook.db", "grades.csv", "autograded/", "feedback/"):
        out.print(Text(f"  {shown / name}{'/' if name.endswith('/') else ''}"))
    with_a_message = [s for s in report.students if any(m.message for m in s.marks)]
    lost = with_a_message or report.students
    page = shown / "feedback" / lost[0].student / lab.name / f"{lab.name}.html"
    out.print(Text(f"Open next: {page}"))


def _advance(
    progress: Progress, task: TaskID, done: int, total: int, what: str = ""
) -> None:
    progress.update(task, completed=done, total=total)
    if what:
        progress.update(task, description=f"graded {what}")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def main() -> None:
    """Run the command line; say bad input in one sentence and exit with 2."""
    try:
        app()
    except UserError as error:
        # Text, not markup: a sentence may hold brackets of its own.
        err.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        raise SystemExit(2) from None
