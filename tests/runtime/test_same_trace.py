"""One seed, one trace: on any number of workers, threads and processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.executor import InProcessExecutor
from tests.runtime.toy import app_with, reply_with, train_message

# Three rounds of a network that is large enough for torch to spread its sums over
# threads, on a network of links, with failures; then with a worker killed in round 2.
RUNS = """
import os, random, signal, sys
import torch
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg
from lecturekit.runtime import Failures, LocalGrid, Network, ProcessPool
from tests.runtime.toy import app_with

to_kill = sys.argv[1]

def network():
    return torch.nn.Sequential(
        torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )

def train(message, context):
    net = network()
    net.load_state_dict(message.content["arrays"].to_torch_state_dict())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        labels = torch.randint(10, (256,))
        loss = torch.nn.functional.cross_entropy(net(torch.randn(256, 64)), labels)
        loss.backward()
        optimizer.step()
    client = context.node_config["partition-id"]
    if (client, message.content["config"]["server-round"]) == (3, 2):
        if os.path.exists(to_kill):
            os.unlink(to_kill)
            os.kill(os.getpid(), signal.SIGKILL)
    metrics = MetricRecord({"num-examples": client + 1, "loss": loss.item()})
    content = RecordDict({"arrays": ArrayRecord(net.state_dict()), "metrics": metrics})
    return Message(content, reply_to=message)

app = app_with(train)
torch.manual_seed(0)
initial = ArrayRecord(network().state_dict())

def trace(workers, threads):
    torch.set_num_threads(threads)
    grid = LocalGrid(
        app, 6, seed=2, executor=ProcessPool(app, workers) if workers else None,
        network=Network(uplink_mbps=3, latency_ms=5),
        failures=Failures(crash_during=0.1, duplicate=0.2),
    )
    random.seed(1)
    FedAvg(fraction_evaluate=0.0).start(grid, initial, num_rounds=3)
    return grid.trace.hash()

for workers in (0, 1, 2, 4):
    for threads in (1, 2):
        print(trace(workers, threads))
open(to_kill, "w").close()
print(trace(2, 1))
assert not os.path.exists(to_kill)
"""


@pytest.mark.slow
def test_workers_threads_processes_and_a_killed_worker_give_one_trace(tmp_path):
    """The trace holds a hash of every model: two processes, nine runs in each."""
    environment = {**os.environ}
    environment.pop("OMP_NUM_THREADS", None)
    hashes = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", RUNS, str(tmp_path / "to-kill")],
            cwd=Path(__file__).parents[2],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        hashes += done.stdout.split()

    assert len(hashes) == 18
    assert len(set(hashes)) == 1


@pytest.fixture
def two_threads():
    """Torch on two threads, as on a laptop."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_of_a_client(num_threads, fails=False):
    """Return how many threads torch had in a client that was given this many."""
    seen = []

    def train(message, context):
        seen.append(torch.get_num_threads())
        if fails:
            raise OSError("battery empty")
        return reply_with(message, context)

    app = app_with(train)
    executor = InProcessExecutor(app, num_threads)
    grid = LocalGrid(app, 1, executor=executor, on_error="reply")
    grid.send_and_receive([train_message(1000)])
    return seen


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("given", "used"), [(1, 1), (3, 3), (None, 2)])
def test_a_client_has_the_threads_it_is_given(given, used, fails, two_threads):
    """One by default; the server has its own back afterwards, also after an error."""
    assert threads_of_a_client(given, fails) == [used]
    assert torch.get_num_threads() == 2


def test_a_client_has_one_thread_by_default(two_threads):
    """Sums over more differ in the last bit."""
    seen = []

    def train(message, context):
        seen.append(torch.get_num_threads())
        return reply_with(message, context)

    LocalGrid(app_with(train), 1).send_and_receive([train_message(1000)])

    assert seen == [1]
