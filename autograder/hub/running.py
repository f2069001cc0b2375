"""What of this hub runs already: after a crash, its proxy may still hold the door."""

import socket
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from autograder.errors import UserError

_PATIENCE_S = 10.0


def refuse_second(hub: Path) -> None:
    """Refuse to start a hub that runs; `hub` is its folder."""
    process = _running(hub / "jupyterhub.pid", "jupyterhub")
    if process is not None:
        raise UserError(
            f"expected the hub of {hub.parent} not to run yet, found it running as "
            f"process {process.pid}: stop it first"
        )


def require_free(ports: range, hub: Path) -> None:
    """Refuse to start where a port is taken by something else than our own proxy.

    JupyterHub ends a proxy that outlived it, and starts another at the same ports.
    """
    if _running(hub / "proxy.pid", "configurable-http-proxy") is not None:
        ports = ports[2:]
    end = time.monotonic() + _PATIENCE_S
    taken = [port for port in ports if not _is_free(port)]
    while taken and time.monotonic() < end:  # what the last hub started is ending
        time.sleep(0.2)
        taken = [port for port in taken if not _is_free(port)]
    if taken:
        raise UserError(
            f"expected port {taken[0]} of this machine to be free, found it taken: "
            f"stop what uses it, or say --port (a hub takes {len(ports)} in a row)"
        )


def _running(pid_file: Path, name: str) -> psutil.Process | None:
    """Return the process that a file names, if it is what we take it for."""
    try:
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        return process if name in " ".join(process.cmdline()) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
