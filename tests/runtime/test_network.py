"""Transfer times by hand, and bytes as Flower counts them."""

from math import inf, nan

import numpy as np
import pytest
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Error,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.common.serde import error_to_proto, recorddict_to_proto

from lecturekit.runtime import LocalGrid, Network
from lecturekit.runtime.isolation import Sealed, SealedReply
from tests.runtime.toy import arrays_of, halfway_app, train_message


def test_transfer_time_is_latency_plus_bytes_over_bandwidth():
    """A megabyte is 8 megabits: at 4 Mbit/s 2 s, at 16 Mbit/s half a second."""
    network = Network(uplink_mbps=4, downlink_mbps=16, latency_ms=250)

    assert network.uplink_s(1_000_000) == 2.25
    assert network.downlink_s(1_000_000) == 0.75
    assert network.sending_s(1_000_000, up=True) == 2.0


def test_the_default_network_takes_no_time():
    """Not even for a petabyte."""
    assert Network().uplink_s(10**15) == Network().downlink_s(10**15) == 0.0


@pytest.mark.parametrize("wrong", [0, -1, nan])
def test_bandwidths_are_positive(wrong):
    """A link without bandwidth would never deliver."""
    with pytest.raises(
        ValueError, match=f"uplink_mbps must be positive, .* got {wrong}"
    ):
        Network(uplink_mbps=wrong)
    with pytest.raises(ValueError, match=f"downlink_mbps .* positive, .* got {wrong}"):
        Network(downlink_mbps=wrong)


@pytest.mark.parametrize("wrong", [-1, inf, nan])
def test_latency_is_finite(wrong):
    """Nothing arrives before it left, and everything arrives."""
    with pytest.raises(ValueError, match="latency_ms must be at least 0 and finite"):
        Network(latency_ms=wrong)


def random_content(rng):
    """Build a RecordDict with records of every kind and awkward sizes."""
    shapes = [(), (0,), (1,), (127,), (3, 130), (300, 70)]
    dtypes = [np.float32, np.float64, np.int64, np.bool_]
    arrays = {
        "w" * int(rng.integers(1, 200)) + str(i): Array(
            np.zeros(shapes[rng.integers(6)], dtypes[rng.integers(4)])
        )
        for i in range(rng.integers(5))
    }
    numbers = [0, 1, -1, 63, 64, -65, 2**31, -(2**63), 2**63, 2**64 - 1, 0.0, -2.5, nan]
    metrics = {f"m{i}": numbers[i] for i in rng.integers(len(numbers), size=6).tolist()}
    metrics |= {"ints": [1, -200, 2**40], "floats": [0.5] * int(rng.integers(1, 40))}
    return RecordDict(
        {
            "arrays": ArrayRecord(arrays),
            "metrics": MetricRecord(metrics),
            "": MetricRecord({"": 3}),
            "config": ConfigRecord(
                {"flag": False, "name": "é" * 70, "raw": b"\0" * 200, "none": ""}
            ),
            "lists": ConfigRecord({"b": [True, False], "s": ["a", ""], "r": [b"x"]}),
            "empty": ConfigRecord(),
        }
    )


@pytest.mark.parametrize("seed", range(20))
def test_bytes_are_those_of_flowers_serialisation(seed):
    """To the last byte, for names, numbers and arrays of awkward sizes."""
    content = random_content(np.random.default_rng(seed))

    expected = len(recorddict_to_proto(content).SerializeToString())
    assert Sealed(content).num_bytes == expected


def test_an_error_has_bytes_too():
    """It is shorter than the model it stands for."""
    LocalGrid(halfway_app(), 1)  # lets Message(...) work in this process
    message = train_message(1000)
    error = Error(code=5, reason="gone")
    expected = len(error_to_proto(error).SerializeToString())

    reply = SealedReply.of(Message(error, reply_to=message))
    assert reply.num_bytes == expected == 8
    assert Sealed(RecordDict()).num_bytes == 0


def test_the_trace_knows_the_bytes_of_both_ways():
    """What was asked, and what was replied."""
    grid = LocalGrid(halfway_app(), 1)
    message = train_message(1000, arrays=arrays_of(*range(100)))
    (reply,) = grid.send_and_receive([message])

    (asked,) = grid.trace.where(event="asked")
    (replied,) = grid.trace.where(event="replied")
    for row, sent in [(asked, message), (replied, reply)]:
        size = len(recorddict_to_proto(sent.content).SerializeToString())
        assert row.bytes == size > 400


def test_fingerprints_tell_models_apart():
    """Values, names, shapes and types count; metrics and identity do not."""
    zeros = np.zeros(4, np.float32)
    models = [
        {"w": zeros},
        {"v": zeros},
        {"w": zeros.reshape(2, 2)},
        {"w": zeros.view(np.int32)},
        {"w": zeros + 1},
        {"w": zeros, "b": zeros},
    ]
    contents = [
        RecordDict(
            {"arrays": ArrayRecord({name: Array(a) for name, a in model.items()})}
        )
        for model in models
    ]
    hashes = [Sealed(content).model for content in contents]

    assert len(set(hashes)) == 6
    again = RecordDict({"arrays": ArrayRecord({"w": Array(zeros.copy())})})
    again["metrics"] = MetricRecord({"loss": 1.0})
    assert Sealed(again).model == hashes[0]
    assert Sealed(RecordDict()).model == ""
