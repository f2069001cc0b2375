"""What the hub runs beside students' servers, and who may reach what.

Groups are named as nbgrader's Course List expects them: `formgrade-<course id>` may
open the staff's shared server, `nbgrader-<course id>` are the students.
"""

import os
import sys
from pathlib import Path
from typing import Any

from autograder.hub.people import people, settings_of

_CULLER = "stop-idle-servers"


def groups(course: Path) -> dict[str, dict[str, list[str]]]:
    """Return JupyterHub's groups: group -> who is in it."""
    course_id = settings_of(course).id
    everybody = people(course).values()
    return {
        f"{group}-{course_id}": {
            "users": [person.name for person in everybody if person.role == role]
        }
        for group, role in (("formgrade", "staff"), ("nbgrader", "student"))
    }


def services(course: Path, root: Path, port: int) -> list[dict[str, Any]]:
    """Return JupyterHub's services; the staff's server listens on `port`."""
    settings = settings_of(course)
    found: list[dict[str, Any]] = [
        {
            "name": settings.id,
            "url": f"http://127.0.0.1:{port}",
            "command": [
                *(sys.executable, "-P", "-m", "autograder.hub.grader_service"),
                *(str(course), str(root)),
            ],
            "oauth_no_confirm": True,
            "timeout": 120,
            "environment": _places(),
        }
    ]
    # Also where nothing is graded on submit: it keeps the start pages up to date.
    reports = [sys.executable, "-P", "-m", "autograder.exchange.service"]
    reports += [str(course), str(root)]
    found.append({"name": "reports", "command": reports, "environment": _places()})
    if settings.hub.idle_s:
        culler = [sys.executable, "-P", "-m", "jupyterhub_idle_culler"]
        culler += [f"--timeout={settings.hub.idle_s}"]
        found.append({"name": _CULLER, "command": culler})
    return found


def _places() -> dict[str, str]:
    """Return what says where homes and caches are: JupyterHub leaves it out."""
    names = ("HOME", "XDG_CACHE_HOME", "LECTUREKIT_CACHE", "AUTOGRADER_CACHE")
    return {name: os.environ[name] for name in names if name in os.environ}


def roles(course: Path) -> list[dict[str, Any]]:
    """Return who may do what, beyond what every user may with their own server."""
    settings = settings_of(course)
    found: list[dict[str, Any]] = [
        {
            "name": "formgraders",
            "groups": [f"formgrade-{settings.id}"],
            "scopes": [
                f"access:services!service={settings.id}",
                f"read:services!service={settings.id}",
                f"list:services!service={settings.id}",
            ],
        }
    ]
    if settings.hub.idle_s:
        found.append(
            {
                "name": _CULLER,
                "services": [_CULLER],
                "scopes": [
                    *("list:users", "read:users:activity", "read:servers"),
                    "delete:servers",
                ],
            }
        )
    return found


# What a person's own server may ask the hub on their behalf: with this the Course List
# finds out which courses they teach.
SERVER_SCOPES = [
    *("users:activity!user", "access:servers!server"),
    *("read:users:groups!user", "read:users:name!user"),
    *("read:services", "list:services"),
]
