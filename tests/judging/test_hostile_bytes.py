"""Whatever bytes arrive, the judge reads them as data or stops the test."""

import builtins
import json
import os
import socket
import struct
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from autograder.judging.errors import Stopped
from autograder.judging.limits import JudgeLimits
from autograder.judging.near import Near
from tests.judging.student import Student


def frame(header, *buffers, sizes=None):
    """Return the bytes of a frame; `sizes` lies about its lengths."""
    text = json.dumps([*header, [len(b) for b in buffers]]).encode()
    body = b"".join(buffers)
    return struct.pack("<II", *(sizes or (len(text), len(body)))) + text + body


def answer(payload, memory=(), news=(), changes=(), dropped=(), buffers=()):
    """Return a frame as the student's side sends it."""
    return frame(
        [payload, list(memory), list(news), list(changes), list(dropped)], *buffers
    )


@contextmanager
def judge_that_reads(data, **limits):
    """Yield a conversation in which the other side says `data` and hangs up."""
    ours, theirs = socket.socketpair()

    def talk():
        try:
            theirs.sendall(data)
            theirs.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the judge has had enough

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        limits = {"call_s": 5.0, "interrupt_s": 0.2, "num_items": 10_000} | limits
        yield Near(ours, JudgeLimits(**limits), lambda: None)
    finally:
        ours.close()
        thread.join()
        theirs.close()


EIGHT = bytes(8)
MEMORY = [-1, 0, True, True]


def array(offset, dtype, shape, strides, region=-1):
    """Return an answer with one array over eight bytes."""
    node = ["array", region, offset, dtype, shape, strides, True]
    return answer(["return", node], [MEMORY], buffers=[EIGHT])


def tensor(offset, dtype, shape, strides, *rest):
    node = ["tensor", -1, offset, dtype, shape, strides, *(rest or (False, False))]
    return answer(["return", node], [MEMORY], buffers=[EIGHT])


def news(kind, detail, children, payload=("thing", -1)):
    return answer(["return", list(payload)], news=[[-1, kind, detail, children]])


HOSTILE = {
    "nothing": b"",
    "half a length": b"\x01\x00",
    "half a frame": answer(["return", 1])[:-3],
    "no JSON": struct.pack("<II", 4, 0) + b"oops",
    "two values": struct.pack("<II", 4, 0) + b"[] 1",
    "not UTF-8": struct.pack("<II", 2, 0) + b"\xff\xfe",
    "gigabytes of header": struct.pack("<II", 2**32 - 1, 0),
    "gigabytes of body": struct.pack("<II", 2, 2**32 - 1) + b"[]",
    "a million brackets": struct.pack("<II", 2 * 10**6, 0)
    + b"[" * 10**6
    + b"]" * 10**6,
    "a long number": struct.pack("<II", 10**5 + 2, 0) + b"[" + b"9" * 10**5 + b"]",
    "an object": struct.pack("<II", 2, 0) + b"{}",
    "an empty list": struct.pack("<II", 2, 0) + b"[]",
    "a buffer too many": struct.pack("<II", 18, 0) + b"[1,[],[],[],[],[9]]",
    "a negative buffer": frame([1, [], [], [], [], [-5]]),
    "no parts": frame([1]),
    "no verb": answer([]),
    "an unknown verb": answer(["exec", "1"]),
    "a verb that is a list": answer([["return"], 1]),
    "two results": answer(["return", 1, 2]),
    "an unknown tag": answer(["return", ["pickle", 0]]),
    "an empty node": answer(["return", []]),
    "a dictionary as a node": answer(["return", {"a": 1}]),
    "an unknown thing": answer(["return", ["thing", 7]]),
    "a thing with a name": answer(["return", ["thing", "x"]]),
    "memory as a thing": answer(["return", ["thing", -1]], [MEMORY], buffers=[EIGHT]),
    "a thing as memory": answer(
        ["return", ["array", -1, 0, "<f8", [1], [8], True]],
        news=[[-1, "list", None, []]],
    ),
    "a buffer that is not there": answer(["return", ["bytes", 3]]),
    "a negative index": answer(["return", ["bytes", -1]]),
    "tuples in tuples": answer(["return", eval('["tuple",' * 90 + "1" + "]" * 90)]),
    "a hundred thousand values": answer(["return", ["tuple", *range(100_000)]]),
    "a list that is a key": news("dict", None, [["thing", -1], 1]),
    "a key without a value": news("dict", None, ["a"]),
    "children that are no list": news("list", None, "abc"),
    "a number of ours": answer(["return", 1], news=[[5, "list", None, []]]),
    "a number twice": answer(["return", 1], news=[[-1, "list", None, []]] * 2),
    "number zero": answer(["return", 1], news=[[0, "list", None, []]]),
    "a change of nothing": answer(["return", 1], changes=[[-9, []]]),
    "a pickle": answer(
        ["return", ["thing", -1]], news=[[-1, "pickle", 0, []]], buffers=[b"x"]
    ),
    "an unknown kind": news("module", "os", []),
    "a dropped stranger": answer(["return", 1], dropped=[12]),
    "a record of lists": news("ArrayRecord", None, ["w", 1]),
    "a config of objects": news("ConfigRecord", None, ["w", None]),
    "a message without metadata": news("Message", None, [None, None]),
    "a message of a list": news("Message", None, [1, None, *[0] * 11]),
    "a context without state": news("Context", None, [1, 2, None, None, None, 0]),
    "an unknown bit generator": news("generator", "os.system", ["{}"]),
    "a generator without state": news("generator", "PCG64", ["[]"]),
    "a generator of text": news("generator", "PCG64", ['{"state": {"state": "x"}}']),
    "a deque of text": news("deque", "x", []),
    "an array's fields": answer(["return", ["Array", 1, 2, 3, 4]]),
    "an object dtype": array(0, "|O", [1], [8]),
    "a record dtype": array(0, "<f4,<f4", [1], [8]),
    "a dtype of code": array(0, "__import__('os')", [1], [8]),
    "a huge dtype": array(0, "|S999999", [1], [8]),
    "a negative shape": array(0, "<f8", [-1], [8]),
    "a shape beyond the memory": array(0, "<f8", [2], [8]),
    "a stride beyond the memory": array(0, "<f4", [2], [800]),
    "a stride before the memory": array(0, "<f4", [2], [-4]),
    "a negative offset": array(-8, "<f8", [1], [8]),
    "an offset beyond the memory": array(8, "|u1", [1], [1]),
    "a shape of floats": array(0, "<f8", [1.0], [8]),
    "a shape of booleans": array(0, "<f8", [True], [8]),
    "shape and strides differ": array(0, "<f8", [1], [8, 8]),
    "too many dimensions": array(0, "|u1", [1] * 40, [1] * 40),
    "terabytes from eight bytes": array(0, "<f8", [10**12], [0]),
    "an overflow": array(0, "<f8", [2**40, 2**40, 2**40], [0, 0, 0]),
    "an overflowing stride": array(0, "<f4", [2], [2**63]),
    "an array of nowhere": array(0, "<f8", [1], [8], region=0),
    "a scalar that is too short": answer(["return", ["scalar", "<f8", "00"]]),
    "a scalar of objects": answer(["return", ["scalar", "|O", "00" * 8]]),
    "a scalar of numbers": answer(["return", ["scalar", "<f8", 3]]),
    "an unknown class": answer(["return", ["class", "eval"]]),
    "a tensor beyond its memory": tensor(0, "float32", [3], [4]),
    "a tensor before its memory": tensor(4, "float32", [2], [-1]),
    "a tensor between items": tensor(1, "float32", [1], [1]),
    "a tensor of objects": tensor(0, "object", [1], [1]),
    "a tensor of terabytes": tensor(0, "float32", [10**12], [0]),
    "a tensor of texts": tensor(0, "float32", ["a"], [1]),
    "other memory than before": answer(
        ["return", 1], [MEMORY, [-1, 0, False, True]], buffers=[EIGHT]
    )[:-4],
    "an exception without names": answer(["raise", [], "x", 0, None]),
    "an exception of numbers": answer(["raise", [[1, 2]], "x", 0, None]),
    "an exception with a line of lists": answer(
        ["raise", [["builtins", "ValueError"]], "x", 0, [[], []]]
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bytes_that_are_no_answer_stop_the_test(name):
    """One sentence, no exception of another kind, and no time wasted."""
    with judge_that_reads(HOSTILE[name]) as near:
        with pytest.raises(Stopped):
            near.request(None, "names", ("f",), {})
        assert near.stopped


def test_an_exception_of_an_unknown_class_is_an_exception():
    """No class is looked up outside a few libraries, nor built with arguments."""
    for names in (
        [["os", "system"]],
        [["subprocess", "Popen"]],
        [["builtins", "eval"]],
    ):
        data = answer(["raise", names, "touch /tmp/x", 0, None])
        with (
            judge_that_reads(data) as near,
            pytest.raises(Exception, match=names[0][1]),
        ):
            near.request(None, "names", (), {})
    data = answer(["raise", [["builtins", "SystemExit"]], "", 0, None])
    with judge_that_reads(data) as near, pytest.raises(Exception, match="SystemExit"):
        near.request(None, "names", (), {})


def test_only_what_was_lent_can_be_used():
    """A request on a shared list, on a copy, or on nothing is refused."""
    data = answer(["do", 1, "call", [], [], None]) + answer(["return", 5])
    with judge_that_reads(data) as near:
        assert near.request(None, "names", (), {}) == 5  # refused, and the test goes on
    with judge_that_reads(
        answer(["do", ["thing", 1], "get", ["append"], [], None])
    ) as near:
        ours = [1, 2]
        with pytest.raises(Stopped):
            near.request(None, "names", (ours,), {})
        assert ours == [1, 2]


def test_overlapping_views_are_allowed():
    """Two arrays over the same bytes are no attack."""
    nodes = [
        ["array", -1, 0, "<f4", [2], [4], True],
        ["array", -1, 2, "<f4", [1], [4], True],
    ]
    data = answer(["return", ["tuple", *nodes]], [MEMORY], buffers=[EIGHT])
    with judge_that_reads(data) as near:
        a, b = near.request(None, "names", (), {})
        a[:] = 1
        assert b.shape == (1,) and np.shares_memory(a, b)


def test_too_much_in_all_stops_the_test():
    """Many messages that are each small enough."""
    data = answer(["return", ["bytes", 0]], buffers=[bytes(1000)])
    reading = judge_that_reads(data * 10, test_bytes=5_000)
    with reading as near, pytest.raises(Stopped, match="at most"):
        for _ in range(10):
            near.request(None, "names", (), {})


CALLS = """
import os, time
def forever():
    while True: pass
def stubborn():
    while True:
        try:
            while True: time.sleep(0.01)
        except KeyboardInterrupt: pass
def leave(): os._exit(0)
def huge(): return bytes(10_000_000)
def bomb():
    class Bomb:
        def __reduce__(self): return os.system, ('touch bombed',)
    return [Bomb()]
def naps(f):
    for _ in range(100):
        time.sleep(0.1); f()
"""


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("forever", "`forever` took longer than 0.3 s and was stopped"),
        ("stubborn", "`stubborn` took longer than 0.3 s and could not be stopped"),
        ("leave", "the process of the submission ended in `leave`"),
        (
            "huge",
            "the process of the submission ended in `huge`|at most 1,000,000 bytes",
        ),
    ],
)
def test_a_call_that_does_not_end_stops_the_test(call, why):
    """Also for a test that catches every Exception."""
    with Student(CALLS) as student:
        limits = JudgeLimits(call_s=0.3, interrupt_s=0.5, message_bytes=1_000_000)
        near = Near(student.channel, limits, student.interrupt)
        function = near.names([call])[call]
        with pytest.raises(Stopped, match=why):
            try:
                function()
            except Exception:
                pytest.fail("a test could take this for a refusal")


def test_callbacks_count_for_the_call_and_calls_for_the_test():
    """Neither a chatty function nor many short calls go on for ever."""
    with Student(CALLS) as student:
        near = Near(student.channel, JudgeLimits(call_s=0.5), student.interrupt)
        naps = near.names(["naps"])["naps"]
        with pytest.raises(Stopped, match=r"`naps` took longer than 0\.5 s"):
            naps(lambda: None)


def test_a_pickle_bomb_is_an_object_like_any_other(tmp_path, monkeypatch):
    """Its `__reduce__` is never asked."""
    monkeypatch.chdir(tmp_path)
    with Student(CALLS) as student:
        near = Near(student.channel, JudgeLimits(), student.interrupt)
        (bomb,) = near.names(["bomb"])["bomb"]()
        assert "Bomb" in repr(bomb) and os.listdir(tmp_path) == []


def test_a_long_header_is_not_read():
    """It takes twenty times the memory once it is: arrays travel beside it."""
    data = answer(["return", [["tuple"]] * 10_000])
    with (
        judge_that_reads(data, header_bytes=1_000) as near,
        pytest.raises(Stopped, match="a header of at most 1,000 bytes"),
    ):
        near.request(None, "names", ("f",), {})


def test_a_value_that_is_endless_when_written_out_is_read_in_part():
    """A list that holds a list twice, that holds a list twice, sixty times."""
    news = [[-60, "list", None, [2.0]]]
    news += [[-n, "list", None, [["thing", -n - 1]] * 2] for n in range(1, 60)]
    data = answer(["return", ["thing", -1]], news=news)
    with judge_that_reads(data) as near:
        shared = near.request(1.0, "call", (), {})
        assert shared[0] is shared[1]
        assert near.transcript.digest()


def test_one_number_seen_as_an_endless_array_is_read_in_part():
    """Strides of 0 repeat what is there."""
    node = ["array", -1, 0, "<f8", [20_000_000], [0], False]
    data = answer(["return", ["tuple", *[node] * 1_000]], [MEMORY], buffers=[EIGHT])
    with judge_that_reads(data) as near:
        assert len(near.request(1.0, "call", (), {})) == 1_000


def test_every_exception_of_a_library_arrives_as_one():
    """Also one that cannot be made without arguments, such as ExceptionGroup."""
    for name in sorted({c.__name__ for c in vars(builtins).values() if is_error(c)}):
        data = answer(["raise", [["builtins", name]], "why", 0, None])
        with judge_that_reads(data) as near, pytest.raises(Exception) as caught:
            near.request(None, "next", (), {})
        assert not near.stopped
        assert name in (type(caught.value).__name__, str(caught.value).split(":")[0])


def is_error(thing):
    return isinstance(thing, type) and issubclass(thing, Exception)
