"""A demo in JupyterLab: a notebook of one cell, which has been run already.

The widget's state stands in the notebook: it shows at once, before a kernel is up, and
goes on when one dies. Running the cell again gives the same, alive.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lecturekit.errors import UserError
from lecturekit.widgets import Deck
from lecturekit.widgets.presenter import Presenter

from . import catalog

_VIEW = "application/vnd.jupyter.widget-view+json"
_STATE = "application/vnd.jupyter.widget-state+json"


class Sentence:
    """One sentence where a demo should be: nobody sees a traceback on stage."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def present(name: str, text: str = "") -> Any:
    """Show a demo in a notebook; where it cannot be shown, one sentence says why.

    Parameters
    ----------
    name : str
        For instance "client-drift"; `lecturekit demo` lists them.
    text : str
        A state to begin with.
    """
    try:
        return Presenter(catalog.deck(name), code=catalog.code(name), text=text)
    except (UserError, ValueError) as error:
        return Sentence(str(error))


def write_notebook(shown: Deck, path: Path, *, text: str = "", **more: str) -> None:
    """Write a signed notebook that shows a deck without being run.

    `more` is for the Presenter: its code, and where votes are counted.
    """
    widget = Presenter(shown, text=text, covers=True, **more)
    arguments = ", ".join(repr(part) for part in (shown.plan.name, text) if part)
    cell = new_code_cell(
        f"from lecturekit.demos.notebook import present\n\npresent({arguments})",
        id="demo",
        metadata={"jupyter": {"source_hidden": True}},
        execution_count=1,
    )
    bundle = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    data = {_VIEW: bundle, "text/plain": shown.plan.title}
    cell.outputs = [new_output("execute_result", data, execution_count=1)]
    notebook = new_notebook(cells=[cell])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    related = [widget, widget.layout]
    notebook.metadata["widgets"] = {
        _STATE: Presenter.get_manager_state(widgets=related)
    }
    widget.close()
    nbformat.write(notebook, path)
    NotebookNotary().sign(notebook)


def open_lab(
    name: str, *, text: str = "", votes: str = "", arguments: tuple[str, ...] = ()
) -> int:
    """Open JupyterLab with the demo and nothing else; return its exit status.

    Parameters
    ----------
    name, text
        As for `present`.
    votes : str
        Where the votes of a class are counted; see `votes`.
    arguments : tuple of str
        More for `jupyter lab`: "--no-browser", "--port=8890".
    """
    shown, path = catalog.deck(name), f"{name}.ipynb"
    more = {"code": catalog.code(name), "votes": votes}
    environment = dict(os.environ)
    if (Path.cwd() / "solutions").is_dir():
        environment.setdefault("LECTUREKIT_SOLUTIONS", str(Path.cwd() / "solutions"))
    with TemporaryDirectory(prefix="lecturekit-") as folder:
        write_notebook(shown, Path(folder, path), text=text, **more)
        command = [
            *(sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"),
            f"--LabApp.default_url=/doc/tree/{path}",
            "--ServerApp.answer_yes=True",  # Ctrl-C does not ask back
            *(["--allow-root"] if os.geteuid() == 0 else []),
            *arguments,
        ]
        with subprocess.Popen(command, env=environment) as process:
            while True:
                with contextlib.suppress(KeyboardInterrupt):  # it stops JupyterLab
                    return process.wait()
