"""Start the hub of a course folder: check, prepare, become JupyterHub."""

import os
import shutil
import sys
from pathlib import Path

from autograder.authoring.catalog import find_lab, lab_names
from autograder.authoring.generate import generate
from autograder.course import roster
from autograder.course.ownership import keep_owner
from autograder.course.place import place_of
from autograder.course.standing import publish
from autograder.errors import UserError
from autograder.exchange.roster import update_roster
from autograder.hub.enclosure import write_people
from autograder.hub.folders import HubFolders
from autograder.hub.jupyter_files import write_jupyter_files
from autograder.hub.people import grader_name, people, settings_of
from autograder.hub.proxy import find_proxy
from autograder.hub.running import refuse_second, require_free
from autograder.nbgrader_config import gradebook_url

_NUM_PORTS = 4  # the door, the proxy's own, the hub's, the staff's server


def prepare(course: Path, root: Path) -> None:
    """Make the hub's folders and files; what is there stays.

    Raises
    ------
    UserError
        If the course folder does not say what a hub needs.
    """
    course_id = settings_of(course).id
    everybody = people(course)
    folders = HubFolders(course)
    owner = everybody[grader_name(course_id)].owner
    folders.make(course_id, owner)
    place = place_of(course)
    if (course / roster.FILE).exists():
        update_roster(course, place.settings)
    draft_labs(course, root)
    if os.getuid() == 0:
        os.chown(course, *owner)
    keep_owner(place)
    write_people(folders, everybody.values())
    write_jupyter_files(folders, course_id)
    publish(place, [name for name, who in everybody.items() if who.role == "student"])


def draft_labs(course: Path, root: Path) -> None:
    """Make the student versions of the course's labs, for formgrader to list.

    A lab that was made before stays as it is; nothing is given out.
    """
    place = place_of(course)
    known = lab_names(root)
    for name in place.settings.labs:
        if name in known and not (course / "release" / name).is_dir():
            generate(find_lab(root, name), course, gradebook_url(course))


def check(course: Path, root: Path, ip: str, port: int) -> None:
    """Say in one sentence what is missing, before anything is started."""
    settings = settings_of(course)
    if settings.hub.authenticator == "dummy" and ip not in ("127.0.0.1", "localhost"):
        raise UserError(
            f"expected a demo hub (authenticator: dummy) on 127.0.0.1, got {ip}: "
            "anybody could log in as anybody"
        )
    if settings.hub.authenticator == "pam" and os.getuid() != 0:
        raise UserError(
            "expected to run as root with authenticator: pam, which checks other "
            "users' passwords: use native, or start the hub as root"
        )
    if shutil.which("bwrap") is None:
        raise UserError(
            "expected bubblewrap to keep students' servers apart with, found none: "
            "install it with `apt-get install bubblewrap`"
        )
    find_proxy(root)
    refuse_second(course / "hub")
    require_free(range(port, port + _NUM_PORTS), course / "hub")


def become_hub(
    course: Path, root: Path, ip: str, port: int, demo_password: str = ""
) -> None:
    """Become JupyterHub, which reads `jupyterhub_config`."""
    config = Path(__file__).with_name("jupyterhub_config.py")
    command = [sys.executable, "-P", "-m", "jupyterhub", "--config", str(config)]
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    os.chdir(course / "hub")  # whatever JupyterHub leaves in its current folder
    os.execve(
        command[0],
        command,
        {
            **os.environ,
            "PATH": os.pathsep.join(programs),
            "AUTOGRADER_COURSE": str(course),
            "AUTOGRADER_ROOT": str(root),
            "AUTOGRADER_HUB_IP": ip,
            "AUTOGRADER_HUB_PORT": str(port),
            "AUTOGRADER_DEMO_PASSWORD": demo_password,
        },
    )
