"""A student's functions, classes and objects, seen from a test; and the way back."""

import numpy as np
import pytest

from autograder.judging.errors import Stopped
from autograder.judging.failures import Raised
from tests.judging.student import talking_to

CELL = """
import numpy as np

def double(x, *, plus=0): return 2 * x + plus
class Model:
    '''A model with state.'''
    size = 3
    def __init__(self, w): self.w = w
    def __len__(self): return self.size
    def __getitem__(self, key): return (key, self.w)
    def __iter__(self): return iter([1, 2])
    def __contains__(self, key): return key == 'w'
    def __eq__(self, other): return True
    __hash__ = None
    def __float__(self): return 3.0
    def __bool__(self): return True
    def __array__(self, *args, **kwargs): return np.array(3.0)
    def add(self, x): self.w = self.w + x; return self
    def __enter__(self): self.opened = True; return self
    def __exit__(self, *error): self.opened = False
def squares(n):
    for i in range(n): yield i * i
class TooSmall(ValueError): pass
def refuse(x): raise TooSmall(f'{x} is too small')
def leave(): raise SystemExit(3)
def fails(): return [][1]
def apply(f, *args, **kwargs): return f(*args, **kwargs)
def nested(f): return f(lambda x: x + 1)
def try_it(f):
    try: return f()
    except ValueError as error: return f'caught {error}'
def takes(it, n): return [next(it) for _ in range(n)]
def attribute(x, name): return getattr(x, name)
def look_around(f):
    found = []
    for name in ('__globals__', '__code__', '__dict__', 'gi_frame', '_private', 'np'):
        try: found.append((name, str(f._far.request(f, 'get', (name,), {}))))
        except BaseException as error: found.append((name, 'refused'))
    return found
"""


@pytest.fixture(scope="module")
def student():
    with talking_to(CELL) as (_, names):
        yield names


def test_functions_are_called_with_positions_and_keywords(student):
    """What a test writes is what the function gets."""
    assert student.double(3) == 6 and student.double(x=3, plus=1) == 7


def test_objects_live_on_the_other_side(student):
    """Build, read, write, call a method, and the rest of what objects do."""
    model = student.Model(np.ones(2))
    assert student.Model.size == 3 and len(model) == 3
    assert np.array_equal(model.add(2).w, [3, 3])
    model.w = 7
    assert model["key"] == ("key", 7) and list(model) == [1, 2]
    assert "w" in model and "v" not in model
    with model as opened:
        assert opened is model and model.opened
    assert not model.opened
    assert not hasattr(model, "nothing")


def test_a_generator_of_the_students_runs_step_by_step(student):
    """`zip`, `next` and `for` work."""
    numbers = student.squares(4)
    assert next(numbers) == 0 and list(numbers) == [1, 4, 9]


def test_the_same_object_is_the_same_proxy(student):
    """As far as a test may look at identity at all."""
    model = student.Model(1)
    assert model.add(1) is model


@pytest.mark.parametrize(
    "use",
    [
        bool,
        float,
        int,
        np.asarray,
        lambda p: np.allclose(p, 3.0),
        lambda p: p + 1,
        lambda p: p < 1,
        lambda p: range(3)[p],
        lambda p: np.array([p, 3.0], dtype=float),
    ],
)
def test_a_proxy_is_never_a_value(student, use):
    """A student's own __float__, __bool__ or __array__ does not decide a mark."""
    with pytest.raises(TypeError):
        use(student.Model(1))


def test_a_lying_eq_decides_nothing(student):
    """Its object equals itself, and nothing else."""
    model = student.Model(1)
    assert model != 3 and model == model and model != student.Model(1)
    assert [model] != [3.0]


def test_a_proxy_cannot_be_a_base_class(student):
    """The rule for tests, said in one sentence."""
    with pytest.raises(TypeError, match="base class"):

        class Mine(student.Model):
            pass


def test_exceptions_arrive_as_the_nearest_known_class(student):
    """`except ValueError` catches a student's subclass of it."""
    with pytest.raises(ValueError, match=r"^3 is too small$") as caught:
        student.refuse(3)
    assert type(caught.value) is ValueError
    with pytest.raises(IndexError, match="list index out of range"):
        student.fails()
    with pytest.raises(Exception, match="SystemExit"):
        student.leave()
    with pytest.raises(TypeError, match="double"):
        student.double()


def test_where_the_students_code_failed_is_known():
    """The message names the line of the student's cell."""
    with talking_to("x = 1\ndef f():\n    return 1 / 0\n") as (near, student):
        with pytest.raises(ZeroDivisionError) as caught:
            student.f()
        assert near.line_of_student(caught.value)[0] == 3


def test_a_function_of_the_test_is_called_from_there(student):
    """Arguments are values, and so is what it returns; changes are seen."""
    seen = []

    def note(x, *, scale):
        seen.append(x)
        x += scale
        return {"sum": float(x.sum())}

    x = np.zeros(2)
    assert student.apply(note, x, scale=2) == {"sum": 4.0}
    assert seen[0] is not None and x.tolist() == [2, 2]


def test_calls_nest_to_any_depth(student):
    """The test's function calls a function of the student's that it was given."""
    assert student.nested(lambda f: f(1)) == 2
    assert student.apply(student.apply, student.double, 4) == 8

    def deeper(n):
        return 0 if n == 0 else 1 + student.apply(deeper, n - 1)

    assert student.apply(deeper, 20) == 20


def test_an_axis_error_of_numpy_arrives_as_the_value_error_that_it_is():
    """Its text needs an axis, which an instance made by us would not have."""
    cell = "import numpy\ndef f(): numpy.concatenate([numpy.ones(3)], axis=1)"
    with talking_to(cell) as (near, student):
        with pytest.raises(ValueError, match="axis 1 is out of bounds"):
            student.f()
        assert not near.stopped


@pytest.mark.parametrize(
    "says",
    ["def __str__(self): raise SystemExit", "args = property(lambda self: 1 / 0)"],
)
def test_an_exception_that_cannot_say_what_it_is_ends_nothing(says):
    cell = f"class Silent(ValueError):\n    {says}\ndef f(): raise Silent"
    with talking_to(cell) as (near, student):
        for _ in range(2):
            with pytest.raises(ValueError):
                student.f()
        assert not near.stopped


def test_a_stop_is_not_taken_for_an_exception_that_cannot_say_what_it_is():
    """What a test raises to the student may ask the student what to say."""

    class AskingError(Exception):
        def __str__(self):
            raise Stopped("the process of the submission ended")

    with pytest.raises(Stopped):
        Raised().described(AskingError(), None)


def test_an_exception_of_the_test_comes_back_as_itself(student):
    """It travels through the student's code, which may catch it."""

    class MyError(Exception):
        pass

    error = MyError("from the test")

    def fail():
        raise error

    with pytest.raises(MyError) as caught:
        student.apply(fail)
    assert caught.value is error

    def refuse():
        raise ValueError("no")

    assert student.try_it(refuse) == "caught no"


def test_generators_of_the_test_are_read_as_far_as_they_are_asked(student):
    """Nothing is fetched ahead."""
    made = []

    def numbers():
        for i in range(10):
            made.append(i)
            yield i

    assert student.takes(numbers(), 3) == [0, 1, 2] and made == [0, 1, 2]


def test_only_next_ends_a_loop(student):
    """A call that raises StopIteration in `map` would end it, with nothing checked."""
    with pytest.raises(RuntimeError, match="a call raised StopIteration"):
        student.takes(iter([1]), 2)
    with pytest.raises(RuntimeError, match="a call raised StopIteration"):
        list(map(student.takes, [iter([])], [1]))


def test_objects_of_the_test_are_lent(student):
    """A class of the test's: its public attributes and methods can be used."""

    class Device:
        speed = 3.0

        def seconds(self, n):
            return n / self.speed

    device = Device()
    assert student.attribute(device, "speed") == 3.0
    assert student.attribute(device, "seconds")(6) == 2.0
    assert student.apply(lambda d: d, device) is device
    with pytest.raises(AttributeError):
        student.attribute(device, "_private")


def test_what_could_be_imported_goes_as_a_copy_and_comes_back_as_itself(student):
    """A data set or a network of lecturekit's, a function of NumPy's."""
    from lecturekit.models import MLP

    mlp = MLP(num_features=4, num_hidden=3, num_labels=2)
    assert student.apply(np.mean, [1.0, 3.0]) == 2.0
    assert student.attribute(mlp, "num_hidden") == 3
    assert student.apply(lambda x: x, mlp) is mlp
    model = mlp.initial(1)
    x, y = np.ones((2, 4), np.float32), np.array([0, 1])
    assert student.apply(mlp.loss, model, x, y) == mlp.loss(model, x, y)


def test_the_students_code_cannot_look_into_the_test(student):
    """A function is lent to be called; its globals hold the expected values."""

    def callback():
        return None

    found = student.look_around(callback)
    assert all(what == "refused" for _, what in found), found


def test_global_generators_are_seeded_as_the_tests_are():
    """A student who draws from np.random draws what a test has seeded."""
    cell = "import numpy as np, random\n"
    cell += "def draw(): return np.random.rand(), random.random()"
    with talking_to(cell) as (_, student):
        import random

        np.random.seed(3)
        random.seed(4)
        assert student.draw() == (
            np.random.RandomState(3).rand(),
            random.Random(4).random(),
        )


def test_patches_over_there_change_nothing_here():
    """A notebook that replaces NumPy's, torch's and Python's functions."""
    cell = """
import builtins, json, numpy as np, torch, pickle, struct
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
torch.allclose = torch.equal = lambda *a, **k: True
def f(x): return x * 0
for name in ('len', 'sum', 'all', 'any', 'isinstance', 'print', 'min', 'zip'):
    setattr(builtins, name, lambda *a, **k: True)
"""
    with talking_to(cell) as (_, student):
        got = student.f(np.ones(2))
        assert not np.allclose(got, 1) and np.array_equal(got, [0, 0])


ODD = {
    "asks itself": (
        "class Odd:\n    def __getattr__(self, name): return getattr(self, name)\n"
        "odd = Odd()"
    ),
    "a dictionary's items as attributes": (
        "class Odd(dict):\n    __getattr__ = dict.__getitem__\nodd = Odd()"
    ),
    "an array that is too large": "import numpy\nodd = numpy.zeros(40_000_000)",
    "a list that is too long": "odd = list(range(3_000_000))",
    "lists that are too long together": "odd, odder = [0] * 1_500_000, [1] * 1_500_000",
    "a tuple that is too long": "odd = (0,) * 3_000_000",
    "a text that is too long": "odd = 'x' * 70_000_000",
    "half a message": "from flwr.app import Message\nodd = Message.__new__(Message)",
    "a context of nothing": (
        "from flwr.app import Context\nodd = Context(1, 2, {}, {}, {})"
    ),
    "an error of words": "from flwr.app import Error\nodd = Error('x', 'y')",
    "a method of what asks itself": (
        "import types\nclass Odd:\n"
        "    def __getattr__(self, name): return getattr(self, name)\n"
        "odd = types.MethodType(Odd(), 1)"
    ),
    "a class that cannot be looked up": (
        "class Meta(type):\n    __hash__ = None\nclass Odd(metaclass=Meta): pass\n"
        "odd = Odd()"
    ),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_value_costs_no_other_name_anything(odd):
    """It is lent, or it is missing; the function beside it works."""
    with talking_to(CELL, odd) as (near, student):
        assert student.double(3) == 6
        assert not near.stopped


def test_values_that_are_too_large_together_do_not_all_cross():
    """Each of three arrays of 120 MB may; two of them fill a message."""
    cell = "import numpy\na, b, c = (numpy.zeros(15_000_000) for _ in range(3))"
    with talking_to(cell) as (_, student):
        assert {"a", "b", "c"} & set(vars(student)) == {"a", "b"}


def test_a_large_array_under_two_names_crosses_once():
    """It is 136 MB, and a message has room for 256 MB."""
    cell = "import numpy\na = numpy.zeros(17_000_000); b = a"
    with talking_to(cell) as (_, student):
        assert np.shares_memory(student.a, student.b)


def test_what_could_not_be_sent_is_not_spoken_of_later():
    """A change that is too large ends the test; an argument that is, the call."""
    cell = """
def grow(x):
    x.extend([0] * 3_000_000)
    raise ValueError
def hand_on(f):
    large = [0] * 3_000_000
    try: f(large)
    except TypeError: pass
    try: f(large)
    except TypeError: return 1
"""
    with talking_to(cell) as (near, student):
        assert student.hand_on(lambda x: 0) == 1 and not near.stopped
        with pytest.raises(Stopped, match="`grow` gave what cannot be sent: "):
            student.grow([])


CANNOT = {
    "a list that is too long": "[0] * 3_000_000",
    "a text that is too long": "'x' * 70_000_000",
    "half a message": "Message.__new__(Message)",
}


@pytest.mark.parametrize("value", CANNOT.values(), ids=CANNOT)
def test_a_value_that_cannot_be_sent_is_no_refusal(value):
    """A test that expects an exception must not take it for one."""
    cell = f"from flwr.app import Message\ndef f(): return {value}"
    with talking_to(cell) as (near, student):
        with pytest.raises(Stopped, match="`f` gave what cannot be sent: "):
            try:
                student.f()
            except Exception:
                pytest.fail("a test could take this for a refusal")
        assert not near.is_malformed
