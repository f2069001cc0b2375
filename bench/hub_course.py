"""A real hub to measure: a course of some students with lab 1 given out."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from autograder.hub.demo_course import LAB, PASSWORD, release
from autograder.hub.start import prepare

__all__ = ["LAB", "PASSWORD", "Hub", "running_hub"]

ROOT = Path(__file__).parent.parent
COURSE_ID = "fl101"
_UP_S = 120

_COURSE = f"""\
id: {COURSE_ID}
title: Federated learning
staff: {{instructors: [grace]}}
hub: {{authenticator: dummy}}
labs:
  {LAB}: {{deadline: 2126-11-20 17:00 UTC}}
"""


@dataclass(frozen=True)
class Hub:
    """A hub that runs.

    Parameters
    ----------
    process : Process
        JupyterHub itself; its proxy and services are its children.
    students : tuple of str
        Who may log in, with `PASSWORD`.
    """

    address: str
    course: Path
    process: psutil.Process
    students: tuple[str, ...]

    def servers(self) -> dict[str, list[psutil.Process]]:
        """Return the processes of each student's server, kernels among them."""
        found = {}
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = process.cmdline()
                for student in self.students:
                    if str(self.course / "hub" / "homes" / student) in words:
                        family = [process, *process.children(recursive=True)]
                        if len(family) > len(found.get(student, [])):
                            found[student] = family
        return found


@contextmanager
def running_hub(num_students: int) -> Iterator[Hub]:
    """Start a hub for a course of so many students; stop everything afterwards."""
    students = tuple(f"student{k:02d}" for k in range(num_students))
    with tempfile.TemporaryDirectory(prefix="bench-hub-") as folder:
        course = Path(folder) / "course"
        course.mkdir()
        (course / "course.yaml").write_text(_COURSE)
        (course / "students.csv").write_text("\n".join(["id", *students]) + "\n")
        prepare(course, ROOT)
        release(course, ROOT)
        port = _free_ports()
        command = [sys.executable, "-m", "autograder", "hub"]
        command += ["--course", str(course), "--root", str(ROOT), "--port", str(port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (Path(folder) / "log").open("w+") as log:
            started = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
            address = f"http://127.0.0.1:{port}"
            hub = Hub(address, course, psutil.Process(started.pid), students)
            try:
                _wait(f"{address}/hub/health", started, Path(folder) / "log")
                yield hub
            finally:
                started.terminate()
                started.wait()
                _stop(hub)


def _stop(hub: Hub) -> None:
    """End students' servers, which outlive their hub on purpose."""
    for family in hub.servers().values():
        for process in family[1:] + family[:1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)


def _free_ports() -> int:
    """Return the first of four free ports in a row."""
    # Below 32,768: from there on the system gives ports to whoever connects.
    for first in range(13_000, 21_000, 4):
        with suppress(OSError):
            for port in range(first, first + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
    raise RuntimeError("expected four free ports in a row, found none")


def _wait(url: str, started: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _UP_S
    while time.monotonic() < end and started.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(url).is_success:
                return
        time.sleep(0.3)
    raise RuntimeError(f"the hub did not start:\n{log.read_text()[-2000:]}")
