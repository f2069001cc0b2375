"""Workers on a ring: what each gets, what it costs, and what happens when they wait."""

import numpy as np
import pytest

from lecturekit.runtime import Network, run_ring

THREE = [np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])]


def shift(array, rank, num_workers, send, receive):
    send(array)
    return receive()


def sum_of_all(array, rank, num_workers, send, receive):
    """The simplest all-reduce: whole arrays go round K - 1 times."""
    total = array.copy()
    for _ in range(num_workers - 1):
        send(array)
        array = receive()
        total += array
    return total


def test_messages_go_to_the_right():
    """Worker k receives what worker k - 1 sent; worker 0, what the last one sent."""
    run = run_ring(shift, THREE)

    assert [result.tolist() for result in run.results] == [[5, 6], [1, 2], [3, 4]]


def test_many_steps_keep_their_order():
    """A queue gives arrays back in the order in which they were sent."""

    def three_at_once(array, rank, num_workers, send, receive):
        for factor in (1, 10, 100):
            send(factor * array)
        return [receive()[0] for _ in range(3)]

    run = run_ring(three_at_once, THREE)

    assert run.results == ([5, 50, 500], [1, 10, 100], [3, 30, 300])


def test_results_do_not_depend_on_threads():
    """Twenty runs of twelve workers give the same sums, bytes and seconds."""
    inputs = list(np.random.default_rng(1).normal(size=(12, 7)))
    network = Network(uplink_mbps=3, latency_ms=2)
    runs = [run_ring(sum_of_all, inputs, network=network) for _ in range(20)]

    for run in runs:
        assert np.allclose(run.results, np.sum(inputs, axis=0))
        assert np.array_equal(run.results, runs[0].results)
        assert (run.bytes_sent, run.seconds) == (runs[0].bytes_sent, runs[0].seconds)


def test_the_arrays_bytes_are_counted():
    """Two float64 arrays of two numbers, sent on by each of three workers."""
    run = run_ring(sum_of_all, THREE)

    assert run.bytes_sent == (32, 32, 32)
    assert run.messages_sent == (2, 2, 2)


def test_a_message_takes_latency_and_bytes_over_bandwidth():
    """16 bytes at 128 bits per second take a second each; each hop, 0.5 s more."""
    run = run_ring(sum_of_all, THREE, network=Network(128e-6, latency_ms=500))

    assert run.seconds == pytest.approx(2 * 1.5)


def test_a_link_carries_one_message_after_another():
    """Three messages sent at once share the bandwidth but not the latency."""

    def burst(array, rank, num_workers, send, receive):
        for _ in range(3):
            send(array)
        return [receive() for _ in range(3)]

    run = run_ring(burst, THREE, network=Network(128e-6, latency_ms=500))

    assert run.seconds == pytest.approx(3 * 1.0 + 0.5)


def test_nobody_shares_an_array():
    """Changing one's input, or what one has sent, changes nothing elsewhere."""

    def careless(array, rank, num_workers, send, receive):
        send(array)
        array[:] = 0
        return receive()

    run = run_ring(careless, THREE)

    assert run.results[1].tolist() == [1, 2]
    assert THREE[0].tolist() == [1, 2]


def test_one_worker_is_its_own_neighbour():
    """A ring of one sends to itself."""
    assert run_ring(shift, THREE[:1]).results[0].tolist() == [1, 2]


def test_waiting_for_each_other_is_an_error():
    """All receive before they send: nobody can go on, and the sentence says so."""

    def backwards(array, rank, num_workers, send, receive):
        other = receive()
        send(array)
        return other

    with pytest.raises(RuntimeError, match=r"workers \[0, 1, 2\] of 3 wait .* before"):
        run_ring(backwards, THREE)


def test_one_who_waits_in_vain_is_named():
    """Worker 2 wants a second message; the others are done."""

    def greedy(array, rank, num_workers, send, receive):
        send(array)
        receive()
        if rank == 2:
            receive()

    with pytest.raises(RuntimeError, match=r"workers \[2\] of 3 wait"):
        run_ring(greedy, THREE)


def test_a_message_that_nobody_takes_is_an_error():
    """Worker 0 sends to worker 1, which does not look."""

    def deaf(array, rank, num_workers, send, receive):
        if rank == 0:
            send(array)

    with pytest.raises(RuntimeError, match=r"left over .*\{1: 1\}"):
        run_ring(deaf, THREE)


def test_a_workers_exception_surfaces_as_itself():
    """The one that raised is named, not those that waited for it."""

    def broken(array, rank, num_workers, send, receive):
        if rank == 1:
            raise KeyError("no such chunk")
        send(array)
        return receive()

    with pytest.raises(KeyError, match="no such chunk") as caught:
        run_ring(broken, THREE)

    assert caught.value.__notes__ == ["raised by worker 1 of 3 on the ring"]


def test_no_workers_are_refused():
    """A ring has at least one worker."""
    with pytest.raises(ValueError, match="an array for each worker, got none"):
        run_ring(shift, [])
