"""What comes back from the student's side: values, equal and of the same type."""

import math
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest
import torch
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Context,
    Error,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)

from lecturekit.runtime.flower_private import server_identity
from tests.judging.student import talking_to

IDENTITY = """
import numpy as np
import torch

def same(x): return x
def made(source): return eval(source)
"""


@pytest.fixture(scope="module")
def student():
    with talking_to(IDENTITY) as (_, names):
        yield names


PLAIN = [
    "None",
    "True",
    "7",
    "-(2**70)",
    "1.5",
    "float('inf')",
    "'naïve \\ud800'",
    "b'\\x00\\xff'",
    "3 + 4j",
    "(1, (2.0, 'three'), ())",
    "[1, [2, [3]], []]",
    "{'a': 1, (1, 2): [3], None: {}}",
    "{1, 'two', (3,)}",
    "frozenset({1, 2})",
    "slice(1, None, 2)",
    "range(3, 10, 2)",
    "...",
    "bytearray(b'abc')",
    "__import__('collections').OrderedDict(b=1, a=2)",
    "__import__('collections').Counter('aab')",
    "__import__('collections').deque([1, 2], maxlen=3)",
    "np.dtype('float32')",
    "np.float32",
    "torch.float16",
]


@pytest.mark.parametrize("source", PLAIN)
def test_plain_values_come_back_equal_and_of_the_same_type(student, source):
    """A test that compares with `==` or asks for a type sees what it would at home."""
    expected = eval(source)
    got = student.made(source)

    assert got == expected and type(got) is type(expected)


def test_dictionaries_of_any_sort_keep_their_order(student):
    """A model is a dictionary in the order of its layers."""
    for made in (dict, OrderedDict, Counter):
        got = student.same(made(dict(zip("cab", (1, 2, 3), strict=True))))
        assert type(got) is made and list(got) == ["c", "a", "b"]
    got = student.made("__import__('collections').defaultdict(int, b=1, a=2)")
    assert type(got) is defaultdict and list(got.items()) == [("b", 1), ("a", 2)]


def test_nan_and_minus_zero_survive(student):
    """JSON has neither; these numbers do come back."""
    assert math.isnan(student.made("float('nan')"))
    assert math.copysign(1, student.made("-0.0")) == -1


@pytest.mark.parametrize(
    "dtype",
    [
        "bool",
        "int8",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "<U3",
        "S2",
        "M8[s]",
    ],
)
@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 1, 2)])
def test_arrays_come_back_with_dtype_shape_and_values(student, dtype, shape):
    """Shapes () and (0, 2) included."""
    count = math.prod(shape)
    expected = np.arange(count).astype("M8[s]" if dtype == "M8[s]" else "int64")
    expected = expected.astype(dtype).reshape(shape)
    got = student.same(expected)

    assert type(got) is np.ndarray and got.dtype == expected.dtype
    assert got.shape == shape and np.array_equal(got, expected)


@pytest.mark.parametrize("order", ["[::-1]", "[:, ::2]", ".T", "[1:2]"])
def test_strides_do_not_matter(student, order):
    """Reversed, skipping and transposed views arrive as they look."""
    expected = eval(f"np.arange(12.0).reshape(3, 4){order}")

    assert np.array_equal(student.same(expected), expected)
    assert np.array_equal(
        student.made(f"np.arange(12.0).reshape(3, 4){order}"), expected
    )


@pytest.mark.parametrize(
    "source", ["np.float32(2.5)", "np.int64(-3)", "np.bool_(True)", "np.str_('ab')"]
)
def test_numpy_scalars_stay_numpy_scalars(student, source):
    """`isinstance(n, int)` is False for np.int64, here as in a notebook."""
    expected, got = eval(source), student.made(source)

    assert got == expected and type(got) is type(expected)


def test_subclasses_of_numbers_arrive_as_numbers(student):
    """An IntEnum, or a class whose __eq__ lies, is the number that it holds."""
    source = (
        "type('L', (int,), {'__eq__': lambda s, o: True, '__hash__': int.__hash__})(3)"
    )
    got = student.made(source)

    assert type(got) is int and got == 3 and got != 4


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool"])
def test_tensors_come_back_with_dtype_shape_and_values(student, dtype):
    """bfloat16, which NumPy does not have, included."""
    expected = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype)).T
    got = student.same(expected)

    assert got.dtype == expected.dtype and torch.equal(got, expected)
    empty = student.same(torch.empty(0, 2))
    assert empty.shape == (0, 2)


def test_a_leaf_tensor_keeps_its_wish_for_a_gradient(student):
    """A result under autograd arrives as numbers."""
    leaf = student.made("torch.ones(2, requires_grad=True)")
    result = student.made("torch.ones(2, requires_grad=True) * 2")

    assert leaf.requires_grad and not result.requires_grad
    assert torch.equal(result, torch.full((2,), 2.0))


def test_records_and_messages_come_back(student):
    """All that a client and a server exchange."""
    server_identity()
    content = RecordDict(
        {
            "arrays": ArrayRecord({"w": Array(np.eye(2, dtype=np.float32))}),
            "config": ConfigRecord({"lr": 0.1, "names": ["a", "b"], "raw": b"\x00"}),
            "metrics": MetricRecord({"loss": 1.5, "per-class": [1, 2]}),
        }
    )
    asked = Message(content, 7, MessageType.TRAIN)
    got, answered = student.same((asked, Message(Error(1, "empty"), reply_to=asked)))

    assert got.content == content and got.metadata.dst_node_id == 7
    assert got.metadata.created_at == asked.metadata.created_at
    assert np.array_equal(got.content["arrays"]["w"].numpy(), np.eye(2))
    assert answered.has_error() and answered.error.reason == "empty"


def test_a_context_comes_back(student):
    """With the state that a client keeps between rounds."""
    state = RecordDict({"n": MetricRecord({"seen": 3})})
    context = Context(1, 5, {"partition-id": 2}, state, {"lr": 0.5})
    got = student.same(context)

    assert got.state == state and got.node_config == {"partition-id": 2}


def test_a_record_that_the_student_made_comes_back(student):
    """Its class is ours, so `type(record) is ArrayRecord` holds."""
    got = student.made(
        "__import__('flwr.app').app.ArrayRecord([np.ones(2, np.float32)])"
    )

    assert type(got) is ArrayRecord and np.array_equal(got["0"].numpy(), [1, 1])


def test_deep_nesting_and_cycles_come_back(student):
    """Ten thousand lists in lists; a list in itself."""
    deep = student.made(
        "__import__('functools').reduce(lambda a, _: [a], range(10**4), 1)"
    )
    for _ in range(10**4):
        (deep,) = deep
    assert deep == 1
    looped = [1]
    looped.append(looped)
    assert student.same(looped)[1][1][0] == 1


def test_views_of_a_dictionary_come_back(student):
    """`model.keys()` compares with a set."""
    assert student.made("dict(a=1, b=2).keys()") == {"a", "b"}
    assert sorted(student.made("dict(a=1, b=2).values()")) == [1, 2]
    assert set(student.made("dict(a=1, b=2).items()")) == {("a", 1), ("b", 2)}


def test_a_deque_keeps_its_bound(student):
    """A window over the last losses, say."""
    got = student.same(deque([1, 2], maxlen=2))
    got.append(3)
    assert list(got) == [2, 3]
