"""`autograder kubernetes`: write a course's manifests; tell its exchange the roster."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.command_options import Root
from autograder.errors import UserError
from autograder.terminal import say, shown

app = typer.Typer(
    no_args_is_help=True, help="A course on a cluster, with Zero to JupyterHub."
)
Course = Annotated[Path, typer.Option(help="The course folder.")]
Url = Annotated[str, typer.Option(envvar="NGSHARE_URL", help="Where ngshare is.")]


@app.command()
def write(
    registry: Annotated[str, typer.Option(help="Where your images are.")],
    tag: Annotated[str, typer.Option(help="The images' tag.")] = "latest",
    workers: Annotated[
        int, typer.Option(min=1, help="Pods of four cores that mark a lab.")
    ] = 4,
    to: Annotated[Path, typer.Option(help="The folder to write to.")] = Path(
        "build/kubernetes"
    ),
    course: Course = Path(),
) -> None:
    """Write values.yaml and the manifests of this course."""
    from autograder.hub.kubernetes import Images, manifests

    made = manifests(course, Images(registry, tag), workers=workers)
    to.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (to / name).write_text(text, encoding="utf-8")
        say(shown((to / name).resolve()))


@app.command()
def roster(url: Url = "", course: Course = Path()) -> None:
    """Enter students.csv in ngshare; run it on the desk, again after every change."""
    from autograder.course import roster as people
    from autograder.hub.kubernetes import ngshare, update_roster

    students = people.read_roster(course / people.FILE)
    with ngshare.connected(url or ngshare.ADDRESS, ngshare.own_token()) as exchange:
        done = update_roster(exchange, _course_id(course), students)
    say(f"added {len(done.added)}: {', '.join(done.added) or 'nobody was new'}")
    if done.left:
        say(f"no longer in students.csv, left as they are: {', '.join(done.left)}")


@app.command()
def release(
    lab: Annotated[str, typer.Argument(help="For instance lab01_first_round.")],
    now: Annotated[
        bool, typer.Option("--now", help="Before its moment in course.yaml.")
    ] = False,
    url: Url = "",
    course: Course = Path(),
    root: Root = Path(),
) -> None:
    """Build a lab and give it to ngshare, for all students to fetch."""
    from autograder.authoring.catalog import find_lab
    from autograder.course.place import place_of
    from autograder.hub.kubernetes import ngshare, release_lab

    found = find_lab(root, lab)
    place = place_of(course.resolve())
    with ngshare.connected(url or ngshare.ADDRESS, ngshare.own_token()) as exchange:
        status = release_lab(exchange, place, found, is_now=now)
    say(f"{lab}: {status}")


@app.command()
def feedback(
    lab: Annotated[str, typer.Argument(help="For instance lab01_first_round.")],
    url: Url = "",
    course: Course = Path(),
) -> None:
    """Give the pages of a graded lab to ngshare, each to its student."""
    from autograder.hub.kubernetes import ngshare, release_feedback

    with ngshare.connected(url or ngshare.ADDRESS, ngshare.own_token()) as exchange:
        done = release_feedback(exchange, _course_id(course), course.resolve(), lab)
    say(f"released {len(done.given)} pages")
    for student, reason in done.left_out:
        say(f"left out {student}: {reason}")


def _course_id(course: Path) -> str:
    from autograder.course.settings import read_settings

    settings = read_settings(course)
    if settings is None or not settings.id:
        raise UserError(f"expected {course / 'course.yaml'} with an id, found none")
    return settings.id
