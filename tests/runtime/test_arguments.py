"""Arguments of the wrong kind: one sentence, before anything happens."""

from math import inf, nan

import numpy as np
import pytest
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import (
    Device,
    Devices,
    Diurnal,
    Failures,
    LocalGrid,
    Network,
    ProcessPool,
    run_rounds,
)
from tests.runtime.toy import arrays_of, halfway_app, train_message


def grid_with(federation=2, **options):
    return LocalGrid(halfway_app(), federation, **options)


def rounds(strategy, grid, num_rounds=1, **options):
    return run_rounds(strategy, grid, arrays_of(0.0), num_rounds, **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"federation": "20"}, "federation must have a length .*, got '20'"),
        ({"federation": True}, "federation must .* number of clients, got True"),
        ({"seed": "1"}, "seed must be an integer, got '1'"),
        ({"devices": Device()}, r"devices must be .*Devices\(\[.*, got Device\(name="),
        ({"devices": [Device()]}, r"devices must be .*, got \[Device\(name="),
        ({"devices": {}}, "devices must be .*, got {}"),
        ({"network": "5G"}, r"network must be .*Network\(5\), got '5G'"),
        ({"failures": {}}, "failures must be Failures, or left out, got {}"),
        ({"executor": ProcessPool}, r"executor .*\(client_app\), got <class .*Pool'>"),
        ({"executor": halfway_app()}, "executor must be an object that runs clients"),
    ],
)
def test_a_grid_is_made_of_what_it_takes(options, told):
    """An option of another kind is named, not found out in the first round."""
    with pytest.raises(TypeError, match=f"^{told}"):
        grid_with(**options)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Network("10"), "uplink_mbps must be a number .*, got '10'"),
        (lambda: Network(latency_ms=[1]), r"latency_ms must be a number .*, got \[1\]"),
        (lambda: Device(examples_per_s="9"), "examples_per_s .* a number .*, got '9'"),
        (lambda: Device(network="5G"), "network must be a Network, .*, got '5G'"),
        (lambda: Devices(["phone"]), "a list of Devices, got 'phone' among them"),
        (lambda: Devices("phone"), "kinds must be a list of Devices, got 'phone':"),
        (lambda: Devices(Device()), r"kinds must be .*: put it into a list, \[...\]"),
        (lambda: Devices([Device()], shares=1), "shares must be a list of numbers"),
        (lambda: Devices([Device()], shares=["1"]), "shares .*, got '1' among them"),
        (lambda: Devices([Device()], speed_spread="1"), "speed_spread .*, got '1'"),
        (lambda: Devices([Device()], availability="night"), "got 'night'"),
        (lambda: Devices([Device()], availability=Diurnal), "got <class .*Diurnal'>"),
        (lambda: Diurnal(online_share="0.3"), "online_share .* a number .*, got '0.3'"),
        (lambda: Failures(leave="0.1"), "leave must be a number .*, got '0.1'"),
        (lambda: Failures(slow_factor="2"), "slow_factor must be a number .*, got '2'"),
    ],
)
def test_numbers_and_devices_are_no_text(make, told):
    """What a scenario is made of is checked when it is made."""
    with pytest.raises(TypeError, match=told):
        make()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Network(1e-320), "uplink_mbps must be positive, at least 1e-30, got"),
        (lambda: Device(flops_per_s=1e-320), "flops_per_s must be positive, at least"),
        (lambda: Devices([Device()], speed_spread=1e4), "from 0 to 10, got 10000.0"),
        (lambda: Devices([Device()], speed_spread=nan), "from 0 to 10, got nan"),
        (lambda: Devices([Device()] * 2, shares=[nan, 1]), r"finite .* got \[nan, 1\]"),
        (lambda: Devices([Device()] * 2, shares=[inf, 1]), r"finite .* got \[inf, 1\]"),
        (lambda: Failures(slow_factor=inf), "slow_factor must be at least 1 and finit"),
    ],
)
def test_numbers_that_lead_nowhere_are_refused(make, told):
    """A clock cannot count them, or a draw choose by them."""
    with pytest.raises(ValueError, match=told):
        make()


def test_numpys_numbers_are_numbers():
    """Whole and broken ones, as a sweep over settings gives them."""
    network = Network(*np.array([1.0, 2.0], np.float32), latency_ms=np.int64(3))
    devices = Devices([Device(network=network)], shares=np.ones(1))

    assert len(grid_with(np.int64(2), devices=devices, seed=np.int64(1)).get_node_ids())
    assert network.latency_s == 0.003


def one_twice():
    message = train_message(1000)
    return [message, train_message(1001), message]


@pytest.mark.parametrize(
    ("kind", "ask", "told"),
    [
        (TypeError, lambda g: g.push_messages(train_message(1000)), "put it into a li"),
        (TypeError, lambda g: g.push_messages("abc"), "messages .* got 'abc'"),
        (TypeError, lambda g: g.push_messages([train_message(1000), "b"]), "'b' among"),
        (ValueError, lambda g: g.push_messages(one_twice()), "got one of them twice"),
        (ValueError, lambda g: g.send_and_receive(one_twice()), "different objects"),
        (TypeError, lambda g: g.send_and_receive([], timeout="3"), "timeout .* '3'"),
        (TypeError, lambda g: g.pull_messages([], timeout="3"), "at least 0 s or None"),
        (TypeError, lambda g: g.pull_messages("message-1"), "ids from push_messages"),
        (
            TypeError,
            lambda g: g.pull_messages([train_message(1000)]),
            "Message.* among",
        ),
    ],
)
def test_messages_and_ids_come_in_lists(kind, ask, told):
    """Nothing is sent, and no reply lost, when one of them cannot be."""
    grid = grid_with()
    with pytest.raises(kind, match=told):
        ask(grid)

    assert len(grid.trace) == 0


def test_a_long_repr_is_cut():
    """A message with a model is not printed into the sentence."""
    message = train_message(1000, arrays=arrays_of(*range(10_000)))
    with pytest.raises(TypeError) as raised:
        grid_with().push_messages(message)

    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (lambda g: rounds(FedAvg, g), r"strategy must be .*FedAvg\(\), got <class"),
        (lambda g: rounds(g, FedAvg()), "strategy must be .*, got LocalGrid"),
        (lambda g: rounds(FedAvg(), FedAvg()), "grid must be a Grid, such as LocalGri"),
        (lambda g: run_rounds(FedAvg(), g, [0.0]), r"an ArrayRecord, got \[0.0\]"),
        (
            lambda g: rounds(FedAvg(), g, 2.5),
            "num_rounds must be an integer .* got 2.5",
        ),
        (
            lambda g: rounds(FedAvg(), g, "3"),
            "num_rounds must be an integer .* got '3'",
        ),
        (
            lambda g: rounds(FedAvg(), g, every=1.5),
            "every must be an integer .* got 1.5",
        ),
    ],
)
def test_a_run_is_made_of_what_it_takes(run, told):
    """Classes in place of instances, arguments in another order, half a round."""
    grid = grid_with()
    with pytest.raises(TypeError, match=told):
        run(grid)

    assert len(grid.trace) == 0


def test_a_run_has_no_less_than_no_rounds():
    """None at all is a run, too."""
    with pytest.raises(ValueError, match=r"num_rounds must be .* at least 0, got -1"):
        rounds(FedAvg(), grid_with(), -1)

    assert rounds(FedAvg(), grid_with(), 0).train_metrics_clientapp == {}
