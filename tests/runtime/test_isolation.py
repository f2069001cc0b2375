"""Sender and receiver share nothing but bytes, as over a network."""

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.isolation import Sealed
from tests.runtime.toy import app_with, arrays_of, reply_with


def vandal(seen):
    """Build a train function that notes what it gets, then changes all of it."""

    def train(message, context):
        content = message.content
        seen.append(
            (
                content["config"]["lr"],
                list(content["config"]["steps"]),
                content["arrays"]["w"].numpy().tolist(),
                dict(context.run_config),
            )
        )
        reply = reply_with(message, context)
        reply.content["arrays"] = arrays_of(9.0)
        content["config"]["lr"] = 999.0
        content["config"]["steps"].append(3)
        content["arrays"]["w"].data = Array(np.float32([7])).data
        content["arrays"]["extra"] = Array(np.float32([7]))
        content["new"] = ConfigRecord()
        context.run_config["batch-size"] = 0
        return reply

    return train


def test_what_a_client_changes_is_its_own():
    """Neither its neighbours nor the server see it, in this round or the next."""
    seen = []
    grid = LocalGrid(app_with(vandal(seen)), 2, run_config={"batch-size": 16})
    config = ConfigRecord({"lr": 0.5, "steps": [1, 2], "server-round": 1})
    content = RecordDict({"arrays": arrays_of(1.0), "config": config})
    for _ in range(2):
        grid.send_and_receive(Message(content, 1000 + k, "train") for k in range(2))

    assert [entry[:3] for entry in seen] == [(0.5, [1, 2], [1.0])] * 4
    assert [entry[3]["batch-size"] for entry in seen] == [16, 16, 0, 0]
    assert config == {"lr": 0.5, "steps": [1, 2], "server-round": 1}
    assert list(content) == ["arrays", "config"]
    assert content["arrays"]["w"].numpy().tolist() == [1.0]


def test_a_reply_is_the_servers_own():
    """What a client keeps of its reply, and changes later, stays on the client."""
    kept = []

    def train(message, context):
        reply = reply_with(message, context, losses=[1.0])
        kept.append(reply)
        return reply

    content = RecordDict({"arrays": arrays_of(1.0)})
    grid = LocalGrid(app_with(train), 1)
    (reply,) = grid.send_and_receive([Message(content, 1000, "train")])
    kept[0].content["metrics"]["losses"].append(2.0)
    kept[0].content["arrays"]["w"].data = b""
    kept[0].content = RecordDict()

    assert reply.content["metrics"]["losses"] == [1.0]
    assert reply.content["arrays"]["w"].numpy().tolist() == [1.0]


def test_a_copy_equals_its_original_and_shares_its_bytes():
    """All kinds of records survive; the model itself is not copied."""
    content = RecordDict(
        {
            "arrays": ArrayRecord([np.arange(3.0), np.zeros((2, 2))]),
            "config": ConfigRecord({"b": b"x", "s": ["a"], "t": True, "e": []}),
            "metrics": MetricRecord({"loss": 0.5, "all": [1, 2]}),
        }
    )
    copy = Sealed(content).opened()

    assert copy == content
    assert copy.object_id == content.object_id
    assert copy["arrays"]["0"].data is content["arrays"]["0"].data
    assert copy["metrics"]["all"] is not content["metrics"]["all"]
