"""The command `autograder hub`: JupyterHub for one course, on this machine."""

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel

from autograder.command_options import Course, Root
from autograder.errors import UserError
from autograder.terminal import err, plain, say, shown


def hub(
    course: Annotated[
        Path | None, typer.Option(help="The course folder; build/hub with --demo.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Make a course to try it with, if missing.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=1024, max=65_000, help="The first of four in a row.")
    ] = 8000,
    ip: Annotated[
        str, typer.Option(help="127.0.0.1: reached through a web server with TLS.")
    ] = "127.0.0.1",
    root: Root = Path(),
) -> None:
    """Start the hub of a course: login, labs, hand-in, marking, feedback."""
    if course is None and not demo:
        raise UserError("expected --course DIR, or --demo for a course to try")
    try:
        from autograder.hub import start
    except ModuleNotFoundError as missing:
        raise UserError(
            f"expected JupyterHub to be installed, found no {missing.name}: "
            "`pip install 'lecturekit[hub]'`"
        ) from None
    from autograder.hub.limits import not_limited
    from autograder.hub.people import settings_of

    folder = (course or Path("build/hub")).resolve()
    root = root.resolve()
    if demo:
        _make_demo(folder, root)
    start.check(folder, root, ip, port)
    with err.status("making the labs' student versions"):
        start.prepare(folder, root)
    settings = settings_of(folder)
    password = ""
    if settings.hub.authenticator == "dummy":
        password = _say_demo(folder, ip, port)
    for sentence in not_limited(settings.hub):
        err.print(plain(f"Not limited: {sentence}."), style="dim", soft_wrap=True)
    say(f"{settings.title or settings.id}: http://{ip}:{port}  (Ctrl-C stops it)")
    start.become_hub(folder, root, ip, port, password)


def _make_demo(folder: Path, root: Path) -> None:
    from autograder.hub import demo_course, start

    demo_course.make_demo_course(folder)
    with err.status("making the course and giving out lab 1"):
        start.prepare(folder, root)
        demo_course.release(folder, root)


def _say_demo(folder: Path, ip: str, port: int) -> str:
    from autograder.hub import demo_course as demo

    students = ", ".join(demo.STUDENTS)
    err.print(
        Panel(
            "DEMO: one password lets anybody in as anybody. For this machine only.",
            style="bold red",
            expand=False,
        )
    )
    say(
        f"Log in at http://{ip}:{port} with the password {demo.PASSWORD} as\n"
        f"  students    {students}\n"
        f"  assistant   {demo.ASSISTANT}   (Nbgrader menu, Course List: formgrader)\n"
        f"  instructor  {demo.INSTRUCTOR}  (the same, and the hub's admin page)\n"
        f"The course folder is {shown(folder)}."
    )
    return demo.PASSWORD


def hub_passwords(
    people: Annotated[
        list[str] | None, typer.Argument(help="Ids; everybody if none.")
    ] = None,
    course: Course = Path(),
) -> None:
    """Print the first passwords, as CSV: send each person theirs."""
    from autograder.course.roster import FILE, read_roster
    from autograder.hub.first_passwords import first_password
    from autograder.hub.people import people as everybody, settings_of

    folder = course.resolve()
    if settings_of(folder).hub.authenticator != "native":
        raise UserError(
            "expected authenticator: native in course.yaml, got another: passwords "
            "are not this hub's then"
        )
    known = [name for name, one in everybody(folder).items() if one.role != "grader"]
    for name in people or ():
        if name not in known:
            raise UserError(f"expected ids of people in the course, got {name!r}")
    path = folder / FILE
    students = {one.id: one for one in read_roster(path)} if path.exists() else {}
    lines = csv.writer(sys.stdout)
    lines.writerow(["id", "name", "email", "first password"])
    for name in people or known:
        student = students.get(name)
        about = [student.name, student.email] if student else ["", ""]
        lines.writerow([name, *about, first_password(folder / "hub", name)])


COMMANDS = (hub, hub_passwords)
