"""Envelopes: what is sealed comes out as it was, and only where it is opened."""

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

from lecturekit.runtime import LocalGrid, flower_private
from lecturekit.runtime.engines import PartitionGrid, envelope, report_partition
from lecturekit.runtime.engines.envelope import is_sealed, opened, sealed, with_content
from lecturekit.runtime.engines.mods import opens_envelopes
from tests.runtime.toy import arrays_of, halfway_app, train_message


@pytest.fixture(autouse=True)
def server():
    """Let this process send messages."""
    flower_private.server_identity()


def everything():
    """A content with a record of each kind, in an order that sorting would change."""
    arrays = {
        "z": Array(np.float32([[0.1, 2.0]])),
        "a": Array(np.asfortranarray([[7]])),
    }
    return RecordDict(
        {
            "model": ArrayRecord(arrays),
            "config": ConfigRecord(
                {"lr": 0.1, "names": ["x", "é"], "blob": b"\x00\xff"}
            ),
            "a-metrics": MetricRecord({"n": 3, "losses": [1.5, float("inf")]}),
        }
    )


def test_what_is_opened_is_what_was_sealed():
    """Values, types, bytes and the order of names, in arrays and records."""
    content = everything()
    message = Message(sealed(content), 1, "train")
    found = opened(message).content

    assert found == content
    assert found.object_id == content.object_id
    assert [*found] == [*content]
    assert [*found["model"]] == ["z", "a"]


def test_a_sealed_message_is_three_objects():
    """However many arrays there are: message, record dict, config record."""
    message = Message(everything(), 1, "train")
    inside = with_content(message, sealed(message.content))

    assert len(inside.content.children) == 1
    assert not next(iter(inside.content.children.values())).children
    assert inside.metadata is message.metadata
    assert (is_sealed(inside), is_sealed(message)) == (True, False)


def test_large_contents_and_errors_stay_as_they_are(monkeypatch):
    """Beyond MAX_BYTES the objects are better moved, and shared, one by one."""
    content = everything()
    monkeypatch.setattr(envelope, "MAX_BYTES", 100)
    message = Message(content, 1, "train")
    refused = Message(Error(code=7, reason="on battery"), reply_to=message)

    assert sealed(content) is content
    assert opened(message) is message
    assert opened(refused) is refused


class Wire(LocalGrid):
    """A grid whose client with partition 1 opens envelopes; notes those that pass."""

    def __init__(self, num_clients):
        app = halfway_app()
        app.query("partition")(self.answer)
        super().__init__(app, num_clients)
        self.passed = []

    def answer(self, message, context):
        can = context.node_config["partition-id"] == 1
        return report_partition(message, context, opens_envelopes=can)

    def push_messages(self, messages):
        messages = list(messages)
        self.passed += [message.content for message in messages if is_sealed(message)]
        return super().push_messages(map(opened, messages))  # the node opens it

    def pull_messages(self, message_ids):
        """Answer in kind."""
        return [
            with_content(reply, sealed(reply.content))
            if (reply.metadata.src_node_id, reply.metadata.message_type)
            == (1001, "train")
            else reply
            for reply in super().pull_messages(message_ids)
        ]


def test_only_nodes_that_open_envelopes_get_some():
    """Neither the strategy's messages nor its replies show it."""
    wire = Wire(2)
    grid = PartitionGrid(wire, poll_s=0)
    arrays = arrays_of(3.0)
    messages = [train_message(n, arrays=arrays) for n in grid.get_node_ids()]
    replies = grid.send_and_receive(messages)

    assert len(wire.passed) == 1
    assert not any(map(is_sealed, [*messages, *replies]))
    assert [reply.content["arrays"]["w"].numpy()[0] for reply in replies] == [1.5, 2.0]


def test_a_cohort_shares_an_envelope():
    """What all get is serialised, and stored on the SuperLink, once."""
    wire = Wire(2)
    grid = PartitionGrid(wire, poll_s=0)
    grid.get_node_ids()
    content = everything()
    content["config"]["server-round"] = 1
    content["arrays"] = arrays_of(0.0)
    grid.push_messages([Message(content, 1001, "train") for _ in range(2)])

    assert wire.passed[0] is wire.passed[1]


@pytest.mark.parametrize("can", [True, False])
def test_a_node_says_whether_it_opens_envelopes(can):
    """An app's own answer, from Flower's SuperNode, says no."""
    wire = Wire(2)
    (answer,) = wire.send_and_receive(
        [Message(RecordDict(), 1000 + can, "query.partition")]
    )

    assert opens_envelopes(opened(answer)) is can
