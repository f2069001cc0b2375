"""The command line: what concerns labs and grading; courses are `course_cli`'s.

Commands only parse, call one function and draw its result. What a user got wrong is
said in one sentence on stderr, with exit status 2; status 1 means that the labs or
their tests are at fault. Imports stand inside the commands because nbgrader takes
seconds to import and `--help` should not.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.text import Text

from autograder import course_cli, course_commands, hub_cli, kubernetes_cli
from autograder.command_options import Ray, Root, Unsafe, Workers
from autograder.errors import UserError, said_of
from autograder.terminal import advance, err, out, plain, progress_bar, shown

if TYPE_CHECKING:
    from autograder.authoring.lab import Lab
    from autograder.proving import Matrix

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build labs, prove their tests, grade submissions.",
)


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

    is_proven = True
    for lab in [find_lab(root, name) for name in labs or lab_names(root)]:
        matrix = _proven(lab, seeds, workers)
        out.print(matrix.table())
        out.print(matrix.summary())
        for fault in matrix.faults():
            out.print(Text.assemble(("FAULT ", "bold red"), fault), soft_wrap=True)
            is_proven = False
    if not is_proven:
        raise typer.Exit(1)


def _proven(lab: "Lab", seeds: int, workers: int | None) -> "Matrix":
    from autograder.proving import verify as verify_lab

    with progress_bar() as progress:
        task = progress.add_task(f"verify {lab.name}", total=None)
        return verify_lab(
            lab,
            seeds=range(1, seeds + 1),
            workers=workers,
            on_progress=partial(advance, progress, task),
        )


@app.command()
def labs_report(
    labs: Annotated[list[str] | None, typer.Argument(help="All labs if none.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="To prove the tests on.")] = 1,
    workers: Workers = None,
    root: Root = Path(),
) -> None:
    """Run every solved lab and grade its bank: time, memory, wrong answers killed."""
    from autograder.authoring.catalog import find_lab, lab_names
    from autograder.proving.labs_table import labs_table
    from autograder.proving.running import run_solved

    rows = []
    for lab in [find_lab(root, name) for name in labs or lab_names(root)]:
        with err.status(f"running the solved notebook of {lab.name}"):
            run = run_solved(lab)
        rows.append((lab, run, _proven(lab, seeds, workers)))
    out.print(labs_table(rows))


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
    ray: Ray = "",
    unsafe: Unsafe = False,
    root: Root = Path(),
) -> None:
    """Grade submitted/<student>/<lab>/ into marks, feedback and grades.csv."""
    from autograder.authoring.catalog import find_lab, lab_names

    found = find_lab(root, lab)
    means = {"workers": workers, "ray": ray, "unsafe": unsafe}
    _grade(course.resolve(), found, force=force, **means)
    course_cli.say_doubts(course.resolve(), lab_names(root))


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
    from autograder.reports.report import write_report
    from autograder.reports.results import read_results
    from autograder.reports.table import marks_table

    with progress_bar() as progress:
        task = progress.add_task(f"grade {lab.name}", total=None)
        report = grade_lab(
            course,
            lab,
            progress=partial(advance, progress, task),
            **options,
        )
    out.print(marks_table(report))
    write_report(read_results(course, lab), course)
    names = ("gradebook.db", "grades.csv", "report.html", "autograded/", "feedback/")
    for name in names:
        out.print(Text(f"  {shown(course)}/{name}"))
    with_a_message = [s for s in report.students if any(m.message for m in s.marks)]
    lost = with_a_message or report.students
    page = course / "feedback" / lost[0].student / lab.name / f"{lab.name}.html"
    out.print(plain(f"Open next: {shown(page)}"))


for _command in (*course_cli.COMMANDS, *hub_cli.COMMANDS):
    app.command()(_command)
app.add_typer(course_commands.app, name="course")
app.add_typer(kubernetes_cli.app, name="kubernetes")


def main() -> None:
    """Run the command line; say bad input in one sentence and exit with 2."""
    try:
        app()
    except UserError as error:
        _refuse(str(error))
    except OSError as error:
        sentence = said_of(error)
        if not sentence:
            raise
        _refuse(sentence)


def _refuse(sentence: str) -> NoReturn:
    # Text, not markup: a sentence may hold brackets of its own.
    err.print(Text.assemble(("error: ", "bold red"), plain(sentence)), soft_wrap=True)
    raise SystemExit(2) from None
