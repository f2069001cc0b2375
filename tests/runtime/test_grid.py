"""LocalGrid as a server sees it: addresses, messages, replies, contexts."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import LocalGrid, flower_private
from tests.runtime.toy import (
    app_with,
    arrays_of,
    halfway_app,
    reply_with,
    train_message,
)


def partitions(replies):
    return [reply.metadata.src_node_id - 1000 for reply in replies]


def run_python(code):
    """Run `code` in a fresh interpreter, from the top of the repository."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )


def test_one_round_of_fedavg_by_hand():
    """From w = 0, clients 0 and 1 reply 0 and 1/2 with weights 1/3 and 2/3."""
    grid = LocalGrid(halfway_app(), 2)
    result = FedAvg().start(grid, arrays_of(0.0), num_rounds=1)

    assert result.arrays["w"].numpy() == pytest.approx([1 / 3])
    # Evaluated at 1/3, the distances to 0 and 1 are 1/3 and 2/3: 1/2 on average.
    assert result.evaluate_metrics_clientapp[1]["distance"] == pytest.approx(1 / 2)


def test_node_ids_are_stable_and_ascending():
    """Client k has the same address in every grid, and k is not its address."""
    assert LocalGrid(halfway_app(), 3).get_node_ids() == [1000, 1001, 1002]
    nodes = LocalGrid(halfway_app(), 3).get_nodes()
    assert [node.node_id for node in nodes] == [1000, 1001, 1002]


def test_a_federation_is_whatever_has_a_length():
    """The number of clients is the length of the federation, or the number itself."""
    assert len(LocalGrid(halfway_app(), [[1, 2], [3]]).get_node_ids()) == 2
    assert repr(LocalGrid(halfway_app(), 20, seed=1)) == "LocalGrid(20 clients, seed=1)"


def test_a_client_knows_its_partition_and_the_configuration():
    """The context has Flower's own keys, and the run's configuration."""
    seen = []

    def train(message, context):
        seen.append((context.node_id, context.node_config, context.run_config))
        return reply_with(message, context)

    grid = LocalGrid(app_with(train), 3, run_config={"batch-size": 16})
    grid.send_and_receive([train_message(1002)])

    node_config = {"partition-id": 2, "num-partitions": 3}
    assert seen == [(1002, node_config, {"batch-size": 16})]


def test_state_is_kept_between_rounds_client_by_client():
    """What a client puts into its context's state is there when it is asked again."""

    def train(message, context):
        calls = context.state.get("memory", MetricRecord({"calls": 0}))["calls"] + 1
        context.state["memory"] = MetricRecord({"calls": calls})
        return reply_with(message, context, calls=calls)

    grid = LocalGrid(app_with(train), 2)
    asked = [[1000, 1001], [1001], [1000, 1001]]
    calls = []
    for cohort in asked:
        replies = grid.send_and_receive([train_message(node_id) for node_id in cohort])
        calls.append([reply.content["metrics"]["calls"] for reply in replies])

    assert calls == [[1, 1], [2], [2, 3]]


def test_replies_come_in_the_order_of_partitions():
    """Whatever order messages were pushed in, so that sums come out equal."""
    grid = LocalGrid(halfway_app(), 5)
    replies = grid.send_and_receive(train_message(1000 + k) for k in [3, 0, 4, 1])

    assert partitions(replies) == [0, 1, 3, 4]


def test_ids_come_in_the_order_of_messages():
    """The id at place i of push_messages is that of message i, and of its reply."""
    grid = LocalGrid(halfway_app(), 3)
    messages = [train_message(1000 + k) for k in [2, 0, 1]]
    ids = grid.push_messages(messages)

    assert ids == [message.metadata.message_id for message in messages]
    assert len(set(ids)) == 3
    (reply,) = grid.pull_messages(ids[:1])
    assert partitions([reply]) == [2]
    assert reply.metadata.reply_to_message_id == ids[0]


def test_a_reply_is_pulled_once():
    """As in Flower, pulled replies are gone and unknown ids are ignored."""
    grid = LocalGrid(halfway_app(), 3)
    ids = grid.push_messages(train_message(1000 + k) for k in range(3))

    assert partitions(grid.pull_messages([ids[2]])) == [2]
    assert partitions(grid.pull_messages([*ids, "never sent"])) == [0, 1]
    assert grid.pull_messages(ids) == []


def test_replies_of_two_pushes_can_be_pulled_together():
    """A later push does not disturb the replies that wait."""
    grid = LocalGrid(halfway_app(), 3)
    ids = grid.push_messages([train_message(1002)])
    ids += grid.push_messages([train_message(1000), train_message(1001)])

    assert partitions(grid.pull_messages(ids)) == [0, 1, 2]


def test_a_client_can_be_sent_two_messages_at_once():
    """They are worked on, and answered, in the order they were sent."""
    grid = LocalGrid(halfway_app(), 2)
    first, second = train_message(1000), train_message(1000, arrays=arrays_of(8.0))
    replies = grid.send_and_receive([first, train_message(1001), second])

    values = [reply.content["arrays"]["w"].numpy()[0] for reply in replies]
    assert values == [0.0, 4.0, 0.5]


def test_no_messages_no_replies():
    """An empty round is not an error."""
    assert LocalGrid(halfway_app(), 2).send_and_receive([]) == []


def test_actions_and_queries_reach_their_functions():
    """A message type is "category" or "category.action", as in Flower."""
    app = halfway_app()

    @app.train("twice")
    def twice(message, context):
        return reply_with(message, context, what=2)

    @app.query()
    def query(message, context):
        return reply_with(message, context, what=3)

    grid = LocalGrid(app, 1)
    content = RecordDict({"arrays": arrays_of(0.0)})
    asked = [Message(content, 1000, kind) for kind in ["train.twice", "query"]]
    replies = grid.send_and_receive(asked)

    assert [reply.content["metrics"]["what"] for reply in replies] == [2, 3]


def test_mods_and_lifespan_wrap_the_client():
    """They run around the function, outermost first, as in Flower."""
    order = []

    def outer(message, context, call_next):
        order.append("mod")
        reply = call_next(message, context)
        reply.content["metrics"]["seen"] = 1
        return reply

    app = halfway_app(mods=[outer])

    @app.lifespan()
    def lifespan(context):
        order.append("enter")
        yield
        order.append("exit")

    (reply,) = LocalGrid(app, 1).send_and_receive([train_message(1000)])

    assert order == ["enter", "mod", "exit"]
    assert reply.content["metrics"]["seen"] == 1


def test_messages_of_the_grid_are_flowers_messages():
    """create_message, which Flower deprecates, still does what it says."""
    message = LocalGrid(halfway_app(), 1).create_message(
        RecordDict({"arrays": arrays_of(0.0)}), "train", 1000, "7", ttl=9.0
    )

    metadata = message.metadata
    assert (metadata.dst_node_id, metadata.message_type) == (1000, "train")
    assert (metadata.group_id, metadata.ttl) == ("7", 9.0)


def test_the_group_id_comes_back():
    """A reply belongs to the group of the message it answers."""
    grid = LocalGrid(halfway_app(), 1)
    content = RecordDict({"arrays": arrays_of(0.0)})
    sent = Message(content, 1000, "train", group_id="7")

    assert grid.send_and_receive([sent])[0].metadata.group_id == "7"


def test_the_run_can_be_set():
    """Clients see the id of the run that the grid was given."""
    seen = []

    def train(message, context):
        seen.append(context.run_id)
        return reply_with(message, context)

    grid = LocalGrid(app_with(train), 1)
    assert grid.run.run_id == 1
    grid.set_run(flower_private.empty_run(5))
    grid.send_and_receive([train_message(1000)])

    assert (grid.run.run_id, seen) == (5, [5])


def test_memory_grows_with_the_cohort():
    """10,000 registered clients with a model of 8 MB: a cohort of 100 shares it."""
    grid = LocalGrid(app_with(reply_with), 10_000)
    model = ArrayRecord([np.zeros(1_000_000)])
    tracemalloc.start()
    try:
        cohort = [train_message(1000 + 100 * k, arrays=model) for k in range(100)]
        grid.send_and_receive(cohort)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 2_000_000


def test_nothing_is_printed(capfd):
    """Flower's log, some 60 lines for these rounds, is silent by default."""
    grid = LocalGrid(halfway_app(), 3)
    FedAvg().start(grid, arrays_of(0.0), num_rounds=3)

    assert capfd.readouterr() == ("", "")


def test_importing_the_runtime_leaves_torch_alone():
    """A kernel that runs clients without torch does not wait for it."""
    code = "import sys, lecturekit.runtime; print('torch' in sys.modules)"
    done = run_python(code)

    assert done.stdout == "False\n"


def test_clients_without_torch_run_without_it():
    """A whole round, in a fresh process that never imports torch."""
    code = (
        "import sys\n"
        "from flwr.serverapp.strategy import FedAvg\n"
        "from lecturekit.runtime import LocalGrid\n"
        "from tests.runtime.toy import arrays_of, halfway_app\n"
        "result = FedAvg().start(LocalGrid(halfway_app(), 2), arrays_of(0.0), 1)\n"
        "print(round(float(result.arrays['w'].numpy()[0]), 3), 'torch' in sys.modules)"
    )
    done = run_python(code)

    assert done.stdout == "0.333 False\n"
