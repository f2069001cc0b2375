"""In-place changes, views and reused buffers look as they do in one process."""

import numpy as np
import pytest
import torch
from flwr.app import Array, ArrayRecord, ConfigRecord

from tests.judging.student import talking_to

CELL = """
import numpy as np

def same(x): return x
def first(x): return x[0]
def part(x): return x[1:, ::2]
def add_one(x): x += 1
def put(x, key, value): x[key] = value
def pop(x): return x.pop()
def grow(x): x.append([])
def twice():
    a = np.zeros(3)
    return a, a[1:], [a]
def draw(rng): return rng.random()
def step(w): w.sub_(1.0)
def shift(record): record['lr'] = 2.0; del record['old']
kept = []
def keep(x): kept.append(x)
def kept_sum(): return float(kept[0].sum())
def set_kept(v): kept[0][...] = v
def read(updates): return [float(m['w'][0]) for m, _ in updates]
def hoard(updates): return [m['w'] for m, _ in updates]
def train(net, x):
    import torch
    optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
    net(x).sum().backward()
    optimiser.step()
def mutate_then_raise(x):
    x.append('changed')
    raise ValueError('after the change')
"""


@pytest.fixture(scope="module")
def student():
    with talking_to(CELL) as (_, names):
        yield names


def test_an_array_that_is_written_into_changes_here(student):
    """Copy-restore: the test's own array has the new values."""
    x = np.zeros(3)
    student.add_one(x)
    assert np.array_equal(x, [1, 1, 1])


def test_a_view_that_is_written_into_changes_its_base(student):
    """A batch is often a slice of the data set."""
    base = np.zeros((3, 4))
    student.add_one(base[1:, ::2])
    assert base.sum() == 4 and base[1, 0] == 1 and base[0, 0] == 0


def test_containers_that_are_changed_change_here(student):
    """Lists, dictionaries and sets, to any depth, with what is put into them."""
    model = {"w": np.zeros(1), "inner": [1, 2]}
    student.put(model, "b", np.ones(2))
    assert list(model) == ["w", "inner", "b"] and np.array_equal(model["b"], [1, 1])
    assert student.pop(model["inner"]) == 2 and model["inner"] == [1]
    student.grow(model["inner"])
    assert model["inner"] == [1, []]


def test_what_comes_back_is_what_went(student):
    """The result of `return model` is the test's own model."""
    model = {"w": np.zeros(2)}
    got = student.same(model)
    assert got is model
    student.same([model])[0]["w"][0] = 5
    assert model["w"][0] == 5


def test_a_result_that_is_a_view_of_an_argument_is_one_here(student):
    """So a test sees that a function did not copy."""
    base = np.zeros((3, 4))
    got = student.part(base)
    got += 1
    assert base.sum() == 4 and np.shares_memory(got, base)


def test_results_that_share_memory_share_it_here(student):
    """Within one result, too."""
    a, tail, (again,) = student.twice()
    tail[0] = 7
    assert a[1] == 7 and again[1] == 7


def test_a_copy_is_a_copy(student):
    """Writing into a result that shares nothing changes nothing else."""
    x = np.zeros(2)
    got = student.same([x.copy()])[0]
    got += 1
    assert x.sum() == 0


def test_generators_go_on_where_the_student_left_them(student):
    """The state after the call is that of a generator drawn from as often."""
    ours, reference = np.random.default_rng(3), np.random.default_rng(3)
    assert student.draw(ours) == reference.random()
    assert ours.bit_generator.state == reference.bit_generator.state
    old, reference = (np.random.Generator(np.random.MT19937(4)) for _ in range(2))
    assert student.draw(old) == reference.random()
    assert old.random() == reference.random()


def test_tensors_are_restored_and_alias(student):
    """Storage is shared, as torch shares it."""
    w = torch.zeros(3)
    student.step(w[1:])
    assert w.tolist() == [0, -1, -1]
    tail = student.first([w])[1:]
    tail += 1
    assert w.tolist() == [0, 0, 0]
    x = np.zeros(2, np.float32)
    student.step(torch.from_numpy(x))
    assert x.tolist() == [-1, -1]


def test_a_network_of_torchs_is_trained_in_place(student):
    """Its copy over there has the parameters' memory in common with ours."""
    net, reference = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    reference.load_state_dict(net.state_dict())
    x = torch.ones(3, 2)
    student.train(net, x)
    reference(x).sum().backward()
    torch.optim.SGD(reference.parameters(), lr=0.5).step()
    for name, value in reference.state_dict().items():
        assert torch.equal(net.state_dict()[name], value)


def test_records_are_restored(student):
    """A config that a client writes into is written into."""
    record = ConfigRecord({"old": 1, "lr": 0.1})
    student.shift(record)
    assert dict(record) == {"lr": 2.0}
    arrays = ArrayRecord({"w": Array(np.zeros(1))})
    student.put(arrays, "v", arrays["w"])
    assert list(arrays) == ["w", "v"]


def test_what_the_student_keeps_follows_the_test(student):
    """A class that stores the model it was given sees the test change it."""
    x = np.ones(3)
    student.keep(x)
    x[:] = 5
    assert student.kept_sum() == 15
    student.set_kept(1)
    assert x.tolist() == [1, 1, 1]


def test_a_buffer_that_is_reused_is_reused_over_there(student):
    """Whoever keeps its arrays has the last ones, as in one process."""
    buffer = {"w": np.zeros(1)}

    def updates():
        for value in (1.0, 2.0, 3.0):
            buffer["w"][0] = value
            yield buffer, 1

    assert student.read(updates()) == [1, 2, 3]
    hoarded = student.hoard(updates())
    assert [w[0] for w in hoarded] == [3, 3, 3]


def test_a_change_before_an_exception_is_seen(student):
    """After the ValueError the model is half old, half new."""
    x = []
    with pytest.raises(ValueError, match="after the change"):
        student.mutate_then_raise(x)
    assert x == ["changed"]


def test_read_only_arrays_stay_read_only(student):
    """Writing into one fails over there as it does here."""
    x = np.zeros(2)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        student.add_one(x)
    with pytest.raises(ValueError, match="read-only"):
        student.add_one(np.broadcast_to(np.zeros(1), 3))


def test_things_that_one_side_forgets_are_forgotten():
    """A stream of a thousand models does not fill the table."""
    with talking_to("def count(it): return sum(1 for _ in it)") as (near, student):
        assert student.count({"w": np.zeros(2)} for _ in range(1000)) == 1000
        assert student.count({"w": torch.zeros(2)} for _ in range(1000)) == 1000
        assert len(list(near._shared)) < 10
