"""A fingerprint changes when anything changes that the setup's names lead to."""

import functools
from types import ModuleType

import numpy as np
import pytest
import torch

from autograder.judging.fingerprint import fingerprint

SETUP = """
import functools
import numpy as np

weights = {"w": np.arange(6.0).reshape(2, 3).T, "b": [1, {2}]}


def counter():
    count = [0]

    def up():
        count[0] += 1

    return up


up = counter()


def with_default(seen=[]):
    seen.append(1)


def with_attribute():
    with_attribute.calls = 1


class Model:
    sizes = [1]

    def __init__(self):
        self.bias = np.zeros(2)

    @property
    def size(self):
        return self.bias.size

    @staticmethod
    def of(seen=[]):
        seen.append(1)


model = Model()
partial = functools.partial(with_default, [])
"""


def made():
    namespace = {"__name__": "__main__", "__builtins__": __builtins__}
    exec(SETUP, namespace)
    return namespace


def test_it_is_the_same_as_long_as_nothing_changes():
    """Reading is no change."""
    namespace = made()
    first = fingerprint(namespace)
    assert namespace["weights"]["w"].sum() == 15 and namespace["model"].size == 2
    assert first is not None and fingerprint(namespace) == first


@pytest.mark.parametrize(
    "change",
    [
        "weights['w'][0, 0] = 9",
        "weights['b'][1].add(3)",
        "weights['new'] = 1",
        "up()",
        "with_default()",
        "with_attribute()",
        "Model.sizes.append(2)",
        "Model.other = 1",
        "Model.of()",
        "model.bias[1] = 1",
        "model.other = 1",
        "partial.args[0].append(1)",
        "counter.__code__ = (lambda: None).__code__",
        "Model.__call__ = functools.partial(print)",
        "np.mine = 1",
        "weights = 1",
        "del up",
    ],
)
def test_every_change_is_seen(change):
    """In arrays, containers, functions, classes and objects."""
    namespace = made()
    first = fingerprint(namespace)
    exec(change, namespace)
    assert fingerprint(namespace) != first
    vars(np).pop("mine", None)


def test_tensors_and_networks_are_looked_into():
    """Their numbers, and their gradients."""
    network = torch.nn.Linear(2, 1)
    namespace = {"network": network, "start": torch.zeros(3, dtype=torch.bfloat16)}
    assert fingerprint(namespace) is None  # NumPy has no bfloat16
    namespace["start"] = torch.zeros(3)
    first = fingerprint(namespace)
    assert fingerprint(namespace) == first is not None
    network(torch.ones(2)).sum().backward()
    second = fingerprint(namespace)
    with torch.no_grad():
        network.bias += 1
    third = fingerprint(namespace)
    network.bias.register_hook(lambda slope: 5 * slope)
    assert len({first, second, third, fingerprint(namespace)}) == 4


def test_what_cannot_be_pickled_has_none():
    """A generator shows nobody where it stands."""
    assert fingerprint({"moving": (k for k in range(3))}) is None
    cached = functools.cache(lambda n: [n])
    cached.__module__ = "__main__"
    assert fingerprint({"cached": cached}) is None
    assert fingerprint({"module": ModuleType("new")}) is None
    hiding = type("Hiding", (), {"__getstate__": lambda self: None})
    hiding.__module__ = "__main__"
    assert fingerprint({"hiding": hiding()}) is None
    with open(__file__) as file:
        assert fingerprint({"file": file}) is None


def test_random_generators_are_seen_to_move():
    """NumPy's are pickled with their state."""
    rng = np.random.default_rng(1)
    first = fingerprint({"rng": rng})
    rng.random()
    assert fingerprint({"rng": rng}) != first
