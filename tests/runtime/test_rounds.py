"""run_rounds: Flower's loop, step for step."""

import random
import re

import pytest
from flwr.app import ConfigRecord, MetricRecord
from flwr.serverapp import strategy as flower

from lecturekit.runtime import ClientFailed, LocalGrid
from lecturekit.runtime.engines import PartitionGrid
from lecturekit.runtime.rounds import run_rounds
from tests.runtime.toy import app_with, arrays_of, halfway_app, train_message

STRATEGIES = [
    lambda: flower.FedAvg(fraction_train=0.5),
    lambda: flower.FedAvgM(server_learning_rate=0.5, server_momentum=0.9),
    flower.FedAdam,
    flower.FedYogi,
    lambda: flower.FedProx(proximal_mu=0.1),
    flower.FedMedian,
    flower.FedTrimmedAvg,
    lambda: flower.FedAvg(fraction_train=0.0),
]


class Journal(LocalGrid):
    """A LocalGrid that notes what it is asked."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.entries = []

    def send_and_receive(self, messages, *, timeout=None):
        messages = list(messages)
        for message in messages:
            metadata = message.metadata
            content = message.content.object_id
            entry = metadata.message_type, metadata.dst_node_id, content, timeout
            self.entries.append(entry)
        return super().send_and_receive(messages, timeout=timeout)


def server_evaluation(server_round, arrays):
    """Nothing to report in round 2."""
    if server_round != 2:
        return MetricRecord({"w": float(arrays["w"].numpy()[0])})
    return None


@pytest.mark.parametrize("make_strategy", STRATEGIES)
def test_it_is_flowers_loop(make_strategy):
    """Same messages in the same order, same metrics, same model, bit for bit."""
    left = []
    for loop in (flower.Strategy.start, run_rounds):
        random.seed(4)
        grid = Journal(halfway_app(), 8)
        configs = ConfigRecord({"lr": 0.5}), ConfigRecord({"batch-size": 8})
        result = loop(
            make_strategy(), grid, arrays_of(100.0), 3, 60, *configs, server_evaluation
        )
        left.append((result, result.arrays.object_id, grid.entries, configs))

    assert left[0] == left[1]
    assert len(left[0][2]) > 0


def test_metrics_are_told_round_by_round():
    """Where there are any: of training, of evaluation on clients, of the server."""
    told = {}
    result = run_rounds(
        flower.FedAvg(),
        LocalGrid(halfway_app(), 2),
        arrays_of(0.0),
        num_rounds=2,
        evaluate_fn=server_evaluation,
        on_round=told.__setitem__,
    )

    assert [*told] == [0, 1, 2]
    assert told[0] == {"server": {"w": 0.0}}
    assert told[1] == {
        "train": result.train_metrics_clientapp[1],
        "evaluate": result.evaluate_metrics_clientapp[1],
        "server": {"w": pytest.approx(1 / 3)},
    }
    assert [*told[2]] == ["train", "evaluate"]


def test_a_round_without_answers_keeps_the_model():
    """As in Flower: the run goes on; the result holds no model that was never made."""

    def train(message, context):
        raise OSError("battery empty")

    grid = LocalGrid(app_with(train), 2, on_error="reply")
    strategy = flower.FedAvg(fraction_evaluate=0.0)
    result = run_rounds(strategy, grid, arrays_of(5.0), 2)

    assert len(result.arrays) == 0
    assert result.train_metrics_clientapp == {}


def test_failures_surface():
    """A client's exception is not lost in the loop."""

    def train(message, context):
        raise OSError("battery empty")

    with pytest.raises(ClientFailed, match="battery empty"):
        run_rounds(flower.FedAvg(), LocalGrid(app_with(train), 2), arrays_of(0.0))


def test_a_strategy_with_a_loop_of_its_own_is_refused():
    """It would not be run."""

    class Asynchronous(flower.FedAvg):
        def start(self, *arguments, **options):
            raise AssertionError("not called")

    with pytest.raises(ValueError, match="Asynchronous has a loop of its own"):
        run_rounds(Asynchronous(), LocalGrid(halfway_app(), 2), arrays_of(0.0))


def test_only_a_local_grid_can_be_saved(tmp_path):
    """Elsewhere the clients' states are on other machines."""
    grid = PartitionGrid(LocalGrid(halfway_app(), 2))
    with pytest.raises(TypeError, match="only a LocalGrid knows, got PartitionGrid"):
        run_rounds(flower.FedAvg(), grid, arrays_of(0.0), checkpoint=tmp_path / "run")


def test_pushed_messages_must_be_pulled_before_saving(tmp_path):
    """A reply on its way to somebody is not part of a run in rounds."""
    grid = LocalGrid(halfway_app(), 2)
    grid.push_messages([train_message(1000)])
    sentence = "pull the replies to all messages that were pushed"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        run_rounds(flower.FedAvg(), grid, arrays_of(0.0), checkpoint=tmp_path / "run")


def test_every_is_positive(tmp_path):
    """The message names the parameter."""
    with pytest.raises(
        ValueError, match=r"every must be an integer of at least 1, got 0"
    ):
        run_rounds(
            flower.FedAvg(), LocalGrid(halfway_app(), 2), arrays_of(0.0), every=0
        )
