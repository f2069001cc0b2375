"""The processes of one engine: started offline, in a folder of their own, all ended.

Flower's commands keep their state in FLWR_HOME and start further processes, some of
them detached. A `ProcessFamily` gives them a fresh home in the temporary folder, which
is also the mark by which all of them are found again; `guard.py` ends them when the
family is stopped, or when this process dies.
"""

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from . import guard

_STOP_TIMEOUT_S = 60.0
_SHORT = 36  # Ray puts sockets 70 characters below its folder; the limit is 107


class ProcessFamily:
    """Processes that share a home and end together.

    Parameters
    ----------
    environment : mapping, optional
        Added to the environment of all of them.

    Attributes
    ----------
    home : Path
        A private folder: FLWR_HOME, and one log file per process.
    environment : dict
        What every process gets: this process's, offline and quiet, one thread each.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        # resolve(): a process compares the name as it stands in its command line.
        self.home = Path(tempfile.mkdtemp(prefix="lk")).resolve()
        scripts = Path(sys.executable).parent  # flower-superlink starts others by name
        self.environment = {
            **os.environ,
            "FLWR_HOME": str(self.home),
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            "OMP_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}",
            **(environment or {}),
        }
        if len(str(self.home)) <= _SHORT:
            self.environment.setdefault("RAY_TMPDIR", str(self.home))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__, str(self.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.stop)

    def start(self, name: str, *command: str) -> "subprocess.Popen[bytes]":
        """Start `command`; its output goes to the log file of `name`.

        It does not get the terminal's Ctrl-C: it is ended in order, by `stop`.
        """
        with self._log_file(name).open("wb") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process
        return process

    def wait_until(self, name: str, is_up: Callable[[], bool], wait_s: float) -> None:
        """Wait until `is_up()`; RuntimeError if `name` ends first or takes too long."""
        deadline = time.monotonic() + wait_s
        while not is_up():
            has_ended = self._processes[name].poll() is not None
            if has_ended or time.monotonic() > deadline:
                raise RuntimeError(
                    f"expected the {name} to come up within {wait_s:g} s, it "
                    f"{'ended' if has_ended else 'did not'}; the last lines of its "
                    f"log: {self.last_lines(name)}"
                )
            time.sleep(0.1)

    def log(self, name: str) -> str:
        """Return what the process `name` wrote so far."""
        return self._log_file(name).read_text(encoding="utf-8", errors="replace")

    def last_lines(self, name: str, num_lines: int = 12) -> str:
        """Return the end of the log of `name`, indented, for an error message."""
        lines = [line for line in self.log(name).splitlines() if line.strip()]
        return "".join(f"\n    {line}" for line in lines[-num_lines:]) or "nothing"

    def stop(self) -> None:
        """End all processes and remove the home; twice is as good as once."""
        atexit.unregister(self.stop)
        if self._guard.returncode is not None or self._guard.stdin is None:
            return
        self._guard.stdin.close()
        self._guard.wait(_STOP_TIMEOUT_S)
        for process in self._processes.values():
            process.wait(_STOP_TIMEOUT_S)

    def _log_file(self, name: str) -> Path:
        return self.home / f"{name}.log"


def free_port(host: str, port: int = 0) -> int:
    """Return `port`, or a free one for 0; ValueError if it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ValueError(
                f"expected a free port at {host}, got {port}: {error.strerror}; choose "
                "another, or none to get a free one"
            ) from error
        return int(probe.getsockname()[1])
