"""The file in which a final model leaves a run."""

import numpy as np
import pytest
import torch
from flwr.app import Array, ArrayRecord, MetricRecord
from flwr.serverapp.strategy import Result

from lecturekit.runtime.engines import model_hash, save_result
from lecturekit.runtime.engines.result import read_result
from tests.runtime.toy import arrays_of


def result_with(arrays):
    result = Result()
    result.arrays = arrays
    result.train_metrics_clientapp = {1: MetricRecord({"loss": 0.1 + 0.2})}
    result.evaluate_metrics_clientapp = {1: MetricRecord({"accuracy": [0.5, 1.0]})}
    result.evaluate_metrics_serverapp = {0: MetricRecord({"loss": float("inf")})}
    return result


def test_what_is_read_is_what_was_saved(tmp_path):
    """Names, order, dtypes, bits and metrics."""
    arrays = ArrayRecord(
        {
            "layers.0/weight": Array(np.float32([[0.1, 2], [3, 4]])),
            "a": Array(np.asfortranarray(np.float64([[1, 2], [3, 4]]))),
            "scalar": Array(np.array(7)),
        }
    )
    save_result(result_with(arrays), str(tmp_path / "r"))
    read = read_result(tmp_path / "r", engine="local", wall_s=1.25)

    assert list(read.arrays) == list(arrays)
    for name in arrays:
        np.testing.assert_array_equal(
            read.arrays[name].numpy(), arrays[name].numpy(), strict=True
        )
    assert read.model_hash == model_hash(arrays)
    assert read.train_metrics == {1: {"loss": 0.1 + 0.2}}
    assert read.evaluate_metrics == {1: {"accuracy": [0.5, 1.0]}}
    assert read.server_metrics == {0: {"loss": float("inf")}}
    assert repr(read) == (
        f"RunResult(engine='local', 1 rounds, model {read.model_hash}, 1.2 s)"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_torch_reads_the_model_back(tmp_path):
    """A state_dict survives."""
    model = torch.nn.Linear(2, 3)
    save_result(result_with(ArrayRecord(model.state_dict())), str(tmp_path / "r"))
    state = read_result(tmp_path / "r", engine="ray", wall_s=0).arrays
    torch.nn.Linear(2, 3).load_state_dict(state.to_torch_state_dict())

    assert torch.equal(state.to_torch_state_dict()["weight"], model.weight)


def test_an_empty_path_saves_nothing(tmp_path, monkeypatch):
    """`flwr run` by hand works with the app's defaults."""
    monkeypatch.chdir(tmp_path)
    save_result(result_with(arrays_of(1.0)), "")

    assert not list(tmp_path.iterdir())


def test_a_result_without_a_model_is_refused(tmp_path):
    """Flower's loop returns one if every round failed."""
    with pytest.raises(ValueError, match="expected a final model"):
        save_result(Result(), str(tmp_path / "r"))


def test_the_hash_sees_every_bit():
    """Values, names, dtypes, shapes and order."""
    one = ArrayRecord({"w": Array(np.float32([1, 2]))})
    others = [
        ArrayRecord({"w": Array(np.nextafter(np.float32([1, 2]), np.float32(9)))}),
        ArrayRecord({"v": Array(np.float32([1, 2]))}),
        ArrayRecord({"w": Array(np.float32([1, 2]).view(np.int32))}),
        ArrayRecord({"w": Array(np.float32([[1, 2]]))}),
    ]

    assert len({model_hash(record) for record in (one, *others)}) == 5
    assert model_hash(one) == model_hash(arrays_of(1.0, 2.0))
