"""Replies that do not fit: one sentence that names the node, the round and the key."""

import re

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import LocalGrid, run_rounds
from tests.runtime.toy import app_with, arrays_of, halfway_app


def reply(message, arrays, **metrics):
    metrics = MetricRecord({"num-examples": 1, **metrics})
    content = RecordDict({"arrays": arrays, "metrics": metrics})
    return Message(content, reply_to=message)


def only_client_2(wrong):
    """Return a train function that replies with `wrong` on client 2."""

    def train(message, context):
        if context.node_config["partition-id"] == 2:
            return wrong(message)
        return reply(message, message.content["arrays"])

    return train


def run(train, num_rounds=1):
    strategy = FedAvg(fraction_evaluate=0.0)
    grid = LocalGrid(app_with(train), 4)
    return run_rounds(strategy, grid, arrays_of(1.0), num_rounds)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            lambda message: reply(message, ArrayRecord({"v": Array(np.zeros(1))})),
            "that of node 1002 has arrays['v'] of shape (1,), where that of node 1000 "
            "has arrays['w'] of shape (1,)",
        ),
        (
            lambda message: reply(message, arrays_of(1.0, 2.0)),
            "that of node 1002 has arrays['w'] of shape (2,), where that of node 1000 "
            "has arrays['w'] of shape (1,)",
        ),
        (
            lambda message: reply(message, arrays_of(1.0), loss=0.5),
            "that of node 1002 has metrics['loss'], where that of node 1000 has "
            "nothing more",
        ),
        (
            lambda message: Message(
                RecordDict({"metrics": MetricRecord({"num-examples": 1})}),
                reply_to=message,
            ),
            "that of node 1002 has nothing more, where that of node 1000 has "
            "arrays['w'] of shape (1,)",
        ),
    ],
    ids=["array name", "shape", "metric", "no arrays"],
)
def test_the_client_that_is_unlike_the_others_is_named(wrong, told):
    """Flower says that keys differ, or NumPy that shapes do; the cause is theirs."""
    sentence = f"the replies of round 1 cannot be aggregated: {told}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$") as raised:
        run(only_client_2(wrong))

    assert raised.value.__cause__ is not None


def test_replies_without_weight_are_named():
    """Flower divides by their sum."""
    with pytest.raises(ValueError, match=r"round 1 .*'num-examples' add up to 0$"):
        run(lambda m, c: reply(m, m.content["arrays"], **{"num-examples": 0}))


def test_a_model_with_other_names_is_refused():
    """All clients make the same mistake: the average would be of something else."""
    named_v = ArrayRecord({"v": Array(np.zeros(1))})
    with pytest.raises(ValueError, match=r"round 1 .* arrays \['v'\], .* has \['w'\]"):
        run(lambda message, context: reply(message, named_v))


def test_what_replies_do_not_explain_is_raised_as_it_is():
    """A strategy's own mistake, on replies that fit."""

    class Broken(FedAvg):
        def aggregate_train(self, server_round, replies):
            raise KeyError("momentum")

    with pytest.raises(KeyError, match="momentum"):
        run_rounds(Broken(), LocalGrid(halfway_app(), 2), arrays_of(0.0))


def test_a_missing_weight_is_flowers_sentence():
    """All replies are alike; Flower names the key."""

    def train(message, context):
        metrics = MetricRecord({"loss": 1.0})
        content = RecordDict({"arrays": message.content["arrays"], "metrics": metrics})
        return Message(content, reply_to=message)

    with pytest.raises(Exception, match="Missing required key `num-examples`"):
        run(train)


def test_errors_among_the_replies_do_not_matter():
    """A client that failed has no arrays to compare."""

    def train(message, context):
        if context.node_config["partition-id"] == 1:
            raise OSError("battery empty")
        return reply(message, message.content["arrays"])

    grid = LocalGrid(app_with(train), 4, on_error="reply")
    result = run_rounds(FedAvg(fraction_evaluate=0.0), grid, arrays_of(1.0), 1)

    assert result.arrays["w"].numpy().tolist() == [1.0]
