"""The stop button of a notebook: the cell ends, and all processes that it started."""

import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from lecturekit.runtime.engines.guard import is_alive
from tests.runtime.notebook import Notebook

pytestmark = pytest.mark.slow

COIN = Path(__file__).parent / "engines/coin_app"

POOL = """\
import time
from lecturekit.runtime import LocalGrid, ProcessPool
from tests.runtime.toy import app_with, train_message
app = app_with(lambda message, context: time.sleep(600))
grid = LocalGrid(app, 2, executor=ProcessPool(app, workers=2))
grid.send_and_receive(train_message(1000 + k) for k in range(2))
"""

ENGINE = """\
from lecturekit.runtime.engines import run_app
config = {{"num-server-rounds": 1000}}
run_app({app!r}, engine={engine!r}, num_clients=2, run_config=config)
"""

# What runs in the cell, and the command line of one of its processes at work.
CELLS = {
    "pool": (POOL, "ipykernel"),  # a fork of the kernel keeps its command line
    "ray": (ENGINE.format(app=str(COIN), engine="ray"), "ray::ClientAppActor"),
    "superlink": (ENGINE.format(app=str(COIN), engine="superlink"), "flwr-clientapp"),
}


@pytest.fixture
def notebook():
    opened = Notebook()
    yield opened
    opened.close()


def descendants(process):
    """Return the living descendants of a process and their command lines."""
    found = {}
    for child in process.children(recursive=True):
        try:
            found[child] = " ".join(child.cmdline())
        except psutil.Error:  # gone meanwhile
            continue
    return found


def wait_until(condition, wait_s=300):
    deadline = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("engine", CELLS)
def test_an_interrupted_cell_leaves_no_process_behind(engine, notebook):
    """A pool's workers, Ray, a SuperLink with its SuperNodes: all at work, then gone.

    The kernel lives on, and the next cell runs.
    """
    if engine == "ray" and find_spec("ray") is None:
        pytest.skip("ray is not installed: pip install 'lecturekit[ray]'")
    cell, at_work = CELLS[engine]
    kernel = psutil.Process(notebook.manager.provisioner.pid)
    before, seen = set(descendants(kernel)), {}

    def is_at_work():
        seen.update(descendants(kernel))
        return any(at_work in line for line in seen.values())

    # Else the kernel may drop the next cell, as one that was queued behind this.
    asked = notebook.client.execute(cell, stop_on_error=False)
    wait_until(is_at_work)
    time.sleep(0.2)
    seen.update(descendants(kernel))
    notebook.manager.interrupt_kernel()
    reply = notebook.reply_to(asked)
    started = set(seen) - before

    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert len(started) >= 2
    wait_until(lambda: not any(map(is_alive, started)), wait_s=30)
    wait_until(lambda: set(descendants(kernel)) <= before, wait_s=30)
    assert notebook.run("6 * 7") == "42"
