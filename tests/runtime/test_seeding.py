"""Same seed, same bytes: whatever clients draw from, in whatever order they run."""

import random

import numpy as np
import pytest
import torch
from flwr.app import Message, RecordDict

from lecturekit.runtime import LocalGrid
from lecturekit.runtime.seeding import client_entropy, generators_restored
from tests.runtime.toy import app_with, arrays_of, reply_with, train_message


def drawing_client(message, context):
    """Reply with one number from each of the three global generators."""
    return reply_with(
        message,
        context,
        python=random.random(),
        numpy=float(np.random.random()),
        torch=float(torch.rand(1, dtype=torch.float64)),
    )


def draws(replies):
    """Collect (python, numpy, torch) by partition."""
    return {
        reply.metadata.src_node_id - 1000: tuple(
            reply.content["metrics"][name] for name in ("python", "numpy", "torch")
        )
        for reply in replies
    }


def round_of(order, server_round=1, seed=0, grid=None):
    grid = grid or LocalGrid(app_with(drawing_client), 4, seed=seed)
    return draws(
        grid.send_and_receive(train_message(1000 + k, server_round) for k in order)
    )


def server_state():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()


def test_same_seed_same_draws():
    """Two runs draw the same numbers, though nobody seeded the generators."""
    random.seed()
    first = round_of(range(4))
    random.seed()

    assert round_of(range(4)) == first


def test_numpys_integers_are_seeds_too():
    """A seed is its value, whatever kind of integer it is."""
    assert round_of(range(4), seed=np.int64(3)) == round_of(range(4), seed=3)


def test_draws_do_not_depend_on_the_order_of_messages():
    """Nor on who else is in the cohort, or which rounds were run before."""
    expected = round_of(range(4), server_round=7)
    grid = LocalGrid(app_with(drawing_client), 4)
    round_of([0, 1], server_round=1, grid=grid)

    assert round_of([3, 1, 0, 2], server_round=7, grid=grid) == expected
    assert round_of([2], server_round=7) == {2: expected[2]}


def test_draws_differ_by_seed_round_type_and_partition():
    """Change any one of the four and all three generators draw something else."""
    base = client_entropy(0, 1, "train", 2)
    others = [
        client_entropy(1, 1, "train", 2),
        client_entropy(0, 2, "train", 2),
        client_entropy(0, 1, "evaluate", 2),
        client_entropy(0, 1, "train", 3),
    ]

    assert len({base, *others}) == 5
    numbers = [*round_of(range(4)).values(), *round_of(range(4), 2).values()]
    numbers += round_of(range(4), seed=1).values()
    for by_generator in zip(*numbers, strict=True):
        assert len(set(by_generator)) == len(numbers)


def test_generators_are_unrelated():
    """Seeded alike, NumPy and torch draw the same bits; in a client they do not.

    Both run MT19937, and `torch.rand` keeps 24 bits of each of its numbers.
    """

    def draw():
        numpy = np.frombuffer(np.random.bytes(16), dtype=np.uint32) % 2**24
        return numpy.tolist(), (torch.rand(4) * 2**24).int().tolist()

    drawn = []

    def train(message, context):
        drawn.extend(draw())
        return reply_with(message, context)

    LocalGrid(app_with(train), 1).send_and_receive([train_message(1000)])
    with generators_restored():
        np.random.seed(5)
        torch.manual_seed(5)
        numpy, from_torch = draw()

    assert numpy == from_torch
    assert not set(drawn[0]) & set(drawn[1])


def test_a_message_without_a_round_counts_by_client_and_type():
    """The n-th question to a client draws as in round n."""
    grid = LocalGrid(app_with(drawing_client), 4)
    content = RecordDict({"arrays": arrays_of(0.0)})
    asked = [
        draws(grid.send_and_receive([Message(content, 1002, "train")]))
        for _ in range(3)
    ]

    assert asked == [round_of([2], server_round=n) for n in (1, 2, 3)]


def test_the_servers_generators_are_untouched():
    """The server draws the same numbers with clients in between as without."""
    before = server_state()
    round_of(range(4))
    after = server_state()

    assert after[:2] == before[:2]
    assert torch.equal(after[2], before[2])


@pytest.mark.parametrize("error", [KeyError("lr"), KeyboardInterrupt()])
def test_the_servers_generators_are_untouched_by_exceptions(error):
    """Also when a client fails, or someone stops the kernel."""

    def train(message, context):
        random.random(), np.random.random(), torch.rand(1)
        raise error

    before = server_state()
    with pytest.raises(BaseException, match=r"lr|^$"):
        LocalGrid(app_with(train), 2).send_and_receive([train_message(1000)])
    after = server_state()

    assert after[:2] == before[:2]
    assert torch.equal(after[2], before[2])


def test_the_server_may_draw_while_it_makes_messages():
    """Messages are made before the first client is seeded, even lazily."""
    random.seed(5)
    expected = [random.random() for _ in range(3)]
    random.seed(5)
    drawn = []

    def lazily():
        for k in range(3):
            drawn.append(random.random())
            yield train_message(1000 + k)

    LocalGrid(app_with(drawing_client), 4).send_and_receive(lazily())

    assert drawn == expected
