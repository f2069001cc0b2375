"""The addresses that the Validate button asks, and their answers."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from nbgrader import __version__ as nbgrader_version
from tornado import web

from autograder.hub.validate.running import run
from autograder.hub.validate.verdict import Verdict, changed_cells, verdict
from autograder.judging.wording import shortened

_MAX_BYTES = 50_000_000


class Validate(JupyterHandler):
    """Runs a notebook and says which checks fail."""

    @web.authenticated
    async def post(self) -> None:
        """Answer for the notebook at `path`; one at a time."""
        path = self.get_argument("path", None) or (self.get_json_body() or {})["path"]
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        lock = self.settings.setdefault("validate_lock", asyncio.Lock())
        async with lock:
            try:
                answer = {"success": True, "value": await validated(root, path)}
            except ValueError as fault:
                answer = {"success": False, "value": str(fault)}
            except Exception as error:  # the dialog shows a sentence in any case
                self.log.exception("Validate")
                said = shortened(f"{type(error).__name__}: {error}")
                answer = {"success": False, "value": f"Nothing was run. {said}"}
        self.finish(json.dumps(answer))


class Version(JupyterHandler):
    """Says that the part in the browser fits: it is nbgrader's, as before."""

    @web.authenticated
    def get(self) -> None:
        """Compare its version with the installed one."""
        asked = self.get_argument("version")
        answer: dict[str, Any] = {"success": asked == nbgrader_version}
        if not answer["success"]:
            answer["message"] = (
                f"expected nbgrader {nbgrader_version} in the browser, got {asked}: "
                "reload the page"
            )
        self.finish(json.dumps(answer))


async def validated(root: Path, path: str) -> Verdict:
    """Return what Validate says about the notebook at `path` below `root`.

    Raises
    ------
    ValueError
        If there is no such notebook, or it cannot be read.
    """
    notebook = (root / path).resolve()
    if not notebook.is_relative_to(root) or not notebook.is_file():
        raise ValueError(f"expected a notebook of yours, found none at {path}")
    if notebook.stat().st_size > _MAX_BYTES:
        raise ValueError(
            f"expected a notebook of at most {_MAX_BYTES // 10**6} MB, got more: clear "
            "its outputs (Edit menu), save, and validate again"
        )
    try:
        content = nbformat.read(notebook, as_version=4)
    except Exception:
        raise ValueError(
            f"expected {notebook.name} to be a notebook, it cannot be read: fetch the "
            "lab again and bring your answers over"
        ) from None
    changed = changed_cells(content)
    if changed:
        return changed
    stopped = await run(content, notebook.parent, dict(os.environ))
    return verdict(content, stopped)


def add_handlers(web_app: Any) -> None:
    """Add them to a server's application."""
    base = web_app.settings["base_url"]
    handlers = [("assignments/validate", Validate), ("nbgrader_version", Version)]
    web_app.add_handlers(
        ".*$", [(url_path_join(base, end), handler) for end, handler in handlers]
    )
