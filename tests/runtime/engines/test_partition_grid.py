"""PartitionGrid: order, completeness, and what is said when a node is missing."""

import pytest
from flwr.app import Message, RecordDict
from flwr.clientapp import ClientApp

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.engines import PartitionGrid, report_partition
from tests.runtime.engines.restless_grid import RestlessGrid
from tests.runtime.toy import halfway_app, train_message


def app_that_reports():
    app = halfway_app()
    app.query("partition")(report_partition)
    return app


def losses(grid, node_ids):
    """Ask in this order; client k of the toy app replies with the loss -k."""
    replies = grid.send_and_receive([train_message(node_id) for node_id in node_ids])
    return [reply.content["metrics"]["train_loss"] for reply in replies]


def test_nodes_and_replies_stand_in_the_order_of_the_partitions():
    """Whatever their ids, and whoever answers first."""
    grid = PartitionGrid(RestlessGrid(app_that_reports(), 6), poll_s=0)
    node_ids = grid.get_node_ids()

    assert losses(grid, reversed(node_ids)) == [0, -1, -2, -3, -4, -5]
    assert losses(grid, [node_ids[4], node_ids[1]]) == [-1, -4]


def test_it_waits_for_those_who_come_late():
    """The first to come says how many there will be."""
    grid = PartitionGrid(RestlessGrid(app_that_reports(), 5, late=3), poll_s=0)

    assert len(grid.get_node_ids()) == 5
    assert repr(grid) == "PartitionGrid(partitions [0, 1, 2, 3, 4] of 5)"


def test_a_node_that_comes_back_under_another_id_is_found_again():
    """A student restarts a kernel between two rounds."""
    inner = RestlessGrid(app_that_reports(), 3)
    grid = PartitionGrid(inner, poll_s=0)
    before = grid.get_node_ids()
    gone, real = inner.leave()
    inner.join(real)
    after = grid.get_node_ids()

    assert gone in before
    assert gone not in after
    assert losses(grid, after) == [0, -1, -2]


def test_while_held_still_it_does_not_look():
    """Between the seeding and the sampling nothing else happens."""
    inner = RestlessGrid(app_that_reports(), 3)
    grid = PartitionGrid(inner, poll_s=0)
    with grid.held_still():
        looks = inner._looks
        assert grid.get_node_ids() == grid.get_node_ids()
        assert inner._looks == looks


def test_a_missing_partition_is_named():
    """After wait_s seconds, in one sentence."""
    inner = RestlessGrid(app_that_reports(), 3)
    _, real = inner.leave()
    with pytest.raises(TimeoutError, match=rf"missing \[{real - 1000}\]"):
        PartitionGrid(inner, wait_s=0.05, poll_s=0.01).get_node_ids()


def test_a_partition_held_twice_is_named():
    """Two students with the same number."""
    inner = RestlessGrid(app_that_reports(), 3)
    inner.join(1001)
    with pytest.raises(TimeoutError, match=r"two nodes hold \[1\]"):
        PartitionGrid(inner, wait_s=0.05, poll_s=0.01).get_node_ids()


def test_an_app_that_cannot_say_its_partition_is_told_how():
    """The line to write is in the message."""
    app = ClientApp()
    app.query("other")(report_partition)
    inner = RestlessGrid(app, 2, on_error="reply")
    with pytest.raises(RuntimeError, match=r'client_app.query\("partition"\)'):
        PartitionGrid(inner, poll_s=0).get_node_ids()


def test_a_timeout_returns_what_has_come():
    """As Flower's grids do."""

    class SilentGrid(RestlessGrid):
        def pull_messages(self, message_ids):
            return super().pull_messages(message_ids) if self.open else []

    inner = SilentGrid(app_that_reports(), 2)
    inner.open = True
    grid = PartitionGrid(inner, poll_s=0.01)
    node_ids = grid.get_node_ids()
    inner.open = False
    messages = [train_message(node_id) for node_id in node_ids]

    assert grid.send_and_receive(messages, timeout=0.05) == []


def test_the_rest_of_a_grid_is_the_engines_own():
    """Strategies may push and pull by themselves."""
    inner = LocalGrid(app_that_reports(), 2)
    grid = PartitionGrid(inner)
    message_ids = grid.push_messages([train_message(1000)])
    made = grid.create_message(RecordDict(), "train", 1001, "5")
    grid.set_run(inner.run)

    assert [type(reply) for reply in grid.pull_messages(message_ids)] == [Message]
    assert (made.metadata.dst_node_id, made.metadata.group_id) == (1001, "5")
    assert grid.run is inner.run
