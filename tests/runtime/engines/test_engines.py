"""The same app folder on every engine: equal bytes, and nothing left behind."""

import socket
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from lecturekit.runtime.engines import SuperLink, guard, run_app
from lecturekit.runtime.engines.processes import ProcessFamily, free_port

COIN = Path(__file__).parent / "coin_app"
NUM_CLIENTS = 3

pytestmark = pytest.mark.slow

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None,
    reason="ray is not installed: pip install 'lecturekit[ray]'",
)


def run_on(engine, **options):
    """Two rounds; two of three clients a round, drawn and drawing by chance."""
    return run_app(
        COIN,
        engine=engine,
        num_clients=NUM_CLIENTS,
        seed=11,
        run_config={"fraction-train": 0.7},
        timeout_s=500,
        **options,
    )


@pytest.fixture(scope="module")
def here():
    """The run on a LocalGrid."""
    return run_on("local")


@pytest.fixture
def homes(monkeypatch):
    """Note the homes of all engines started in a test; nobody may live there after."""
    made, mkdtemp = [], tempfile.mkdtemp
    monkeypatch.setattr(
        tempfile, "mkdtemp", lambda *a, **k: made.append(mkdtemp(*a, **k)) or made[-1]
    )
    yield made
    assert made
    for home in made:
        assert not Path(home).exists()
        assert not [p for p in guard.family(home) if guard.is_alive(p)]


@needs_ray
def test_ray_gives_the_bytes_of_a_local_grid(here, homes):
    """Flower's simulation engine, through `flwr run`."""
    there = run_on("ray")

    assert there.model_hash == here.model_hash
    assert there.train_metrics == here.train_metrics
    assert "Starting Flower Simulation" in there.log


def test_supernodes_give_the_bytes_of_a_local_grid(here, homes):
    """A SuperLink and a SuperNode for each client, over HTTP."""
    there = run_on("superlink")

    assert there.model_hash == here.model_hash
    assert there.train_metrics == here.train_metrics
    assert repr(there).startswith("RunResult(engine='superlink', 2 rounds, model ")


def test_a_student_who_breaks_every_client_reads_it(homes):
    """Flower alone would report success and hand back the initial model."""
    expected = r"(?s)every client failed in round 1 on 'train'.*coin stood on its edge"
    with pytest.raises(RuntimeError, match=expected):
        run_app(
            COIN,
            engine="superlink",
            num_clients=2,
            run_config={"failing-from-round": 1},
        )


def test_a_run_that_fails_shows_the_end_of_its_log(homes):
    """A missing partition, here: no node ever comes."""
    with SuperLink() as superlink:
        with pytest.raises(
            TimeoutError, match=r"(?s)within 15 s.*last lines of its log"
        ):
            superlink.run(COIN, timeout_s=15)
        with pytest.raises(RuntimeError, match=r"(?s)`flwr run` failed;.*pyproject"):
            superlink.run(COIN.parent)


def test_a_superlink_that_does_not_come_up_is_quoted(homes):
    """Here it is told to keep its state where it cannot."""
    with pytest.raises(
        RuntimeError, match=r"(?s)expected the superlink to come up.*log"
    ):
        SuperLink(environment={"PYTHONPATH": "/", "PYTHONHOME": "/nowhere"}).start()


def test_ctrl_c_ends_everything(homes):
    """The block is left by an exception."""
    with pytest.raises(KeyboardInterrupt), SuperLink() as superlink:
        superlink.start_supernodes(1)
        raise KeyboardInterrupt


def test_a_port_in_use_is_refused():
    """In one sentence, before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=rf"expected a free port .*got {port}"):
            SuperLink(port=port)


def test_a_superlink_says_what_it_is():
    """And that it has to be started."""
    superlink = SuperLink(simulation=True)
    expected = f"SuperLink({superlink.address}, simulation, stopped, 0 runs)"

    assert repr(superlink) == expected
    with pytest.raises(RuntimeError, match="is not running: call start"):
        superlink.run(COIN)


def start_cluster(family):
    """Start Ray as its users do and return its port; it may need several attempts."""
    for attempt in range(5):
        port = free_port("127.0.0.1")
        command = ["ray", "start", "--head", "--block", "--include-dashboard=false"]
        command += [f"--port={port}", "--num-cpus=2", "--disable-usage-stats"]
        name = f"cluster-{attempt}"
        process = family.start(name, *command)
        while process.poll() is None:
            if "Ray runtime started" in family.log(name):
                return port
            time.sleep(0.2)
    raise RuntimeError(family.log(name))


@needs_ray
def test_ray_may_be_a_cluster_that_is_there_already(here, homes):
    """RAY_ADDRESS, which Ray reads; Flower itself has no setting for it."""
    cluster = ProcessFamily()
    try:
        port = start_cluster(cluster)
        there = run_on("ray", ray_address=f"127.0.0.1:{port}")
        folder = cluster.home / "ray/session_latest/logs"
        logs = "".join(path.read_text() for path in folder.glob("*.*"))
    finally:
        cluster.stop()

    assert there.model_hash == here.model_hash
    assert "ClientAppActor" in logs  # the clients ran there
