"""Devices: how long work takes, by one rule, and who is online when."""

from collections import Counter
from math import inf, nan

import numpy as np
import pytest
from flwr.app import Error, Message, MetricRecord, RecordDict

from lecturekit.runtime import Device, Devices, Diurnal, LocalGrid
from lecturekit.runtime.clock import Clock
from lecturekit.runtime.failures import Failures
from lecturekit.runtime.membership import Membership
from tests.runtime.toy import app_with, halfway_app, reply_with, train_message

HOUR = 3600.0


def reply_of(**metrics):
    metrics = {name.replace("_", "-"): value for name, value in metrics.items()}
    message = train_message(1000)
    LocalGrid(halfway_app(), 1)
    return Message(RecordDict({"m": MetricRecord(metrics)}), reply_to=message)


@pytest.fixture(autouse=True)
def identity():
    LocalGrid(halfway_app(), 1)  # lets Message(...) work in this process


def test_compute_time_is_work_over_speed():
    """200 examples at 100 per second are 2 s; three epochs 6 s; flops win."""
    device = Device("slow", examples_per_s=100, flops_per_s=1e6)

    assert device.compute_s(reply_of(num_examples=200)) == 2.0
    assert device.compute_s(reply_of(num_examples=200, local_epochs=3)) == 6.0
    assert device.compute_s(reply_of(num_examples=200, flops=5e6)) == 5.0
    assert device.compute_s(reply_of(loss=1.0)) == 0.0
    error = Message(Error(code=1, reason="no"), reply_to=train_message(1000))
    assert device.compute_s(error) == 0.0
    assert Device().compute_s(reply_of(num_examples=200, flops=5e6)) == 0.0


@pytest.mark.parametrize("wrong", [-1, nan, inf])
def test_impossible_work_is_a_failure_of_the_client(wrong):
    """It is named like any other; ideal devices do not look."""

    def train(message, context):
        metrics = MetricRecord({"num-examples": wrong})
        return Message(RecordDict({"m": metrics}), reply_to=message)

    devices = Devices.equal(Device(examples_per_s=1))
    grid = LocalGrid(app_with(train), 2, devices=devices)
    with pytest.raises(
        RuntimeError, match=r"client 1 .*'num-examples' must be a finit"
    ):
        grid.send_and_receive([train_message(1001)])
    ideal = LocalGrid(app_with(train), 2)
    assert len(ideal.send_and_receive([train_message(1001)])) == 1


def test_wrong_speeds_and_shares_are_refused():
    """One sentence each."""
    with pytest.raises(ValueError, match=r"examples_per_s must be positive, .* got 0"):
        Device(examples_per_s=0)
    with pytest.raises(ValueError, match="at least one device"):
        Devices([])
    with pytest.raises(
        ValueError, match=r"finite number >= 0 for each of 1 kinds.*\[1, 2"
    ):
        Devices([Device()], shares=[1, 2])
    with pytest.raises(ValueError, match="speed_spread must be from 0 to 10, got -1"):
        Devices([Device()], speed_spread=-1)
    for name, value in [("online_share", 0), ("spread", 2), ("period_s", -1)]:
        with pytest.raises(ValueError, match=f"{name} must be .*, got {value}"):
            Diurnal(**{name: value})


def test_kinds_without_shares_are_dealt_in_turn():
    """Client k has kind k modulo their number."""
    devices = Devices([Device("a"), Device("b")])

    assert [devices.of(0, k).name for k in range(4)] == ["a", "b", "a", "b"]


def test_phones_are_drawn_from_seed_and_client():
    """The shares come out; a client's phone does not depend on who else is there."""
    devices = Devices.mixed_phones()
    phones = [devices.of(1, k) for k in range(2000)]
    counts = Counter(phone.name for phone in phones)

    assert phones[7] == Devices.mixed_phones().of(1, 7) != devices.of(2, 7)
    assert counts["new phone"] == pytest.approx(600, abs=60)
    assert counts["common phone"] == pytest.approx(1000, abs=70)
    assert counts["old phone"] == pytest.approx(300, abs=50)
    logs = [np.log(p.examples_per_s / 80) for p in phones if p.name == "common phone"]
    assert np.std(logs) == pytest.approx(0.2, abs=0.02)


def test_a_diurnal_client_is_online_for_its_window():
    """Eight hours around midnight: at 3:59 yes, at 4:00 not until 20:00."""
    diurnal = Diurnal(online_share=1 / 3, spread=0.0)

    assert diurnal.next_online(3.9 * HOUR, 0, 5) == 3.9 * HOUR
    assert diurnal.next_online(4 * HOUR, 0, 5) == pytest.approx(20 * HOUR)
    assert diurnal.next_online(19 * HOUR, 0, 5) == pytest.approx(20 * HOUR)
    assert diurnal.next_online(26 * HOUR, 0, 5) == 26 * HOUR


def test_windows_are_spread_over_time_zones():
    """Uniformly in +-3 hours, from (seed, client)."""
    diurnal = Diurnal(spread=0.25)
    offsets = [diurnal.offset_s(1, k) / HOUR for k in range(500)]

    assert min(offsets) == pytest.approx(-3, abs=0.1)
    assert max(offsets) == pytest.approx(3, abs=0.1)
    assert diurnal.offset_s(1, 7) == Diurnal(spread=0.25).offset_s(1, 7)


def test_a_client_that_comes_online_is_online_then():
    """Rounding does not keep anybody waiting at the door."""
    diurnal = Diurnal(online_share=0.1, spread=1.0)
    for k in range(300):
        opens_s = diurnal.next_online(1e6, 3, k)
        assert diurnal.next_online(opens_s, 3, k) == opens_s


def test_only_those_online_can_be_asked():
    """At noon nobody is there: the clock moves to the evening, and two are."""
    devices = Devices([Device()], availability=Diurnal(spread=0.1))
    grid = LocalGrid(app_with(reply_with), 5, devices=devices, seed=3)
    assert len(grid.get_node_ids()) == 5
    grid.clock.advance_to(12 * HOUR)
    ids = grid.get_node_ids()

    opens = sorted(devices.availability.next_online(12 * HOUR, 3, k) for k in range(5))
    assert len(ids) == 2
    assert grid.clock.now == opens[1]


def test_who_never_meets_is_there_alone():
    """Two clients whose windows do not overlap: the first to come is all there is."""

    class Opposite:
        def next_online(self, time_s, seed, partition_id):
            until_s = (10 * partition_id - time_s) % 20
            return time_s if until_s > 19 else time_s + until_s

    membership = Membership(2, 0, Opposite(), Failures(), clock := Clock())
    clock.advance_to(15.0)

    assert membership.online() == [0]
    assert clock.now == 20.0


def test_a_message_waits_for_its_client():
    """Sent at noon, it is worked on in the evening."""
    devices = Devices(
        [Device(examples_per_s=1)], availability=Diurnal(online_share=1 / 3, spread=0)
    )
    grid = LocalGrid(app_with(reply_with), 2, devices=devices)
    grid.clock.advance_to(12 * HOUR)
    grid.send_and_receive([train_message(1000)])

    assert grid.clock.now == pytest.approx(20 * HOUR + 1)
