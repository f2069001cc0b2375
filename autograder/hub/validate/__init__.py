"""The Validate button: the sentence of each check that fails, not a stack trace.

A Jupyter server extension in place of nbgrader's own. nbgrader's part of JupyterLab
stays, and shows what this answers.

* `running`   the notebook in a fresh kernel, bounded in time
* `verdict`   what is said about it, in the form that the dialog expects
* `handlers`  the addresses that the button asks
"""

from typing import Any


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handlers."""
    from autograder.hub.validate.handlers import add_handlers

    add_handlers(server_app.web_app)
