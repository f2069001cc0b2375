"""Checkpoints: killed after any round, a run ends as if it had been left alone."""

import os
import random
import signal
from collections import Counter, deque
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.serverapp import strategy as flower

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.checkpoint_grid import decode_grid, encode_grid
from lecturekit.runtime.checkpoint_values import Blobs, decode, encode
from lecturekit.runtime.devices import Device, Devices
from lecturekit.runtime.failures import Failures
from lecturekit.runtime.network import Network
from lecturekit.runtime.pool import ProcessPool
from lecturekit.runtime.rounds import run_rounds
from tests.runtime.toy import app_with, arrays_of

NUM_CLIENTS = 6
NUM_ROUNDS = 4


class Decaying(flower.FedAvg):
    """Keeps the caller's record of settings from round 1, and halves its rate."""

    def __init__(self):
        super().__init__(fraction_evaluate=0.0)
        self.settings, self.sent = None, 0.0

    def configure_train(self, server_round, arrays, config, grid):
        self.settings = config if self.settings is None else self.settings
        self.sent = config["lr"]
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        arrays, _ = super().aggregate_train(server_round, replies)
        self.settings["lr"] /= 2
        return arrays, MetricRecord({"lr": self.sent})


STRATEGIES = {
    "FedAvg": lambda: flower.FedAvg(fraction_train=0.5, fraction_evaluate=0.0),
    "FedAvgM": lambda: flower.FedAvgM(
        server_learning_rate=0.5, server_momentum=0.9, fraction_evaluate=0.0
    ),
    "FedAdam": lambda: flower.FedAdam(fraction_train=0.5, fraction_evaluate=0.0),
    "private": lambda: flower.DifferentialPrivacyServerSideAdaptiveClipping(
        flower.FedAvg(fraction_evaluate=0.0), 0.2, num_sampled_clients=NUM_CLIENTS
    ),
    "Decaying": Decaying,
}


class KilledError(Exception):
    """Stands for the end of the process."""


def remembering(message, context):
    """Train: drift by noise that depends on how often this client was asked."""
    model = message.content["arrays"]["w"].numpy()
    calls = context.state.get("memory", MetricRecord({"calls": 0}))["calls"] + 1
    context.state["memory"] = MetricRecord({"calls": calls})
    context.state["personal"] = ArrayRecord({"w": Array(model / calls)})
    drift = np.random.normal(size=model.shape).astype(np.float32)
    metrics = MetricRecord({"num-examples": calls, "calls": calls})
    arrays = ArrayRecord({"w": Array(model + calls * drift)})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


def evaluate_here(server_round, arrays):
    """Draw on the server, too: its generators are part of the run."""
    w = float(arrays["w"].numpy()[0])
    return MetricRecord({"w": w, "noise": random.random() + float(torch.rand(1))})


def new_grid(train=remembering, **options):
    return LocalGrid(app_with(train), NUM_CLIENTS, seed=5, **options)


def run(strategy, grid, path=None, num_rounds=NUM_ROUNDS, **options):
    """A run in a fresh process: its generators are where they are, not reseeded."""
    return run_rounds(
        strategy,
        grid,
        arrays_of(1.0, -2.0, 3.0),
        num_rounds,
        train_config=ConfigRecord({"lr": 0.5}),
        evaluate_fn=evaluate_here,
        checkpoint=path,
        **options,
    )


def seeded(seed=1):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def left_by(result, grid):
    """All that a run leaves, in comparable form."""
    contexts = grid._nodes._contexts
    return {
        "model": result.arrays.object_id,
        "train": result.train_metrics_clientapp,
        "server": result.evaluate_metrics_serverapp,
        "states": {k: contexts[k].state.object_id for k in sorted(contexts)},
        "clock": grid.clock.now,
        "trace": grid.trace.hash(),
        "next draws": (random.random(), np.random.normal(), float(torch.rand(1))),
    }


def uninterrupted(make_strategy, **options):
    seeded()
    grid = new_grid(**options)
    return left_by(run(make_strategy(), grid), grid)


def killer(at):
    def on_round(server_round, metrics):
        if server_round == at:
            raise KilledError

    return on_round


@pytest.mark.parametrize("killed_after", range(1, NUM_ROUNDS + 1))
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(name, killed_after, tmp_path):
    """After any round, to the last bit: model, metrics, states, trace, generators."""
    path = tmp_path / "run.checkpoint"
    expected = uninterrupted(STRATEGIES[name])
    seeded()
    with pytest.raises(KilledError):
        run(STRATEGIES[name](), new_grid(), path, on_round=killer(killed_after))
    seeded(seed=99)  # a new process has other generators
    grid = new_grid()

    assert left_by(run(STRATEGIES[name](), grid, path), grid) == expected


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_run_that_is_killed_after_every_round(name, tmp_path):
    """One round per process."""
    path = tmp_path / "run.checkpoint"
    expected = uninterrupted(STRATEGIES[name])
    for server_round in range(1, NUM_ROUNDS + 1):
        seeded(seed=1 if server_round == 1 else 98 + server_round)
        grid = new_grid()
        result = run(STRATEGIES[name](), grid, path, num_rounds=server_round)

    assert left_by(result, grid) == expected


def test_a_round_that_was_half_done_is_done_again(tmp_path):
    """With the same objects, too, as in a notebook whose cell was interrupted."""
    path = tmp_path / "run.checkpoint"
    expected = uninterrupted(STRATEGIES["FedAdam"])
    broken = [True]

    def train(message, context):
        reply = remembering(message, context)
        if message.content["config"]["server-round"] == 3 and broken.pop():
            raise KeyboardInterrupt
        broken[:] = [False] * 2
        return reply

    seeded()
    broken[:] = [False] * 2
    strategy, grid = STRATEGIES["FedAdam"](), new_grid(train)
    arguments = {"on_round": lambda t, metrics: broken.append(t == 2)}
    with pytest.raises(KeyboardInterrupt):
        run(strategy, grid, path, **arguments)

    assert left_by(run(strategy, grid, path), grid) == expected


def test_power_may_fail_at_any_time(tmp_path):
    """A real SIGKILL, in the middle of round 3."""
    path = tmp_path / "run.checkpoint"
    expected = uninterrupted(STRATEGIES["FedAvgM"])

    def train(message, context):
        if message.content["config"]["server-round"] == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return remembering(message, context)

    def first_process():
        seeded()
        run(STRATEGIES["FedAvgM"](), new_grid(train), path)

    process = get_context("fork").Process(target=first_process)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    grid = new_grid()

    assert left_by(run(STRATEGIES["FedAvgM"](), grid, path), grid) == expected


@pytest.mark.parametrize("killed_after", [1, 2, 3])
def test_clock_and_late_replies_go_on(killed_after, tmp_path):
    """Stragglers of round 2 reach the server in round 3, and the trace says so."""
    path = tmp_path / "run.checkpoint"
    options = {
        "devices": Devices([Device(examples_per_s=s) for s in (1.0, 0.3)]),
        "network": Network(uplink_mbps=0.002, latency_ms=100),
        "failures": Failures(slow=0.3, duplicate=0.3, leave=0.2, crash_during=0.2),
    }
    timed, strategy = {"timeout": 6.0}, STRATEGIES["FedAvgM"]
    seeded()
    grid = new_grid(**options)
    expected = left_by(run(strategy(), grid, **timed), grid)
    events = Counter(row.event for row in grid.trace)
    assert events["dropped"] > 0

    seeded()
    killed = new_grid(**options)
    with pytest.raises(KilledError):
        run(strategy(), killed, path, on_round=killer(killed_after), **timed)
    grid = new_grid(**options)

    assert left_by(run(strategy(), grid, path, **timed), grid) == expected


def test_a_restored_grid_remembers_the_same():
    """Contexts, numbers, clients that left, busy links and events to come."""
    options = {
        "network": Network(uplink_mbps=0.001, downlink_mbps=0.001),
        "failures": Failures(duplicate=0.5, leave=0.3),
    }
    grid, other = new_grid(**options), new_grid(**options)
    seeded()
    run(STRATEGIES["FedAvg"](), grid, timeout=2.0)
    run(STRATEGIES["FedAdam"](), other)
    grid.get_node_ids()  # to ask again is to wait
    blobs = Blobs()
    tree = encode_grid(grid, blobs)
    assert all(tree.values())
    decode_grid(other, tree, Blobs(blobs.arrays))
    again = Blobs()

    assert encode_grid(other, again) == tree
    assert all(map(np.array_equal, again.arrays, blobs.arrays))


def test_it_goes_on_with_processes(tmp_path):
    """On other workers than before, or on none."""
    path = tmp_path / "run.checkpoint"
    expected = uninterrupted(STRATEGIES["FedAdam"])
    app = app_with(remembering)
    pool = ProcessPool(app, 2)
    seeded()
    run(STRATEGIES["FedAdam"](), new_grid(), path, num_rounds=2)
    grid = LocalGrid(app, NUM_CLIENTS, seed=5, executor=pool)

    assert left_by(run(STRATEGIES["FedAdam"](), grid, path), grid) == expected
    pool.close()


def test_a_finished_run_is_not_run_again(tmp_path):
    """The cell can be run twice; the result comes from the file."""
    path = tmp_path / "run.checkpoint"
    seeded()
    first = run(STRATEGIES["FedAvg"](), new_grid(), path)
    grid = new_grid()
    again = run(STRATEGIES["FedAvg"](), grid, path, on_round=killer(NUM_ROUNDS))

    assert again == first
    with pytest.raises(ValueError, match=r"num_rounds must be at least 4, .*, got 2"):
        run(STRATEGIES["FedAvg"](), grid, path, num_rounds=2)


def test_every_says_how_often(tmp_path):
    """With every=3: after rounds 3 and 4, the last; a killed round 2 is lost."""
    path = tmp_path / "run.checkpoint"
    saved = []
    seeded()
    run(
        STRATEGIES["FedAvg"](),
        new_grid(),
        path,
        every=3,
        on_round=lambda t, metrics: saved.append((t, path.exists())),
    )

    assert saved == [(0, False), (1, False), (2, False), (3, True), (4, True)]


def saved_run(tmp_path):
    path = tmp_path / "run.checkpoint"
    seeded()
    run(STRATEGIES["FedAdam"](), new_grid(), path, num_rounds=1)
    return path


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_file_that_was_cut_short_is_refused(share, tmp_path):
    """One sentence, with what to do."""
    path = saved_run(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r"run.checkpoint is damaged, .*: delete it"):
        run(STRATEGIES["FedAdam"](), new_grid(), path)


def test_a_changed_bit_is_noticed(tmp_path):
    """In the middle of the file."""
    path = saved_run(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="is damaged"):
        run(STRATEGIES["FedAdam"](), new_grid(), path)


def test_another_file_is_not_taken_for_a_checkpoint(tmp_path):
    """Nor is it overwritten."""
    path = tmp_path / "thesis.tex"
    path.write_text("\\documentclass{article}")
    with pytest.raises(ValueError, match=r"thesis.tex is not a checkpoint: move it"):
        run(STRATEGIES["FedAdam"](), new_grid(), path)

    assert path.read_text() == "\\documentclass{article}"


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "got .*: name a file in it"), ("runs/run.checkpoint", "got .*: make .* fir")],
)
def test_where_no_file_can_be_is_said_before_the_first_round(name, told, tmp_path):
    """A folder, and a folder that is not there: not after an hour of training."""
    grid = new_grid()
    with pytest.raises(ValueError, match=f"checkpoint must be a file .*, {told}"):
        run(STRATEGIES["FedAvg"](), grid, tmp_path / name)

    assert len(grid.trace) == 0


def test_a_crash_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    """The new one takes its place only when it is whole."""
    path = saved_run(tmp_path)
    before = path.read_bytes()

    def out_of_power(descriptor):
        raise KilledError

    monkeypatch.setattr(os, "fsync", out_of_power)
    with pytest.raises(KilledError):
        run(STRATEGIES["FedAdam"](), new_grid(), path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"strategy": STRATEGIES["FedAvg"]()}, "the strategy was FedAdam, got FedAvg"),
        (
            {"strategy": flower.FedAdam(fraction_train=0.5, eta=0.2)},
            r"strategy\.\w+ was .*, got .*: call with the same arguments",
        ),
        ({"grid": LocalGrid(app_with(remembering), 7)}, "the seed of the grid was 5"),
        (
            {"grid": LocalGrid(app_with(remembering), 7, seed=5)},
            "the number of clients was 6, got 7",
        ),
        ({"initial_arrays": arrays_of(1.0)}, r"the model was {'w': \(3,\)}, got {'w'"),
        (
            {"train_config": ConfigRecord({"lr": 0.1})},
            r"train_config\['lr'\] was 0.5, got 0.1",
        ),
    ],
)
def test_another_run_is_refused(change, sentence, tmp_path):
    """The first difference is named."""
    arguments = {
        "strategy": STRATEGIES["FedAdam"](),
        "grid": new_grid(),
        "initial_arrays": arrays_of(1.0, -2.0, 3.0),
        "train_config": ConfigRecord({"lr": 0.5}),
        "checkpoint": saved_run(tmp_path),
    }
    with pytest.raises(ValueError, match=sentence):
        run_rounds(**arguments | change)


class Hoarder(flower.FedAvg):
    """A strategy with a memory of many kinds."""

    def __init__(self):
        super().__init__(fraction_evaluate=0.0)
        self.rng = np.random.default_rng(3)
        self.dice = random.Random(3)
        self.torch_rng = torch.Generator().manual_seed(3)
        self.window = deque([1.0], maxlen=2)
        self.outer = torch.nn.Linear(3, 1)
        self.optimizer = torch.optim.Adam(self.outer.parameters())
        self.cycle = self

    def aggregate_train(self, server_round, replies):
        arrays, metrics = super().aggregate_train(server_round, replies)
        self.optimizer.zero_grad()
        self.outer(torch.tensor(arrays["w"].numpy())).sum().backward()
        self.optimizer.step()
        noise = self.rng.normal() + self.dice.random()
        noise += float(torch.rand(1, generator=self.torch_rng))
        self.window.append(noise)
        shift = float(self.outer.weight.detach()[0, 0]) + sum(self.window)
        moved = ArrayRecord({"w": Array(arrays["w"].numpy() + np.float32(shift))})
        return moved, metrics


def test_a_strategy_of_ones_own_is_saved_without_its_help(tmp_path):
    """Generators, a window, a torch module and its optimizer, a reference to itself."""
    path = tmp_path / "run.checkpoint"
    expected = uninterrupted(Hoarder)
    seeded()
    run(Hoarder(), new_grid(), path, num_rounds=2)
    seeded(seed=99)
    grid = new_grid()

    assert left_by(run(Hoarder(), grid, path), grid) == expected


def test_what_cannot_be_saved_is_named_before_the_first_round(tmp_path):
    """The attribute, and what it is."""
    strategy = STRATEGIES["FedAvg"]()
    strategy.logs = [(t for t in range(3))]
    with pytest.raises(
        TypeError, match=r"strategy.logs\[0\] cannot be saved .*got builtins.generator"
    ):
        run(strategy, new_grid(), tmp_path / "run.checkpoint")

    assert list(tmp_path.iterdir()) == []


def test_values_come_back_as_they_were():
    """Types, dtypes, orders, signs of zero, not-a-number; equal bytes are kept once."""
    data = Array(np.arange(3.0))
    values = {
        "numbers": [True, 1, -0.0, 1e-320, 2**80, np.float32(0.1), np.int8(-1)],
        ("a", 1): {1: None, "b": b"\x00\xff", "s": {1, 2}, "f": frozenset("x")},
        "arrays": np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)),
        "nan": np.array([np.nan, -np.nan]),
        "records": RecordDict(
            {
                "arrays": ArrayRecord({"x": data, "y": data}),
                "config": ConfigRecord({"b": b"x", "s": ["a"], "t": True, "e": []}),
                "metrics": MetricRecord({"loss": 0.5, "all": [1, 2]}),
            }
        ),
        "window": deque([1, 2], maxlen=2),
        "count": Counter({("train", 3): 2}),
        "tensor": torch.arange(3, dtype=torch.float64),
    }
    blobs = Blobs()
    tree = encode(values, blobs, "values")
    back = decode(tree, Blobs(blobs.arrays))

    assert repr(back) == repr(values)
    assert back["records"].object_id == values["records"].object_id
    assert back["arrays"].flags.f_contiguous
    assert back["arrays"].dtype == np.dtype(">i2")
    assert back["nan"].tobytes() == values["nan"].tobytes()
    assert back["window"].maxlen == 2
    assert torch.equal(back["tensor"], values["tensor"])
    assert sum(a.nbytes == len(data.data) for a in blobs.arrays) == 1
