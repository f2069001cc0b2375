"""A real hub for the tests: JupyterHub, its proxy, and servers behind bubblewrap."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from autograder.errors import UserError
from autograder.hub.proxy import find_proxy
from tests.hub.visitor import Visitor

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120


@pytest.fixture(scope="session")
def _tools():
    """Skip where this machine cannot run a hub, and say what it lacks."""
    pytest.importorskip("jupyterhub", reason="needs `pip install -e '.[hub]'`")
    if shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap: apt-get install bubblewrap")
    try:
        find_proxy(ROOT)
    except UserError as missing:
        pytest.skip(f"needs the hub's proxy: {missing}")


class Hub:
    """A hub of a course folder, as `autograder hub` starts it."""

    def __init__(self, course, *options):
        self.course = course
        self.options = options
        self.port = four_free_ports()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = course.parent / "hub.log"
        self.process = None

    def start(self):
        """Start it, and wait until somebody could log in."""
        command = [sys.executable, "-m", "autograder", "hub", *self.options]
        command += ["--course", str(self.course), "--root", str(ROOT)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                answer = httpx.get(f"{self.address}/hub/login", timeout=10)
                if answer.status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.log.read_text()[-3000:])

    def kill(self):
        """End the hub as a power cut would; its proxy and the servers live on."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        """End everything that it started."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        marks = (str(self.course), f"127.0.0.1:{self.port + 2}")
        for process in psutil.process_iter(["cmdline"]):
            if any(mark in " ".join(process.info["cmdline"] or []) for mark in marks):
                process.kill()

    def visitor(self, name):
        """Return somebody who has not logged in yet."""
        return Visitor(self.address, name)


def four_free_ports():
    """Return the first of four ports in a row that nothing uses."""
    # Below 32,768: from there on the system gives ports to whoever connects.
    for first in range(21_000 + os.getpid() % 1_000 * 8, 32_000, 8):
        try:
            for port in range(first, first + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no four free ports in a row")


@pytest.fixture(scope="module")
def hub(_tools, tmp_path_factory):
    """The demo course's hub; lab 1 is given out."""
    hub = Hub(tmp_path_factory.mktemp("hub") / "course", "--demo")
    try:
        yield hub.start()
    finally:
        hub.close()


@pytest.fixture(scope="module")
def inside(hub):
    """Return a function: log somebody in, once, and start their server."""
    visitors = {}

    def visitor_inside(name):
        if name not in visitors:
            visitor = hub.visitor(name)
            visitor.log_in()
            visitors[name] = visitor.start_server()
        return visitors[name]

    yield visitor_inside
    for visitor in visitors.values():
        visitor.close()
