"""The server that the staff share: JupyterLab on the course folder, with formgrader.

JupyterHub starts it as a service, after nbgrader's pattern for several graders, and
lets in who is in the group `formgrade-<course id>`. It runs behind the same wall as a
student's server, as a user of its own to whom the course folder belongs, and ends when
the hub ends.

    python -m autograder.hub.grader_service COURSE ROOT
"""

import os
import sys
from pathlib import Path

from autograder.hub.enclosure import enclosed, environment, write_people
from autograder.hub.folders import HubFolders
from autograder.hub.people import grader_name, people, settings_of
from autograder.hub.spawner import SERVER

_KEPT = ("JUPYTERHUB_", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")


def main() -> None:
    """Become the server."""
    course, root = map(Path, sys.argv[1:3])
    course_id = settings_of(course).id
    everybody = people(course)
    grader = everybody[grader_name(course_id)]
    folders = HubFolders(course)
    write_people(folders, everybody.values())
    folders.make_home(grader.name, grader.owner)
    kept = {k: v for k, v in os.environ.items() if k.startswith(_KEPT)}
    kept["JUPYTERHUB_USER"] = grader.name
    wall = [*enclosed(SERVER, grader, folders, course_id, root, ends_with_hub=True)]
    log = os.open(folders.log(grader.name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(log, standard)
    os.execve(wall[0], wall, kept | environment(grader))


if __name__ == "__main__":
    main()
