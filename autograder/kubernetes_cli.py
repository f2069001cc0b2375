"""`autograder kubernetes`: write a course's manifests; tell its exchange the roster."""

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.errors import UserError
from autograder.terminal import say, shown

app = typer.Typer(
    no_args_is_help=True, help="A course on a cluster, with Zero to JupyterHub."
)
Course = Annotated[Path, typer.Option(help="The course folder.")]


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
def roster(
    url: Annotated[
        str, typer.Option(envvar="NGSHARE_URL", help="ngshare's address.")
    ] = "http://ngshare:8080/services/ngshare",
    course: Course = Path(),
) -> None:
    """Enter students.csv in ngshare; run it on the desk, again after every change."""
    from autograder.course import roster as people
    from autograder.course.settings import read_settings
    from autograder.hub.kubernetes import update_roster

    token = os.environ.get("JUPYTERHUB_API_TOKEN")
    if not token:
        raise UserError(
            "expected JUPYTERHUB_API_TOKEN in the environment, found none: run this in "
            "a terminal of the desk"
        )
    settings = read_settings(course)
    if settings is None or not settings.id:
        raise UserError(f"expected {course / 'course.yaml'} with an id, found none")
    done = update_roster(
        url, token, settings.id, people.read_roster(course / people.FILE)
    )
    say(f"added {len(done.added)}: {', '.join(done.added) or 'nobody was new'}")
    if done.left:
        say(f"no longer in students.csv, left as they are: {', '.join(done.left)}")
