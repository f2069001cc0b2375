"""Replies that do not fit: one sentence that names the node, the round and the key."""

import json
import math
import re

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import (
    DifferentialPrivacyClientSideFixedClipping,
    FedAdam,
    FedAvg,
    FedMedian,
    FedXgbBagging,
)

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
    ids=["array name", "metric", "no arrays"],
)
def test_the_client_that_is_unlike_the_others_is_named(wrong, told):
    """Flower says that keys differ; the cause is its own sentence."""
    sentence = f"the replies of round 1 cannot be aggregated: {told}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$") as raised:
        run(only_client_2(wrong))

    assert raised.value.__cause__ is not None


def test_replies_without_weight_are_named():
    """Flower divides by their sum."""
    with pytest.raises(ValueError, match=r"round 1 .*'num-examples' add up to 0$"):
        run(lambda m, c: reply(m, m.content["arrays"], **{"num-examples": 0}))


def test_metric_lists_of_different_lengths_are_named():
    """Flower adds them up element by element; zip says what it thinks of two."""

    def train(message, context):
        losses = [0.5] * (1 + (context.node_id == 1002))
        return reply(message, message.content["arrays"], losses=losses)

    told = (
        "that of node 1002 has metrics['losses'] of length 2, where that of node 1000 "
        "has metrics['losses'] of length 1"
    )
    with pytest.raises(ValueError, match=f"round 1 .*: {re.escape(told)}$"):
        run(train)


@pytest.mark.parametrize("weight", [-1, -0.5, math.nan, math.inf])
@pytest.mark.parametrize("phase", ["train", "evaluate"])
def test_a_weight_that_is_none_is_named(weight, phase):
    """Of four weights 1 and one of -1, the sum is still positive."""
    app = ClientApp()
    for kind in ("train", "evaluate"):

        def answer(message, context, kind=kind):
            odd = kind == phase and context.node_id == 1002
            weights = {"num-examples": weight if odd else 1}
            return reply(message, message.content["arrays"], **weights)

        getattr(app, kind)()(answer)
    told = f"that of node 1002 has the weight 'num-examples' = {weight}, expected"
    with pytest.raises(ValueError, match=f"round 1 cannot be aggregated: {told}"):
        run_rounds(FedAvg(), LocalGrid(app, 4), arrays_of(1.0), 1)


@pytest.mark.parametrize("make_strategy", [FedAvg, FedAdam, FedMedian])
@pytest.mark.parametrize(("who", "since"), [({2}, 1), (range(4), 2)])
def test_arrays_keep_their_shapes(who, since, make_strategy):
    """One client's that NumPy would stretch; and all clients', from round 2 on."""

    def train(message, context):
        k, t = context.node_id - 1000, message.content["config"]["server-round"]
        values = [1.0] if k in who and t >= since else [1.0, 2.0]
        return reply(message, arrays_of(*values))

    told = (
        f"the replies of round {since} cannot be aggregated: that of node "
        f"{1000 + min(who)} has 'w' of shape (1,), where the model that it was sent "
        "has (2,)"
    )
    strategy = make_strategy(fraction_evaluate=0.0)
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        run_rounds(strategy, LocalGrid(app_with(train), 4), arrays_of(1.0, 2.0), 2)


def test_a_strategy_of_ones_own_may_get_other_shapes():
    """Compressed arrays, or a model that grows: it knows what to do with them."""

    class Padding(FedAvg):
        def aggregate_train(self, server_round, replies):
            (values, *_) = [reply.content["arrays"]["w"].numpy() for reply in replies]
            return arrays_of(*values, 7.0), None

    app = app_with(lambda message, context: reply(message, arrays_of(1.0)))
    strategy = Padding(fraction_evaluate=0.0)
    result = run_rounds(strategy, LocalGrid(app, 2), arrays_of(1.0, 2.0), 2)

    assert result.arrays["w"].numpy().tolist() == [1.0, 7.0]


def test_a_strategy_that_sends_other_shapes_gets_them_back():
    """Half of the model goes out under the model's name."""

    class Half(FedAvg):
        def configure_train(self, server_round, arrays, config, grid):
            half = arrays_of(*arrays["w"].numpy()[:1])
            return super().configure_train(server_round, half, config, grid)

    app = app_with(lambda message, _: reply(message, message.content["arrays"]))
    strategy = Half(fraction_evaluate=0.0)
    result = run_rounds(strategy, LocalGrid(app, 2), arrays_of(1.0, 2.0), 1)

    assert result.arrays["w"].numpy().tolist() == [1.0]


def test_a_wrapped_strategy_of_ones_own_may_weigh_as_it_likes():
    """It leaves out who weighs less than nothing."""

    class Picky(FedAvg):
        def aggregate_train(self, server_round, replies):
            fit = [r for r in replies if r.content["metrics"]["num-examples"] >= 0]
            return super().aggregate_train(server_round, fit)

    def train(message, context):
        k = context.node_id - 1000
        return reply(message, arrays_of(float(k)), **{"num-examples": [3, 1, -1][k]})

    picky = Picky(fraction_evaluate=0.0)
    wrapped = DifferentialPrivacyClientSideFixedClipping(picky, 0.0, 1.0, 3)
    for strategy, k in ((picky, 3), (wrapped, 3)):
        result = run_rounds(strategy, LocalGrid(app_with(train), k), arrays_of(1.0), 1)
        assert result.arrays["w"].numpy().tolist() == [0.25]


def test_boosted_trees_grow():
    """Their arrays are bytes of text, of another length in every round."""
    counts = {"num_trees": "1", "num_parallel_tree": "1"}
    tree = {"trees": [{"id": 0}], "tree_info": [0], "iteration_indptr": [0, 1]}
    tree["gbtree_model_param"] = counts
    text = json.dumps({"learner": {"gradient_booster": {"model": tree}}}).encode()

    def train(message, context):
        return reply(message, ArrayRecord([np.frombuffer(text, np.uint8)]))

    strategy = FedXgbBagging(fraction_evaluate=0.0)
    first = ArrayRecord([np.array([], np.uint8)])
    result = run_rounds(strategy, LocalGrid(app_with(train), 2), first, 2)

    assert len(result.arrays["0"].numpy()) > len(text)


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
