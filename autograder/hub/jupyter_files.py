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

from autograder.hub.enclosure import exchange_of_grader
from autograder.hub.folders import HubFolders
from autograder.hub.layout import COURSE, EXCHANGE
from autograder.hub.people import Role

MAX_SUBMISSION_KB = 100_000
_MARKDOWN = "autograder.grading.markup.markdown"  # by name: it takes long to import
_NBGRADER = "nbgrader.server_extensions"
_SERVER_EXTENSIONS = {
    f"{_NBGRADER}.assignment_list": {"student", "staff"},
    f"{_NBGRADER}.course_list": {"staff"},
    f"{_NBGRADER}.formgrader": {"grader"},
    "jupyter_lsp": set(),  # there are no language servers to look for
    f"{_NBGRADER}.validate_assignment": set(),  # ours says the sentence of the check
    "autograder.hub.hand_in": {"student", "staff"},
    "autograder.hub.validate": {"student", "staff", "grader"},
    "autograder.hub.formgrader": {"grader"},
    "autograder.hub.start_page": {"student", "staff"},
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
        top = folders.jupyter / role
        for name, text in _files(role, course_id, folders).items():
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        for path in (top, *top.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def _files(role: Role, course_id: str, folders: HubFolders) -> Mapping[str, str]:
    extensions = {name: role in roles for name, roles in _SERVER_EXTENSIONS.items()}
    disabled = {name: role not in roles for name, roles in _LAB_EXTENSIONS.items()}
    return {
        "jupyter_server_config.json": _json(_server(extensions)),
        "labconfig/page_config.json": _json({"disabledExtensions": disabled}),
        "nbgrader_config.py": _nbgrader(role, course_id, folders),
    }


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"


def _server(extensions: Mapping[str, bool]) -> dict[str, Any]:
    return {
        "ServerApp": {
            "contents_manager_class": "autograder.hub.files.BoundedFiles",
            "jpserver_extensions": extensions,
            "open_browser": False,
        },
        "LabApp": {"extension_manager": "readonly", "news_url": None},
        # On ports, others on this machine could listen to what a kernel prints.
        "KernelManager": {"transport": "ipc"},
        "FileContentsManager": {"delete_to_trash": False},
    }


def _nbgrader(role: Role, course_id: str, folders: HubFolders) -> str:
    """Return nbgrader's settings, a line each."""
    values: dict[str, Any] = {
        "CourseDirectory.course_id": course_id,
        "CourseDirectory.max_dir_size": MAX_SUBMISSION_KB,
        "CourseDirectory.max_file_size": MAX_SUBMISSION_KB,
        "Exchange.root": str(EXCHANGE),
    }
    if role == "staff":
        plugin = "nbgrader.auth.jupyterhub.JupyterHubAuthPlugin"
        values["Authenticator.plugin_class"] = plugin
    if role == "grader":
        values["CourseDirectory.root"] = str(COURSE)
        values["CourseDirectory.db_url"] = f"sqlite:///{COURSE}/gradebook.db"
        values["Exchange.root"] = str(exchange_of_grader(folders))
        # Formgrader shows what students wrote: no script of theirs may run there.
        values["HTMLExporter.sanitize_html"] = True
        values["HTMLExporter.filters"] = {"markdown2html": _MARKDOWN}
    lines = [f"c.{name} = {value!r}" for name, value in values.items()]
    if role == "grader":
        lines.append("from autograder.hub.formgrader_pages import template_paths")
        lines.append("c.HTMLExporter.template_paths = template_paths()")
    return "\n".join(["c = get_config()", *lines]) + "\n"
