"""Who is there, for a strategy that needs so many: never a wait without an end."""

import re

import pytest
from flwr.serverapp.strategy import FedAvg, FedMedian, Krum

from lecturekit.runtime import Device, Devices, Diurnal, Failures, LocalGrid
from lecturekit.runtime.engines import PartitionGrid, Reproducible, report_partition
from lecturekit.runtime.rounds import run_rounds
from tests.runtime.toy import arrays_of, halfway_app, train_message

TOO_FEW = (
    "the strategy waits for 5 clients, but no more than 3 of this federation's 3 are "
    "there at a time: lower its min_train_nodes, min_evaluate_nodes or "
    "min_available_nodes, or make the federation larger"
)


def start(strategy, grid):
    return strategy.start(grid, arrays_of(0.0), num_rounds=1)


def rounds(strategy, grid):
    return run_rounds(strategy, grid, arrays_of(0.0), num_rounds=1)


@pytest.mark.parametrize("loop", [start, rounds])
@pytest.mark.parametrize(
    "strategy",
    [
        FedAvg(min_available_nodes=5),
        FedAvg(min_train_nodes=5),
        FedAvg(fraction_train=0.0, min_evaluate_nodes=5),
        FedMedian(min_available_nodes=5),
        Krum(min_available_nodes=5),
    ],
    ids=["available", "train", "evaluate", "FedMedian", "Krum"],
)
def test_a_strategy_that_wants_more_clients_than_there_are_is_told(strategy, loop):
    """Flower would wait for ever; the sentence says how many and what to change."""
    with pytest.raises(ValueError, match=f"^{re.escape(TOO_FEW)}$"):
        loop(strategy, LocalGrid(halfway_app(), 3))


def test_one_client_is_too_few_for_flowers_defaults():
    """FedAvg wants two; with its minimum at one, it runs."""
    with pytest.raises(ValueError, match="waits for 2 clients, but no more than 1 of"):
        start(FedAvg(), LocalGrid(halfway_app(), 1))
    alone = FedAvg(min_train_nodes=1, min_evaluate_nodes=1, min_available_nodes=1)

    assert start(alone, LocalGrid(halfway_app(), 1)).train_metrics_clientapp[1]


def test_the_same_is_said_on_flowers_engines():
    """A PartitionGrid has all the nodes it will ever have."""
    app = halfway_app()
    app.query("partition")(report_partition)
    grid = PartitionGrid(LocalGrid(app, 3), poll_s=0)
    strategy = FedAvg(min_available_nodes=5)
    for wanting in (strategy, Reproducible(strategy, seed=0)):
        with pytest.raises(ValueError, match=re.escape(TOO_FEW)):
            start(wanting, grid)


def test_who_only_looks_is_not_told():
    """Fewer than a strategy needs are an answer, as often as one asks."""
    grid = LocalGrid(halfway_app(), 1)

    assert [grid.get_node_ids() for _ in range(5)] == [[1000]] * 5


def test_clients_that_have_left_are_not_waited_for():
    """They come back with the next round's messages, which nobody sends.

    Two clients never leave.
    """
    grid = LocalGrid(halfway_app(), 3, failures=Failures(leave=1.0))
    with pytest.raises(ValueError, match="no more than 2 of this federation's 3"):
        start(FedAvg(min_available_nodes=3), grid)


def test_the_clock_moves_on_until_enough_are_online():
    """Not only two: as many as the strategy needs."""
    night = Diurnal(online_share=0.2, spread=0.4)
    devices = Devices([Device()], availability=night)
    grid = LocalGrid(halfway_app(), 30, devices=devices)
    at_first = len(grid.get_node_ids())
    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=at_first + 1)
    start(strategy, grid)

    assert grid.clock.now > 0
    asked = [row for row in grid.trace if row.event == "asked"]
    assert len(asked) == at_first + 1


class Daily:
    """On days of ten seconds, client k is online for two, from its hour on."""

    def __init__(self, *hours):
        self.hours = hours

    def next_online(self, time_s, seed, partition_id):
        until_s = (self.hours[partition_id] - time_s) % 10
        return time_s if until_s > 8 else time_s + until_s


def test_clients_can_miss_each_other_at_first():
    """Client 0 goes at 2 s, client 1 comes at 9 s, and client 0 again at 10 s."""
    grid = LocalGrid(
        halfway_app(), 2, devices=Devices([Device()], availability=Daily(0, 9))
    )
    grid.clock.advance_to(1.0)

    assert grid.get_node_ids() == [1000, 1001]
    assert grid.clock.now == 10.0


def test_as_many_as_ever_meet_are_told():
    """Clients 0 and 4 meet at 10 s, clients 1 to 3 at 16.5 s; never more than three."""
    daily = Devices([Device()], availability=Daily(0, 5, 6, 6.5, 9))
    grid = LocalGrid(halfway_app(), 5, devices=daily)
    grid.clock.advance_to(8.5)
    with pytest.raises(ValueError, match="waits for 4 clients, but no more than 3 of"):
        start(FedAvg(min_available_nodes=4), grid)


def test_short_windows_that_overlap_are_found():
    """A tenth of a day each, anywhere: client 1 comes when client 0 has just gone."""
    devices = Devices([Device()], availability=Diurnal(0.1, 1, 100.0))
    grid = LocalGrid(halfway_app(), 2, devices=devices, seed=108)

    assert len(grid.get_node_ids()) == 2


def test_clients_that_never_come_back_are_not_waited_for():
    """An availability may end: with the last client gone nobody is there."""

    class OneDay:
        def next_online(self, time_s, seed, partition_id):
            return time_s if time_s < 10.0 else float("inf")

    grid = LocalGrid(
        halfway_app(), 2, devices=Devices([Device()], availability=OneDay())
    )
    assert grid.get_node_ids() == [1000, 1001]
    grid.clock.advance_to(10.0)

    assert grid.get_node_ids() == []


def daily_grid(*hours, speed=float("inf"), **options):
    devices = Devices([Device(examples_per_s=speed)], availability=Daily(*hours))
    return LocalGrid(halfway_app(), len(hours), devices=devices, **options)


@pytest.fixture
def impatient(monkeypatch):
    """Who asks a second time is waiting."""
    monkeypatch.setattr("lecturekit.runtime.membership._PATIENCE", 1)


def test_to_ask_again_is_to_wait(impatient):
    """Clients 0 and 1 go at 2 s; client 2 comes at 3 s, client 3 at 4.5 s."""
    for _ in range(2):
        grid = daily_grid(0, 0, 3, 4.5)
        seen = [(grid.get_node_ids(), grid.clock.now) for _ in range(4)]

        assert seen == [
            ([1000, 1001], 0.0),
            ([1002], 3.0),
            ([1002, 1003], 4.5),
            ([1000, 1001], 10.0),
        ]


def test_to_look_changes_nothing():
    """Before a run, and in a strategy that counts who is there: as if nobody looked."""

    class Looking(FedAvg):
        def configure_train(self, server_round, arrays, config, grid):
            assert len(grid.get_node_ids()) == len(grid.get_node_ids())
            return super().configure_train(server_round, arrays, config, grid)

    ends_s = set()
    for strategy, looks in ((FedAvg, 0), (FedAvg, 1), (Looking, 3)):
        grid = daily_grid(0, 0, 3, 4.5, speed=1)
        for _ in range(looks):
            grid.get_node_ids()
        run_rounds(strategy(fraction_evaluate=0.0), grid, arrays_of(0.0), num_rounds=3)
        ends_s.add(grid.clock.now)

    assert len(ends_s) == 1


def test_a_loop_of_ones_own_ends():
    """For so many at a time, as one waits for Flower's nodes to connect."""
    grid = LocalGrid(
        halfway_app(),
        20,
        devices=Devices([Device()], availability=Diurnal(0.2, 1.0)),
        seed=3,
    )
    assert len(grid.get_node_ids()) < 6
    while len(grid.get_node_ids()) < 6:
        pass

    assert 0 < grid.clock.now < 86_400


def test_a_loop_that_sends_to_nobody_ends(impatient):
    """Who has all that are there asks for others; an empty round is no action."""
    grid, asked = daily_grid(0, 3, 7), []
    while len(asked) < 3:
        new = [k for k in grid.get_node_ids() if k not in asked]
        asked += new
        grid.send_and_receive([train_message(k) for k in new])
        grid.pull_messages([])

    begun = {row.partition: row.time_s for row in grid.trace.where(event="received")}
    assert begun == {0: 0.0, 1: 3.0, 2: 7.0}  # nobody waits for its window
    times = [row.time_s for row in grid.trace]
    assert times == sorted(times)


def test_who_has_done_something_does_not_wait():
    """Messages were sent, or replies pulled, or one is on its way: time stands."""
    grid, here = daily_grid(0, 0, 3, speed=1), [1000, 1001]
    assert grid.get_node_ids() == here
    ids = grid.push_messages([train_message(1000)])
    assert [grid.get_node_ids() for _ in range(3)] == [here] * 3
    assert grid.clock.now == 0.0

    grid.clock.advance_to(1.0)  # the reply has arrived
    assert grid.get_node_ids() == here
    assert len(grid.pull_messages(ids)) == 1
    assert grid.get_node_ids() == here
    assert grid.clock.now == 1.0

    grid = daily_grid(0, 0, 3)  # of ideal devices, which reply at once
    for _ in range(3):
        assert grid.get_node_ids() == here
        grid.send_and_receive([train_message(1000)])
    assert grid.clock.now == 0.0


def test_a_strategy_that_looks_twice_does_not_wait():
    """FedAvg counts the nodes, and then samples from them."""
    grid = daily_grid(0, 0, 3, 3)
    run_rounds(FedAvg(fraction_evaluate=0.0), grid, arrays_of(0.0), num_rounds=1)

    assert {row.time_s for row in grid.trace.where(event="asked")} == {0.0}


def test_who_has_left_is_not_waited_for():
    """The clients that are gone until the next messages have no window."""
    grid = daily_grid(0, 0, 3, failures=Failures(leave=1.0))
    grid.send_and_receive([train_message(1000)])
    left = {k for k in range(3) if grid._membership.has_left(k)}
    for _ in range(4):
        assert not left & {node_id - 1000 for node_id in grid.get_node_ids()}
