"""What is switched on in whose JupyterLab: a folder of settings a role.

Students have the Assignment List and Validate; the staff have the Course List besides,
which leads to the shared server with the course folder and formgrader. The folder comes
first on Jupyter's path of settings, before what packages switch on; nothing is written
where Python is installed.

Nothing here may ask the internet: no news, no extension manager.
"""

import json
from collections.abc import Mapping
from typing import Any, get_args

from autograder.hub.folders import HubFolders
from autograder.hub.layout import COURSE, EXCHANGE
from autograder.hub.people import Role

MAX_SUBMISSION_KB = 100_000
_NBGRADER = "nbgrader.server_extensions"
_SERVER_EXTENSIONS = {
    f"{_NBGRADER}.assignment_list": {"student", "staff"},
    f"{_NBGRADER}.course_list": {"staff"},
    f"{_NBGRADER}.formgrader": {"grader"},
    f"{_NBGRADER}.validate_assignment": set(),  # ours says the sentence of the check
    "autograder.hub.validate": {"student", "staff", "grader"},
    "autograder.hub.formgrader": {"grader"},
}
_LAB_EXTENSIONS = {
    "@jupyter/nbgrader:assignment-list": {"student", "staff"},
    "@jupyter/nbgrader:course-list": {"staff"},
    "@jupyter/nbgrader:create-assignment": set(),  # labs are made by `autograder`
    "@jupyter/nbgrader:formgrader": {"grader"},
    "@jupyter/nbgrader:menu": {"student", "staff", "grader"},
    "@jupyter/nbgrader:validate-assignment": {"student", "staff", "grader"},
    # These ask servers on the internet.
    "@jupyterlab/apputils-extension:announcements": set(),
    "@jupyterlab/extensionmanager-extension": set(),
}


def write_jupyter_files(folders: HubFolders, course_id: str) -> None:
    """Write the settings of every role."""
    for role in get_args(Role):
        for name, content in _files(role, course_id).items():
            path = folders.jupyter / role / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(content, indent=1) + "\n"
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        for folder in (folders.jupyter / role, *(folders.jupyter / role).rglob("*")):
            folder.chmod(0o755 if folder.is_dir() else 0o644)


def _files(role: Role, course_id: str) -> Mapping[str, Any]:
    extensions = {name: role in roles for name, roles in _SERVER_EXTENSIONS.items()}
    disabled = {name: role not in roles for name, roles in _LAB_EXTENSIONS.items()}
    return {
        "jupyter_server_config.json": _server(role, extensions),
        "labconfig/page_config.json": {"disabledExtensions": disabled},
        "nbgrader_config.json": _nbgrader(role, course_id),
    }


def _server(role: Role, extensions: Mapping[str, bool]) -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": extensions,
            "open_browser": False,
        },
        "LabApp": {"extension_manager": "readonly", "news_url": None},
        # On ports, others on this machine could listen to what a kernel prints.
        "KernelManager": {"transport": "ipc"},
        "FileContentsManager": {"delete_to_trash": False},
    }


def _nbgrader(role: Role, course_id: str) -> dict[str, Any]:
    course: dict[str, Any] = {
        "course_id": course_id,
        "max_dir_size": MAX_SUBMISSION_KB,
        "max_file_size": MAX_SUBMISSION_KB,
    }
    config: dict[str, Any] = {
        "CourseDirectory": course,
        "Exchange": {"root": str(EXCHANGE)},
    }
    if role == "staff":
        config["Authenticator"] = {
            "plugin_class": "nbgrader.auth.jupyterhub.JupyterHubAuthPlugin"
        }
    if role == "grader":
        course["root"] = str(COURSE)
        course["db_url"] = f"sqlite:///{COURSE}/gradebook.db"
        config["Exchange"]["root"] = f"{COURSE}/hub/exchange"
    return config
