"""Five kinds of server on one Grid, with virtual times checked by hand.

Client k has 10 * (k + 1) examples and trains 10 per second: it works k + 1 seconds.
Where there is a network, a message takes a second each way whatever its size.
"""

import numpy as np
import pytest
from flwr.app import Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import Device, Devices, Failures, LocalGrid, Network
from tests.runtime.toy import app_with, arrays_of, halfway_app, train_message

SECOND_EACH_WAY = Network(latency_ms=1000)


def train(message, context):
    """Add one to the model."""
    k = context.node_config["partition-id"]
    w = message.content["arrays"]["w"].numpy()
    metrics = MetricRecord({"num-examples": 10 * (k + 1)})
    content = RecordDict({"arrays": arrays_of(*(w + 1)), "metrics": metrics})
    return Message(content, reply_to=message)


def grid_of(num_clients, network=None, **kwargs):
    devices = Devices.equal(Device(examples_per_s=10))
    return LocalGrid(
        app_with(train), num_clients, devices=devices, network=network, **kwargs
    )


def partitions(replies):
    return [reply.metadata.src_node_id - 1000 for reply in replies]


def model_in(reply):
    return reply.content["arrays"]["w"].numpy()


def to_all(num_clients):
    return [train_message(1000 + k) for k in range(num_clients)]


def test_a_synchronous_server_waits_for_the_slowest():
    """1 s down, 4 s of work on client 3, 1 s up; twice as long for two rounds."""
    grid = grid_of(4, SECOND_EACH_WAY)
    replies = grid.send_and_receive(to_all(4))

    assert partitions(replies) == [0, 1, 2, 3]
    assert grid.clock.now == 6.0
    grid.send_and_receive(to_all(2))
    assert grid.clock.now == 6.0 + 4.0


def test_a_deadline_leaves_stragglers_out():
    """By 4 s, clients 0 and 1 have answered (3 s and 4 s); the clock stands there."""
    grid = grid_of(4, SECOND_EACH_WAY)
    replies = grid.send_and_receive(to_all(4), timeout=4.0)

    assert partitions(replies) == [0, 1]
    assert grid.clock.now == 4.0
    dropped = grid.trace.where(event="dropped")
    assert [(row.partition, row.time_s) for row in dropped] == [(2, 4.0), (3, 4.0)]
    assert dropped[0].detail == "no reply within 4 s"


@pytest.mark.parametrize("failures", [None, Failures(duplicate=1.0)])
def test_the_trace_does_not_show_whom_a_server_drew_first(failures):
    """A cohort is drawn in any order: late replies and copies are dropped in one."""
    hashes = []
    for messages in (to_all(4), to_all(4)[::-1]):
        grid = grid_of(4, SECOND_EACH_WAY, failures=failures)
        grid.send_and_receive(messages, timeout=6.5 if failures else 4.0)
        hashes.append(grid.trace.hash())
        dropped = [row.partition for row in grid.trace.where(event="dropped")]
        assert len(dropped) >= 2
        assert dropped == sorted(dropped)

    assert hashes[0] == hashes[1]


def test_a_straggler_is_still_busy_in_the_next_round():
    """Client 3 works until 5 s; asked again at 4 s, it begins at 5 s: back at 10 s."""
    grid = grid_of(4, SECOND_EACH_WAY)
    grid.send_and_receive(to_all(4), timeout=4.0)
    replies = grid.send_and_receive([train_message(1003)])

    assert partitions(replies) == [3]
    assert grid.clock.now == 10.0
    assert [row.time_s for row in grid.trace.where(event="replied")] == [3, 4, 5, 6, 10]
    assert len(grid.trace.where(event="dropped")) == 2  # late, and dropped only once


def test_flowers_own_timeout_is_virtual():
    """FedAvg goes on with those who were in time, without a second of real time."""
    grid = grid_of(3)
    strategy = FedAvg(fraction_evaluate=0.0)
    result = strategy.start(grid, arrays_of(0.0), num_rounds=2, timeout=2.5)

    # Client 2 needs 3 s and is late in round 1; in round 2 it is busy until 6 s.
    assert grid.clock.now == 5.0
    assert result.arrays["w"].numpy() == [2.0]
    late = [(row.round, row.partition) for row in grid.trace.where(event="dropped")]
    assert late == [(1, 2), (2, 2)]


def test_an_over_selecting_server_takes_the_first_that_come():
    """Ask five, go on with three: the third is back after 3 s."""
    grid = grid_of(5)
    pending, replies = grid.push_messages(to_all(5)), []
    while len(replies) < 3:
        replies += grid.pull_messages(pending)

    assert partitions(replies) == [0, 1, 2]
    assert grid.clock.now == 3.0


def test_an_asynchronous_server_goes_on_with_every_reply():
    """FedAsync: client 0 every second, client 1 every two; ties go to client 0."""
    grid, w, order = grid_of(2), 0.0, []
    pending = set(grid.push_messages(to_all(2)))
    while len(order) < 6:
        for reply in grid.pull_messages(pending):
            pending.discard(reply.metadata.reply_to_message_id)
            w += 0.5 * (model_in(reply)[0] - w)
            node_id = reply.metadata.src_node_id
            order.append((grid.clock.now, node_id - 1000))
            pending |= set(
                grid.push_messages([train_message(node_id, arrays=arrays_of(w))])
            )

    assert order == [(1.0, 0), (2.0, 0), (2.0, 1), (3.0, 0), (4.0, 0), (4.0, 1)]


def test_a_buffering_server_steps_when_its_buffer_is_full():
    """FedBuff of two: arrivals at 1, 2, 2, 3, 3 and 4 s make steps at 2, 3, 4 s."""
    grid, w, buffer, steps = grid_of(3), 0.0, [], []
    pending = set(grid.push_messages(to_all(3)))
    while len(steps) < 3:
        for reply in grid.pull_messages(pending):
            pending.discard(reply.metadata.reply_to_message_id)
            buffer.append(model_in(reply)[0] - w)
            if len(buffer) == 2:
                w, buffer = w + np.mean(buffer), []
                steps.append(grid.clock.now)
            message = train_message(reply.metadata.src_node_id, arrays=arrays_of(w))
            pending |= set(grid.push_messages([message]))

    assert steps == [2.0, 3.0, 4.0]


def test_simultaneous_replies_come_in_the_order_of_partitions():
    """All work a second; so they arrive together, however they were sent."""
    grid = LocalGrid(halfway_app(), 3, network=SECOND_EACH_WAY)
    ids = grid.push_messages([train_message(1002)])
    ids += grid.push_messages([train_message(1001), train_message(1000)])

    assert partitions(grid.pull_messages(ids)) == [0, 1, 2]
    assert grid.clock.now == 2.0


def test_a_pull_moves_the_clock_only_if_it_must():
    """What has arrived is there; unknown ids and empty hands take no time."""
    grid = grid_of(3)
    ids = grid.push_messages(to_all(3))
    assert partitions(grid.pull_messages(ids[1:2])) == [1]
    assert grid.clock.now == 2.0
    assert partitions(grid.pull_messages(ids)) == [0]
    assert grid.clock.now == 2.0
    assert grid.pull_messages(["never sent"]) == []
    assert partitions(grid.pull_messages(ids)) == [2]
    assert grid.pull_messages(ids) == []
    assert grid.clock.now == 3.0


def test_a_pull_with_a_timeout_waits_no_longer():
    """Replies come after 1, 2 and 3 s; one at the deadline is in time, and not lost."""
    grid = grid_of(3)
    ids = grid.push_messages(to_all(3))
    assert grid.pull_messages(ids, timeout=0) == []
    assert grid.clock.now == 0.0
    assert grid.pull_messages(ids, timeout=0.5) == []
    assert grid.clock.now == 0.5
    assert partitions(grid.pull_messages(ids, timeout=0.5)) == [0]
    assert partitions(grid.pull_messages(ids, timeout=9.0)) == [1]
    assert grid.clock.now == 2.0
    assert grid.pull_messages(ids[:2], timeout=4.0) == []
    assert grid.clock.now == 6.0
    assert partitions(grid.pull_messages(ids, timeout=4.0)) == [2]
    assert grid.clock.now == 6.0


def test_a_pull_with_a_timeout_waits_it_out_if_nothing_is_to_come():
    """As a server would; one without a timeout returns at once."""
    grid = grid_of(1)
    assert grid.pull_messages(["never sent"], timeout=2.0) == []
    assert grid.clock.now == 2.0
    assert grid.pull_messages([], timeout=float("inf")) == []
    assert grid.clock.now == 2.0


@pytest.mark.parametrize("timeout", [-1.0, float("nan")])
def test_a_pull_does_not_wait_backwards(timeout):
    """The timeout is refused before the clock is touched."""
    with pytest.raises(ValueError, match="timeout must be at least 0 s or None, got"):
        grid_of(1).pull_messages([], timeout=timeout)


def test_a_client_handles_messages_one_after_another():
    """Two messages to client 1 at once: answered after 2 s and after 4 s."""
    grid = grid_of(2)
    ids = grid.push_messages([train_message(1001), train_message(1001)])

    assert len(grid.pull_messages(ids)) == 1
    assert grid.clock.now == 2.0
    assert len(grid.pull_messages(ids)) == 1
    assert grid.clock.now == 4.0


def test_a_link_carries_messages_one_after_another():
    """Bandwidth is shared by queueing, latency is not: 1 + 1, then 2 + 1 s."""
    message = train_message(1000)
    grid = LocalGrid(halfway_app(), 1)
    grid.send_and_receive([message])
    size = grid.trace[0].bytes
    slow = Network(downlink_mbps=8e-6 * size, latency_ms=1000)  # a message a second
    grid = LocalGrid(halfway_app(), 1, network=slow)
    grid.send_and_receive([train_message(1000), train_message(1000)])

    received = grid.trace.where(event="received")
    assert [row.time_s for row in received] == pytest.approx([2.0, 3.0])
    assert [row.seconds for row in received] == pytest.approx([2.0, 2.0])


def test_virtual_time_does_not_change_the_model():
    """Ideal, slow or on phones: FedAvg's bytes are equal, only the clock differs."""
    phones = Devices.mixed_phones(availability=Devices.equal().availability)
    hashes, times = set(), []
    for options in [{}, {"network": SECOND_EACH_WAY}, {"devices": phones}]:
        grid = LocalGrid(halfway_app(), 7, **options)
        result = FedAvg().start(grid, arrays_of(3.0, 1.0), num_rounds=3)
        hashes.add(result.arrays.object_id)
        times.append(grid.clock.now)

    assert len(hashes) == 1
    assert times[0] == 0.0
    assert times[1] == 3 * 2 * 2.0  # three rounds, train and evaluate, there and back
    assert times[2] > 0


@pytest.mark.parametrize("timeout", [-1.0, float("nan")])
def test_a_timeout_before_now_is_refused(timeout):
    """Nobody waits into the past."""
    with pytest.raises(
        ValueError, match=f"timeout must be at least 0 .* got {timeout}"
    ):
        grid_of(1).send_and_receive(to_all(1), timeout=timeout)


def test_a_timeout_of_nothing_takes_what_is_there():
    """Ideal clients answer in no time at all."""
    assert len(LocalGrid(halfway_app(), 2).send_and_receive(to_all(2), timeout=0)) == 2
