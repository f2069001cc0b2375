"""The same app on LocalGrid and on Flower's own simulation engine, Ray: equal bytes.

Ray runs as users run it, by `flwr run` against a SuperLink in simulation mode. The
SuperLink is started here, not by `flwr run`: the one that it starts must be up within
15 seconds, installs the app's dependencies anew for each run, and is left behind.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from lecturekit.runtime import LocalGrid, run_server_app
from tests.runtime import conformance_app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("ray") is None,
        reason="ray is not installed: pip install 'lecturekit[ray]'",
    ),
]

NUM_CLIENTS = 4
SEED = 7
TIMEOUT_S = 300  # 25 s on two idle cores, 100 s on busy ones

PROJECT = """\
[project]
name = "conformance"
version = "1.0.0"
description = "The app of test_conformance_ray.py"
license = "Apache-2.0"
dependencies = []

[tool.flwr.app]
publisher = "lecturekit"

[tool.flwr.app.components]
serverapp = "conformance_app:server_app"
clientapp = "conformance_app:client_app"

[tool.flwr.app.config]
num-clients = {num_clients}
seed = {seed}
out = "{out}"
"""

CONNECTION = """\
[superlink]
default = "test"

[superlink.test]
address = "127.0.0.1:{port}"
insecure = true
"""


@pytest.fixture
def home():
    """A folder with a short name: Ray's sockets allow a path of 107 characters."""
    with tempfile.TemporaryDirectory(prefix="lk", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def environment(home):
    """Return an environment that keeps Flower and Ray offline and inside `home`."""
    return os.environ | {
        "FLWR_HOME": str(home / "flwr"),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": str(home),
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def superlink(home, port):
    """Run a SuperLink in simulation mode; end it and all it has started."""
    command = ["flower-superlink", "--insecure", "--simulation"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--disable-runtime-dependency-installation"]
    with (home / "superlink.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment(home), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until_healthy(process, port, home)
        yield
    finally:
        end(process)


def end(process):
    """End `process` and all its descendants, gently if they let us."""
    root = psutil.Process(process.pid)
    family = [*root.children(recursive=True), root]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=20)
    for member in alive:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def wait_until_healthy(process, port, home):
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"no SuperLink: {(home / 'superlink.log').read_text()[-2000:]}")


def run_on_ray(home):
    """Run the app by `flwr run`; return what its server wrote."""
    port = free_port()
    project = home / "project"
    project.mkdir()
    source = Path(conformance_app.__file__)
    (project / source.name).write_text(source.read_text())
    (project / "pyproject.toml").write_text(
        PROJECT.format(num_clients=NUM_CLIENTS, seed=SEED, out=home / "ray.npz")
    )
    (home / "flwr").mkdir()
    (home / "flwr/config.toml").write_text(CONNECTION.format(port=port))
    resources = f"num-supernodes={NUM_CLIENTS} client-resources-num-cpus=1"
    command = ["flwr", "run", project, "test", "--stream"]
    command += ["--federation-config", resources]
    for _ in range(3):
        with superlink(home, port):
            done = subprocess.run(
                command,
                env=environment(home),
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
        # Ray gives its own processes 30 s to start, on a busy machine too.
        if "node timed out during startup" not in done.stdout + done.stderr:
            break
    assert (home / "ray.npz").exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return np.load(home / "ray.npz")


def run_here(home):
    """Run the same app on a LocalGrid; return what its server wrote."""
    run_config = {
        "num-clients": NUM_CLIENTS,
        "seed": SEED,
        "out": str(home / "local.npz"),
    }
    grid = LocalGrid(conformance_app.client_app, NUM_CLIENTS, run_config=run_config)
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run_server_app(conformance_app.server_app, grid)
    finally:
        torch.set_num_threads(num_threads)
    return np.load(home / "local.npz")


def test_ray_and_local_grid_give_the_same_bytes(home):
    """Model, accuracies and kept state after three rounds of four clients."""
    local, ray = run_here(home), run_on_ray(home)

    assert sorted(local.files) == ["b1", "b2", "evaluations", "w1", "w2"]
    for name in local.files:
        np.testing.assert_array_equal(local[name], ray[name], strict=True)
    accuracies, calls = local["evaluations"].T
    assert accuracies[-1] > accuracies[0] > 0.1  # it learned something
    assert calls.tolist() == [1, 2, 3]  # and clients remember
