"""ProcessPool: the same bytes as in one process, and nobody left behind."""

import gc
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from multiprocessing import get_context
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.serverapp.strategy import FedAvg
from nbclient import NotebookClient

from lecturekit.runtime import (
    ClientFailed,
    CohortExecutor,
    Device,
    Devices,
    Failures,
    LocalGrid,
)
from lecturekit.runtime.pool import ProcessPool
from lecturekit.runtime.pool_wire import LARGE_BYTES, pack, unpack
from tests.runtime.toy import app_with, arrays_of, reply_with, train_message

NUM_CLIENTS = 7


def workers():
    """The processes that this one has forked and that still run.

    A fork has its parent's command line; the servers and sandboxes of other tests in
    this process do not.
    """
    this = psutil.Process()
    return [
        child
        for child in this.children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and child.cmdline() == this.cmdline()
    ]


@pytest.fixture(autouse=True)
def nobody_left_behind():
    """Whatever a test does, once its pools are gone so are their workers."""
    yield
    gc.collect()
    assert workers() == []


def drifting(message, context):
    """Train: drift by noise; keep a personal model, how often, and where last."""
    model = message.content["arrays"]["w"].numpy()
    memory = context.state.get("memory", MetricRecord({"calls": 0, "noise": []}))
    noise = float(np.random.normal()) + random.random()
    memory["calls"] += 1
    memory["noise"].append(noise)
    context.state["memory"] = memory
    context.state["personal"] = ArrayRecord({"w": Array(model * np.float32(0.5))})
    context.run_config["calls"] = memory["calls"]
    calls = memory["calls"]
    return reply(message, model + np.float32(noise * calls), calls=calls)


def reply(message, model, **metrics):
    content = RecordDict(
        {
            "arrays": ArrayRecord({"w": Array(model)}),
            "metrics": MetricRecord({"num-examples": 1, **metrics}),
        }
    )
    return Message(content, reply_to=message)


def grid_on(num_workers, train, num_clients=NUM_CLIENTS, **options):
    """Build a LocalGrid on that many workers; on 0, in this process."""
    app = app_with(train)
    executor = ProcessPool(app, num_workers) if num_workers else None
    return LocalGrid(app, num_clients, seed=3, executor=executor, **options)


def fedavg(grid, num_rounds=6):
    """Everything a run leaves: model, metrics, and what each client keeps."""
    random.seed(1)
    strategy = FedAvg(fraction_train=0.8, fraction_evaluate=0.0)
    result = strategy.start(grid, arrays_of(0.0, 1.0), num_rounds)
    return result.arrays.object_id, result.train_metrics_clientapp, kept(grid)


def kept(grid):
    """What each client keeps, as bytes (SHA-256 of its state) and settings."""
    contexts = [grid._nodes.context_of(k, 1) for k in range(NUM_CLIENTS)]
    return [(context.state.object_id, context.run_config) for context in contexts]


@pytest.mark.parametrize("num_workers", [1, 2, 4])
def test_results_do_not_depend_on_the_number_of_workers(num_workers):
    """Model, metrics and every client's state: bit for bit those of one process."""
    assert fedavg(grid_on(num_workers, drifting)) == fedavg(grid_on(0, drifting))


def test_a_client_stays_with_its_worker():
    """Client k works on worker k mod W, in every round, and never in this process."""

    def train(message, context):
        return reply_with(message, context, pid=os.getpid())

    grid = grid_on(2, train)
    rounds = []
    for _ in range(2):
        replies = grid.send_and_receive(train_message(1000 + k) for k in range(5))
        rounds.append([r.content["metrics"]["pid"] for r in replies])

    assert rounds[0] == rounds[1]
    assert rounds[0][0::2] == rounds[0][:1] * 3
    assert rounds[0][1::2] == rounds[0][1:2] * 2
    assert len({*rounds[0], os.getpid()}) == 3


def test_two_messages_to_one_client_work_in_order():
    """The second one finds the state that the first one left."""
    replies = [
        grid_on(num_workers, drifting).send_and_receive(
            [train_message(1001), train_message(1001), train_message(1002)]
        )
        for num_workers in (0, 2)
    ]
    calls = [[r.content["metrics"]["calls"] for r in answers] for answers in replies]

    assert calls == [[1, 2, 1], [1, 2, 1]]


def hoarding(message, context):
    """Train on ten examples more with every message that it remembers."""
    answer = drifting(message, context)
    answer.content["metrics"]["num-examples"] = 10 * context.run_config["calls"]
    return answer


class Together:
    """A cohort function that has each client do its work alone."""

    def prepare(self, message, context):
        return hoarding(message, context)

    def replies(self, messages, works):
        return works


def test_a_crash_between_two_messages_is_the_same_for_every_executor():
    """Times, models and states: what it writes is lost, not what it wrote before."""
    app = app_with(hoarding)
    pool = ProcessPool(app, 2)
    left = []
    for executor in (None, pool, CohortExecutor(app, {"train": Together()})):
        grid = LocalGrid(
            app,
            NUM_CLIENTS,
            seed=3,
            executor=executor,
            devices=Devices.equal(Device(examples_per_s=10)),
            failures=Failures(crash_during=0.4),
        )
        grid.send_and_receive(
            train_message(1000 + k, server_round, arrays=arrays_of(0.0, 1.0))
            for k in range(NUM_CLIENTS)
            for server_round in (1, 2, 3)
        )
        left.append([grid.trace.hash(), kept(grid)])
    pool.close()

    assert len(grid.trace.where(event="failed")) > 4
    assert left[1] == left[0]
    assert left[2] == left[0]


def test_the_server_process_has_every_clients_context():
    """What the server side puts in its place is what the client finds."""
    grid = grid_on(2, drifting)
    for _ in range(2):
        grid.send_and_receive([train_message(1004)])
    grid._nodes.context_of(4, 1).state["memory"]["calls"] = 40
    (answer,) = grid.send_and_receive([train_message(1004)])

    assert answer.content["metrics"]["calls"] == 41


def test_workers_are_forked_when_first_needed():
    """No client, no process; one client, one process."""
    grid = grid_on(4, drifting)
    assert workers() == []

    grid.send_and_receive([train_message(1000)])
    assert len(workers()) == 1


def test_a_new_pool_sees_new_code():
    """Redefining a cell and making the grid anew is enough."""
    for value in (1.0, 2.0):

        def train(message, context, value=value):
            return reply(message, np.float32([value]))

        (answer,) = grid_on(1, train).send_and_receive([train_message(1000)])
        assert answer.content["arrays"]["w"].numpy() == value


def test_a_model_crosses_once_per_worker():
    """However many clients it is for: the parcel holds its bytes once, uncopied."""
    data = Array(np.zeros(LARGE_BYTES, dtype=np.float32))
    small = Array(np.zeros(3))
    cohort = [ArrayRecord({"w": data, "b": small}) for _ in range(10)]
    parcel = pack(cohort)

    assert len(parcel.large) == 1
    assert parcel.large[0] is data.data
    assert len(parcel.frame) < 4000
    arrived = unpack(parcel)
    assert arrived == cohort
    assert arrived[0]["w"].data is arrived[9]["w"].data


@pytest.mark.parametrize("victim", [0, 3, 6])
def test_a_killed_worker_is_replaced(victim, tmp_path):
    """SIGKILL in the middle of a round changes nothing: its clients run again."""
    tries = tmp_path / "tries"

    def train(message, context):
        answer = drifting(message, context)
        second_time = context.state["memory"]["calls"] == 2
        if context.node_config["partition-id"] == victim and second_time:
            with tries.open("a") as file:
                file.write("x")
            if tries.read_text() == "x":
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    expected = fedavg(grid_on(0, drifting))
    assert fedavg(grid_on(2, train)) == expected
    assert tries.read_text() == "xx"


def test_a_worker_killed_between_rounds_is_replaced():
    """Its clients' states come from the server process."""
    grid = grid_on(2, drifting)
    for calls in (1, 2, 3):
        answers = grid.send_and_receive(train_message(1000 + k) for k in range(4))
        assert [a.content["metrics"]["calls"] for a in answers] == [calls] * 4
        for worker in workers():
            worker.kill()


def test_a_client_that_leaves_its_process_fails():
    """After two tries; the others are not touched, on whatever worker they are."""

    def train(message, context):
        if context.node_config["partition-id"] == 2:
            os._exit(7)
        return drifting(message, context)

    with pytest.raises(
        ClientFailed,
        match=r"client 2 .* round 1 on 'train': ChildProcessError: the worker process "
        r"died 2 times while this client worked \(exit code 7\)",
    ):
        grid_on(2, train).send_and_receive(train_message(1000 + k) for k in range(4))

    grid = grid_on(2, train, on_error="reply")
    for _ in range(2):
        answers = grid.send_and_receive(train_message(1000 + k) for k in range(5))
        assert [answer.has_error() for answer in answers] == [0, 0, 1, 0, 0]
    assert answers[4].content["metrics"]["calls"] == 2


def no_battery(message, context):
    """Keep a state, then fail on clients 2 and 3."""
    answer = drifting(message, context)
    if context.node_config["partition-id"] in (2, 3):
        raise OSError("battery empty")
    return answer


def test_an_exception_comes_back_with_its_traceback():
    """As itself, as in one process; its cause names the student's line."""
    with pytest.raises(ClientFailed) as failed:
        grid_on(2, no_battery).send_and_receive([train_message(1002)])

    error = failed.value.__cause__
    assert (type(error), str(error)) == (OSError, "battery empty")
    text = "".join(traceback.format_exception(failed.value))
    assert 'in no_battery\n    raise OSError("battery empty")' in text


def test_a_failure_leaves_the_same_states():
    """Behind the first failed client nobody has run, though they may have worked."""
    states = []
    for num_workers in (0, 2):
        grid = grid_on(num_workers, no_battery)
        for _ in range(2):
            with pytest.raises(ClientFailed, match="client 2 "):
                grid.send_and_receive(train_message(1000 + k) for k in range(6))
        states.append(kept(grid))

    assert states[0] == states[1]


def test_error_replies_are_the_same():
    """Reason, code and the kept states, with on_error="reply"."""
    errors = []
    for num_workers in (0, 2):
        grid = grid_on(num_workers, no_battery, on_error="reply")
        answers = grid.send_and_receive(train_message(1000 + k) for k in range(6))
        errors.append([a.error for a in answers if a.has_error()] + kept(grid))

    assert errors[0] == errors[1]


def test_an_exception_that_cannot_be_pickled_is_told():
    """Its type and text, though not the object."""

    class BrokenError(Exception):
        pass

    def train(message, context):
        raise BrokenError("no way home")

    with pytest.raises(ClientFailed, match=r"RuntimeError: BrokenError: no way home"):
        grid_on(1, train).send_and_receive([train_message(1000)])


@pytest.mark.parametrize("place", ["reply", "context"])
def test_what_cannot_be_pickled_is_refused(place):
    """In one sentence; and the client keeps what it had."""

    def train(message, context):
        answer = drifting(message, context)
        if message.content["config"]["server-round"] == 2:
            (answer if place == "reply" else context).function = lambda: None
        return answer

    grid = grid_on(1, train)
    grid.send_and_receive([train_message(1000)])
    with pytest.raises(ClientFailed) as failed:
        grid.send_and_receive([train_message(1000, server_round=2)])

    assert "round 2 on 'train': TypeError: what the function for 'train'" in str(
        failed.value
    )
    assert "\n" not in str(failed.value)
    (answer,) = grid.send_and_receive([train_message(1000, server_round=3)])
    assert answer.content["metrics"]["calls"] == 2


def test_a_forgotten_return_is_named():
    """As in one process."""
    with pytest.raises(ClientFailed, match="None; did you forget `return`"):
        grid_on(1, lambda message, context: None).send_and_receive(
            [train_message(1000)]
        )


@pytest.fixture
def heeds_ctrl_c():
    """Undo what a shell does to a command in the background: it ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_all_workers(heeds_ctrl_c):
    """Those that work and those that wait, at once."""

    def train(message, context):
        if context.node_config["partition-id"] == 1:
            os.kill(os.getppid(), signal.SIGINT)
        time.sleep(600)

    grid = grid_on(2, train)
    with pytest.raises(KeyboardInterrupt):
        grid.send_and_receive(train_message(1000 + k) for k in range(2))

    assert workers() == []


def test_a_closed_pool_starts_again():
    """close() ends all workers; states are not lost with them."""
    app = app_with(drifting)
    pool = ProcessPool(app, 2)
    grid = LocalGrid(app, 2, executor=pool)
    for calls in (1, 2):
        answers = grid.send_and_receive(train_message(1000 + k) for k in range(2))
        assert [a.content["metrics"]["calls"] for a in answers] == [calls, calls]
        assert len(workers()) == 2
        pool.close()
        assert workers() == []


def test_the_grid_takes_its_workers_with_it():
    """A notebook that makes a new grid need not close the old one."""
    grid = grid_on(2, drifting)
    grid.send_and_receive(train_message(1000 + k) for k in range(2))
    assert len(workers()) == 2
    del grid
    gc.collect()

    assert workers() == []


AT_EXIT = """
import os
from flwr.app import Message
from flwr.clientapp import ClientApp
from lecturekit.runtime import LocalGrid
from lecturekit.runtime.pool import ProcessPool
from tests.runtime.toy import reply_with, train_message

app = ClientApp()

@app.train()
def train(message, context):
    return reply_with(message, context, pid=os.getpid())

grid = LocalGrid(app, 2, executor=ProcessPool(app))
for reply in grid.send_and_receive(train_message(1000 + k) for k in range(2)):
    print(reply.content["metrics"]["pid"])
{ending}
"""


@pytest.mark.parametrize("ending", ["", "raise SystemExit", "os.kill(os.getpid(), 9)"])
def test_workers_do_not_outlive_the_kernel(ending):
    """It may leave by the door or be killed; an app in `__main__` is no obstacle."""
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT.format(ending=ending)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    pids = [int(line) for line in done.stdout.split()]

    assert len(pids) == 2, done.stderr
    assert done.stderr == ""
    for pid in pids:
        if psutil.pid_exists(pid):
            psutil.Process(pid).wait(timeout=60)


CELLS = [
    """
from flwr.app import Message
from flwr.clientapp import ClientApp
from lecturekit.runtime import LocalGrid
from lecturekit.runtime.pool import ProcessPool
from tests.runtime.toy import reply_with, train_message

def ask():
    grid = LocalGrid(app, 3, executor=ProcessPool(app))
    replies = grid.send_and_receive(train_message(1000 + k) for k in range(3))
    return [reply.content["metrics"]["answer"] for reply in replies]
""",
    """
app = ClientApp()

@app.train()
def train(message, context):
    return reply_with(message, context, answer=1)
""",
    "print(ask())",
    """
app = ClientApp()

@app.train()
def train(message, context):
    if context.node_config["partition-id"] == 1:
        raise OSError("battery empty")  # the student's line
    return reply_with(message, context, answer=2)
""",
    "print(ask())",
]


@pytest.mark.slow
def test_an_app_in_a_notebook():
    """A real kernel, which has threads; a redefined cell; the student's own line."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    root = {"metadata": {"path": Path(__file__).parents[2]}}
    client = NotebookClient(notebook, resources=root, allow_errors=True, timeout=300)
    client.execute()
    first, second = notebook.cells[2].outputs, notebook.cells[4].outputs

    assert [output.get("text") for output in first] == ["[1, 1, 1]\n"]
    (error,) = second
    assert error.ename == "ClientFailed"
    told = "\n".join(error.traceback)
    assert "WorkerTraceback" in told
    assert "# the student's line" in told


@pytest.mark.parametrize("num_workers", [0, -1])
def test_a_pool_has_workers(num_workers):
    """The message names the parameter and the value."""
    with pytest.raises(ValueError, match=rf"workers must be .*, got {num_workers}"):
        ProcessPool(app_with(drifting), num_workers)


def test_other_platforms_are_told(monkeypatch):
    """What to do instead, in one sentence."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(OSError, match=r"Linux only, got darwin: leave `executor` out"):
        ProcessPool(app_with(drifting))


def test_an_answer_that_cannot_be_read_is_a_failure():
    """A class that exists in the worker only; the client keeps what it had."""

    def train(message, context):
        answer = drifting(message, context)
        if message.content["config"]["server-round"] == 1:
            made_here = type("MadeHere", (), {"__module__": "__main__"})
            sys.modules["__main__"].MadeHere = made_here
            answer.thing = made_here()
        return answer

    grid = grid_on(1, train)
    with pytest.raises(ClientFailed, match="the worker's answer cannot be read"):
        grid.send_and_receive([train_message(1000)])
    (answer,) = grid.send_and_receive([train_message(1000, server_round=2)])

    assert answer.content["metrics"]["calls"] == 1


def test_a_client_may_start_processes():
    """As torch's data loaders do."""

    def train(message, context):
        child = get_context("fork").Process(target=os._exit, args=(5,))
        child.start()
        child.join()
        return reply_with(message, context, code=child.exitcode)

    (answer,) = grid_on(1, train).send_and_receive([train_message(1000)])

    assert answer.content["metrics"]["code"] == 5


def test_config_of_the_server_is_not_changed():
    """A client's message is its own, as everywhere."""

    def train(message, context):
        message.content["config"]["lr"] = 999.0
        return reply_with(message, context)

    config = ConfigRecord({"lr": 0.5, "server-round": 1})
    content = RecordDict({"arrays": arrays_of(1.0), "config": config})
    grid_on(2, train).send_and_receive(
        Message(content, 1000 + k, "train") for k in range(3)
    )

    assert config["lr"] == 0.5
