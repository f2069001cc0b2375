"""How a final model leaves a run: one file, written by the server, read by the caller.

A Flower app has no return value: its server runs in a process of the engine's. So it
saves what it found to a path that the caller passed in the app's run_config:

    save_result(result, context.run_config["result-path"])

The file is a zip archive with the arrays as `arrays/<name>.npy`, the bytes that Flower
sends, and the metrics of each round as `metrics.json`. `numpy.load` opens it, too.
"""

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flwr.app import Array, ArrayRecord, MetricRecord, MetricRecordValues
from flwr.serverapp.strategy import Result

from lecturekit.runtime.shown import mimebundle
from lecturekit.runtime.trace import Trace

Metrics = dict[int, dict[str, MetricRecordValues]]  # round -> name -> value


@dataclass(frozen=True)
class RunResult:
    """What a run gave.

    Parameters
    ----------
    engine : str
        Where it ran: "local", "ray" or "superlink".
    arrays : ArrayRecord
        The final model.
    train_metrics, evaluate_metrics : dict, round -> name -> value
        As the strategy aggregated them from the clients.
    server_metrics : dict, round -> name -> value
        What the server's own `evaluate_fn` measured; round 0 is the initial model.
    wall_s : float
        From the call to the result, start of the engine included, s.
    log : str
        What Flower wrote; empty for "local".
    trace : Trace, optional
        What happened, from "local"; other engines keep none.
    """

    engine: str
    arrays: ArrayRecord
    train_metrics: Metrics = field(default_factory=dict)
    evaluate_metrics: Metrics = field(default_factory=dict)
    server_metrics: Metrics = field(default_factory=dict)
    wall_s: float = 0.0
    log: str = field(default="", repr=False)
    trace: Trace | None = field(default=None, repr=False, compare=False)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, Any]:
        return mimebundle(self)

    @property
    def model_hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the final model."""
        return model_hash(self.arrays)

    def __repr__(self) -> str:
        num_rounds = max(self.train_metrics, default=0)
        return (
            f"RunResult(engine={self.engine!r}, {num_rounds} rounds, "
            f"model {self.model_hash}, {self.wall_s:.1f} s)"
        )


def model_hash(arrays: ArrayRecord) -> str:
    """Return 16 hexadecimal digits that differ if any bit of the model does.

    Names, dtypes, shapes and values count, in the order of the record.
    """
    digest = hashlib.sha256()
    for name, array in arrays.items():
        values = array.numpy()
        digest.update(f"{name} {values.dtype.str} {values.shape} ".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]


def save_result(result: Result, path: str) -> None:
    """Write the final model and the metrics of all rounds to `path`.

    An empty path saves nothing: an app whose `result-path` is "" by default also runs
    by `flwr run`, where nobody waits for a file.

    Raises
    ------
    ValueError
        If there is no final model.
    """
    if not path:
        return
    if not result.arrays:
        raise ValueError("expected a final model, got a result without arrays")
    metrics = {
        "train": _by_round(result.train_metrics_clientapp),
        "evaluate": _by_round(result.evaluate_metrics_clientapp),
        "server": _by_round(result.evaluate_metrics_serverapp),
    }
    partial = f"{path}.partial"
    with zipfile.ZipFile(partial, "w") as archive:
        for name, array in result.arrays.items():
            archive.writestr(f"arrays/{name}.npy", array.data)
        archive.writestr("metrics.json", json.dumps(metrics))
    os.replace(partial, path)  # a reader sees all of it or nothing


def read_result(path: Path, *, engine: str, wall_s: float, log: str = "") -> RunResult:
    """Read what `save_result` wrote; FileNotFoundError if it wrote nothing."""
    arrays = ArrayRecord()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("arrays/"):
                arrays[name.removeprefix("arrays/").removesuffix(".npy")] = _array(
                    archive.read(name)
                )
        metrics = {
            kind: {int(t): values for t, values in by_round.items()}
            for kind, by_round in json.loads(archive.read("metrics.json")).items()
        }
    return RunResult(
        engine,
        arrays,
        metrics["train"],
        metrics["evaluate"],
        metrics["server"],
        wall_s,
        log,
    )


def _array(data: bytes) -> Array:
    """Return the Array whose .npy bytes these are."""
    undescribed = Array(dtype="", shape=(), stype="numpy.ndarray", data=data)
    return Array(undescribed.numpy())


def _by_round(metrics: dict[int, MetricRecord]) -> Metrics:
    return {server_round: dict(record) for server_round, record in metrics.items()}
