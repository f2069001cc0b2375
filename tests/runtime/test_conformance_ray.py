"""The same app on LocalGrid and on Flower's own simulation engine, Ray: equal bytes.

Ray runs as users run it, by `flwr run` against a SuperLink in simulation mode. The
SuperLink is ours, not the one that `flwr run` would start: that must be up within 15
seconds, installs the app's dependencies anew for each run, and is left behind.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from lecturekit.runtime import LocalGrid, run_server_app
from lecturekit.runtime.engines import SuperLink
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

RAY_WAS_SLOW = "node timed out during startup"


@pytest.fixture
def home():
    """A folder with a short name: Ray's sockets allow a path of 107 characters."""
    with tempfile.TemporaryDirectory(prefix="lk", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def run_on_ray(home):
    """Run the app by `flwr run`; return what its server wrote."""
    project = home / "project"
    project.mkdir()
    source = Path(conformance_app.__file__)
    (project / source.name).write_text(source.read_text())
    (project / "pyproject.toml").write_text(
        PROJECT.format(num_clients=NUM_CLIENTS, seed=SEED, out=home / "ray.npz")
    )
    resources = f"num-supernodes={NUM_CLIENTS} client-resources-num-cpus=1"
    own_ray = {"RAY_ADDRESS": "local"}  # never a cluster that happens to run here
    for _ in range(3):
        with SuperLink(simulation=True, environment=own_ray) as superlink:
            log = superlink.run(
                project, federation_config=resources, timeout_s=TIMEOUT_S
            )
        # Ray gives its own processes 30 s to start, on a busy machine too.
        if RAY_WAS_SLOW not in log:
            break
    assert (home / "ray.npz").exists(), log[-3000:]
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
