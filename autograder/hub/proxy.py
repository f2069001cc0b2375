"""Where configurable-http-proxy is: JupyterHub's front door, a program for Node.js."""

import shutil
from pathlib import Path

from autograder.errors import UserError

_NAME = "configurable-http-proxy"


def find_proxy(root: Path) -> str:
    """Return the proxy's path: `make hub` installs it, or it is on the PATH.

    Raises
    ------
    UserError
        If it or Node.js is missing.
    """
    own = root / "build" / "node" / "node_modules" / ".bin" / _NAME
    found = str(own) if own.exists() else shutil.which(_NAME)
    if shutil.which("node") is None or found is None:
        missing = _NAME if found is None else "node"
        raise UserError(
            f"expected Node.js and {_NAME}, found no {missing}: install Node.js 20 or "
            f"newer, then `npm install --prefix build/node {_NAME}`"
        )
    return found
