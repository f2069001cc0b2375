"""One seed, one trace: on any number of workers, threads and processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from lecturekit.runtime import ClientFailed, CohortExecutor, LocalGrid
from lecturekit.runtime.executor import InProcessExecutor
from lecturekit.runtime.threads import threads_limited
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


def threads():
    """How many threads torch has, NumPy's and SciPy's BLAS, and OpenMP."""
    pools = threadpool_info()
    assert {"blas", "openmp"} <= {pool["user_api"] for pool in pools}
    return {torch.get_num_threads(), *[pool["num_threads"] for pool in pools]}


def blas_threads():
    pools = threadpool_info()
    return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}


@pytest.fixture
def two_threads():
    """All libraries on two threads, as on a laptop."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(before)


def test_threads_are_put_back_when_the_last_block_ends(two_threads):
    """Two grids at once, each in a thread: neither ends the other's limit."""
    one, other = threads_limited(1), threads_limited(1)
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert blas_threads() == {1}
    other.__exit__(None, None, None)
    assert blas_threads() == {2}

    with threads_limited(1):
        with threads_limited(3):
            assert blas_threads() == {3}
        assert blas_threads() == {1}


def app_that_looks(seen, fails=False):
    """Build an app whose clients look how many threads they have."""

    def train(message, context):
        seen.append(threads())
        torch.set_num_threads(4)  # for itself
        if fails:
            raise OSError("battery empty")
        return reply_with(message, context)

    return app_with(train)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("given", "used"), [(1, 1), (3, 3), (None, 2)])
def test_a_client_has_the_threads_it_is_given(given, used, fails, two_threads):
    """So has the next one; and the server its own afterwards, also after an error."""
    seen = []
    app = app_that_looks(seen, fails)
    executor = InProcessExecutor(app, given)
    grid = LocalGrid(app, 2, executor=executor, on_error="reply")
    grid.send_and_receive(train_message(1000 + k) for k in range(2))

    if given:
        assert seen == [{used}] * 2
        assert threads() == {2}
    else:
        assert seen[0] == {used}


def test_a_client_has_one_thread_by_default(two_threads):
    """Sums over more differ in the last bit."""
    seen = []
    LocalGrid(app_that_looks(seen), 1).send_and_receive([train_message(1000)])

    assert seen == [{1}]


def test_the_server_has_its_threads_back_after_a_failure(two_threads):
    """Though somebody keeps the exception, and with it the half-done batch."""
    app = app_that_looks([], fails=True)
    with pytest.raises(ClientFailed) as kept:
        LocalGrid(app, 2).send_and_receive(train_message(1000 + k) for k in range(2))

    assert kept
    assert threads() == {2}


class Looking:
    """A cohort function that looks how many threads it has."""

    def __init__(self):
        self.seen = []

    def prepare(self, message, context):
        self.seen.append(threads())
        return reply_with(message, context)

    def replies(self, messages, works):
        self.seen.append(threads())
        return works


@pytest.mark.parametrize(("given", "used"), [(1, 1), (3, 3), (None, 2)])
def test_a_cohort_has_the_threads_of_one_client(given, used, two_threads):
    """To prepare its work and to do it."""
    looking = Looking()
    app = app_with(reply_with)
    executor = CohortExecutor(app, {"train": looking}, given)
    LocalGrid(app, 1, executor=executor).send_and_receive([train_message(1000)])

    assert looking.seen == [{used}] * 2
    assert threads() == {2}
