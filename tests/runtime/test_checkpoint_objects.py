"""What a strategy remembers: all of it, once, or one sentence that says what not."""

import json
import random
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
import pytest
import torch
from flwr.app import ConfigRecord

from lecturekit.runtime.checkpoint_objects import (
    decode_object,
    encode_object,
    settings_of,
)
from lecturekit.runtime.checkpoint_values import Blobs


class Memory:
    """Whatever one writes into it."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


def restored(subject, fresh):
    """Put the memory of `subject` into `fresh`, by way of JSON, and return it."""
    blobs = Blobs()
    tree = json.loads(json.dumps(encode_object(subject, blobs, "strategy")))
    decode_object(fresh, tree, Blobs(blobs.arrays), "strategy")
    return fresh


@pytest.mark.parametrize("code", [np.median, np.add, lru_cache(len), len])
def test_functions_are_left_as_they_are(code):
    """Also those of NumPy, which are objects written in C."""
    fresh = restored(Memory(reduce=code, rate=0.5), Memory(reduce=code, rate=0.0))
    assert vars(fresh) == {"reduce": code, "rate": 0.5}


class Window(deque):
    """With C memory of its own."""


class Dice(random.Random):
    """With C memory of its own."""


class Rate(float):
    """Its number is no attribute."""


class Slots:
    """Attributes, and a slot beside them."""

    __slots__ = ("__dict__", "rate")


class Derived(Slots):
    """With what its base has."""


@pytest.mark.parametrize(
    "value",
    [
        np.ma.masked_array([1.0, 2.0], mask=[True, False]),
        np.array([(1.0,)], dtype=[("x", float)]).view(np.recarray),
        np.array([[1.0]]).view(type("Own", (np.ndarray,), {})),
        torch.nn.Parameter(torch.ones(2)),
        torch.ones(2).to(torch.float8_e5m2),
        torch.eye(2).to_sparse(),
        Window([1]),
        Dice(3),
        Rate(0.5),
        Slots(),
        Derived(),
        KeyError("lr"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_remembers_more_than_its_attributes_is_refused(value):
    """It would come back empty, and the run would go on with other numbers."""
    kind = type(value).__qualname__
    with pytest.raises(
        TypeError, match=rf"^strategy.memory cannot be saved .*, got .*\.{kind}$"
    ):
        encode_object(Memory(memory=value), Blobs(), "strategy")


def test_a_strategy_with_slots_is_refused():
    """Its attributes are not all of it."""
    with pytest.raises(TypeError, match=r"^strategy cannot be saved .*\.Derived$"):
        encode_object(Derived(), Blobs(), "strategy")


def test_a_matrix_is_refused():
    """NumPy's old one, which is no array."""
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.asmatrix([[1.0]])
    with pytest.raises(TypeError, match=r"strategy.m cannot be .*\.matrix$"):
        encode_object(Memory(m=matrix), Blobs(), "strategy")


def test_numbers_that_numpy_does_not_have_come_back():
    """bfloat16, to the bit: also not-a-number, signs of zero, and one alone."""
    bits = torch.tensor([[0x3F80, 0x7FC1], [-0x8000, 0x0001]], dtype=torch.int16)
    tensor = bits.view(torch.bfloat16)
    fresh = restored(Memory(t=tensor, one=tensor[0, 0]), Memory(t=None, one=None))

    assert fresh.t.dtype == fresh.one.dtype == torch.bfloat16
    assert torch.equal(fresh.t.view(torch.int16), bits)
    assert fresh.one == 1.0


class Mode(Enum):
    """Of a strategy."""

    WARM_UP = 1
    FULL = 2


def test_a_member_comes_back_as_itself():
    """An Enum has each of its members once; none is written into."""
    fresh = restored(Memory(mode=Mode.FULL), Memory(mode=Mode.WARM_UP))

    assert fresh.mode is Mode.FULL
    assert Mode.WARM_UP.value == 1


SHARED = [
    np.arange(3.0),
    torch.arange(3),
    torch.ones(2, dtype=torch.bfloat16),
    [1, [2]],
    {"a": 1},
    {1, 2},
    deque([1]),
    Counter("aab"),
    ConfigRecord({"lr": 0.1}),
    np.random.default_rng(3),
    random.Random(3),
    torch.Generator(),
]


@pytest.mark.parametrize("value", SHARED, ids=lambda value: type(value).__name__)
def test_one_value_in_two_places_stays_one(value):
    """Beside each other, in a list, in a dict, and one level further down."""
    subject = Memory(
        a=value,
        best=value,
        history=[value],
        by_name={"x": value},
        inner=Memory(c=value),
    )
    fresh = restored(subject, Memory(inner=Memory()))

    assert type(fresh.a) is type(value)
    for other in (fresh.best, fresh.history[0], fresh.by_name["x"], fresh.inner.c):
        assert other is fresh.a
    assert fresh.a is not value


def test_two_equal_values_stay_two():
    """Equal is not the same."""
    fresh = restored(Memory(a=[1], b=[1], x=np.ones(2), y=np.ones(2)), Memory())
    fresh.a.append(2)
    fresh.x[:] = 0

    assert fresh.b == [1]
    assert fresh.y.tolist() == [1, 1]


@dataclass
class Moments:
    """An object with attributes and nothing else."""

    rate: float
    m: list[float]


@pytest.mark.parametrize("names", [("a", "best"), ("best", "a")])
def test_one_object_in_two_places_stays_one(names):
    """Whichever attribute comes first, and wherever the strategy makes it."""
    moments = Moments(0.5, [1.0])
    subject = Memory(**dict.fromkeys(names, moments), history=[moments])
    fresh = Memory(best=None, a=Moments(0.5, []))
    made = fresh.a
    restored(subject, fresh)

    assert fresh.a is made
    assert fresh.best is made
    assert fresh.history[0] is made
    assert made == moments


def test_one_torch_module_in_two_places_stays_one():
    """By its state_dict."""
    module = torch.nn.Linear(2, 1)
    fresh = restored(
        Memory(net=module, best=module), Memory(net=torch.nn.Linear(2, 1), best=None)
    )

    assert fresh.best is fresh.net
    assert torch.equal(fresh.net.weight, module.weight)


def test_objects_may_refer_to_what_holds_them():
    """From below, from a list, and beside each other."""
    subject = Memory(inner=Memory(rate=0.5), other=Memory())
    subject.inner.owner = subject.me = subject
    subject.inner.path = [subject, subject.inner]
    subject.other.beside = subject.inner
    fresh = restored(subject, Memory(inner=Memory(), other=Memory()))

    assert fresh.me is fresh
    assert fresh.inner.owner is fresh
    assert fresh.inner.path == [fresh, fresh.inner]
    assert fresh.other.beside is fresh.inner
    assert fresh.inner.rate == 0.5


def test_one_object_cannot_become_two():
    """It would be written into twice: one sentence, with what to do."""
    one = Moments(0.5, [])
    with pytest.raises(
        ValueError, match=r"has strategy.b as an object of its own, .*: create two"
    ):
        restored(Memory(a=Moments(1.0, []), b=Moments(2.0, [])), Memory(a=one, b=one))


def test_an_object_that_is_not_there_is_named():
    """It may have been made in the first round: then nothing can be put into it."""
    shared = Moments(0.5, [])
    with pytest.raises(
        ValueError, match=r"what strategy.a remembered, but it is None now: create it"
    ):
        restored(Memory(a=shared, b=shared), Memory(a=None, b=1))


def test_settings_are_those_of_shared_objects_too():
    """Numbers and strings, by name, once."""
    moments = Moments(0.5, [1.0])
    tree = encode_object(Memory(a=moments, b=moments, n=3), Blobs(), "strategy")

    assert settings_of(tree, "strategy") == {
        "strategy.a.rate": "0.5",
        "strategy.n": "3",
    }
