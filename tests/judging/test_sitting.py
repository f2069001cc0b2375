"""Tests of one sitting share a process, and none of them can tell."""

import signal
import time

import psutil
import pytest

from autograder.judging.forked import ForkedStudent
from autograder.judging.judge import Judge
from autograder.judging.limits import JudgeLimits
from tests.judging.student import Student

SETUP = """
import random

import numpy as np

made = []
counted = np.zeros(3)


def setting(how):
    with np.errstate(all=how):
        yield 1


class Counter:
    seen = []

    def count(self):
        self.seen.append(1)
"""
ANSWER = """
def same(x):
    return x

def fill(x):
    x[:] = [7] * len(x)

def set_one(d):
    d["one"] = 1

def draw(generator):
    return generator.random()

def count(counter):
    counter.count()

def put(thing):
    thing.put(1)

def call(function):
    return function()

def advance(things):
    next(things)

def interleave(a, b):
    next(a); next(b); list(a); list(b)

def rename(thing):
    thing.name = 1

def forever():
    while True: pass
"""
NAMES = ("same", "fill", "set_one", "draw", "count", "rename", "forever")
NAMES += ("put", "call", "advance", "interleave")
KEEPER = "import string as keeper"  # keeps things beyond the end of a test
MARK = f"{KEEPER}; keeper.was_here = True"  # in the process of the test
SEEN = f"{KEEPER}; assert hasattr(keeper, 'was_here'), 'another process'"
NOT_SEEN = f"{KEEPER}; assert not hasattr(keeper, 'was_here'), 'the same process'"
PUT = """
class Box:
    def put(self, x): self.x = x

keeper.kept = kept = Box()
put(kept)
"""
CALL = """
def counting():
    n = [0]
    def count(): n[0] += 1
    return count

keeper.kept = kept = counting()
call(kept)
"""


@pytest.fixture(scope="module")
def judge():
    limits = JudgeLimits(call_s=1.0, test_s=2.0, interrupt_s=1.0)
    with Judge([SETUP], NAMES, limits) as judge:
        yield judge


def points_of(judge, *tests, sittings=None):
    """Run tests of one point each; return their points, and the reasons."""
    sittings = sittings or [judge.sitting()] * len(tests)
    with ForkedStudent([ANSWER, *[None] * len(tests)], {}) as student:
        verdicts = [
            judge.run(test, 1.0, channel, student.interrupt, sitting)
            for test, channel, sitting in zip(
                tests, student.channels, sittings, strict=True
            )
        ]
    return [verdict.message or verdict.points for verdict in verdicts]


def test_tests_of_one_sitting_share_a_process(judge):
    """As long as they leave all as it was."""
    assert points_of(judge, MARK, SEEN, SEEN) == [1, 1, 1]


def test_other_sittings_and_tests_by_themselves_do_not(judge):
    """0 is nobody's: such a test is alone before and after."""
    assert points_of(judge, MARK, NOT_SEEN, sittings=[0, 0]) == [1, 1]
    first, second = judge.sitting(), judge.sitting()
    assert points_of(judge, MARK, NOT_SEEN, sittings=[first, second]) == [1, 1]


def test_no_name_reaches_the_next_test(judge):
    """New ones are gone, and others are what they were."""
    assert points_of(
        judge,
        f"{MARK}; mine = 1; made = None; del np",
        f"{SEEN}; assert 'mine' not in globals() and made == [] and np.ones(1)",
    ) == [1, 1]


def test_every_test_draws_the_same_numbers(judge):
    """The global generators begin where the setup left them."""
    draws = "random.random(), float(np.random.random())"
    first, then = f"keeper.draws = {draws}", f"assert keeper.draws == ({draws})"
    assert points_of(judge, f"{MARK}; {first}", f"{SEEN}; {then}") == [1, 1]


@pytest.mark.parametrize(
    "changing",
    [
        "made.append(1)",
        "counted[0] = 1",
        "fill(counted)",
        "Counter().count()",
        "count(Counter())",
        "Counter.name = 'other'",
        "assert same(1) == 2",
        "0.5",
        "made.append(iter([]))",
        "keeper.kept = kept = [1, 2]; fill(kept)",
        "keeper.kept = kept = np.zeros(2); fill(kept[:1])",
        "keeper.kept = kept = {}; set_one(kept)",
        "keeper.kept = kept = np.random.default_rng(1); x = draw(kept)",
        "rename(Counter())",
        "np.seterr(all='raise')",
        "import os; os.environ['NEW'] = 'x'",
        "import builtins; builtins.sum = max",
        "np.mean = np.max",
        "import gc; gc.disable()",
        "import sys; sys.setrecursionlimit(500)",
        "import threading; threading.Thread(target=threading.Event().wait).start()",
        PUT,
        CALL,
        "keeper.kept = kept = map(int, range(9)); advance(kept)",
        "interleave(setting('raise'), setting('ignore'))",
        "import tempfile; made.append(tempfile.TemporaryFile())",
    ],
)
def test_a_test_that_leaves_a_change_has_its_process_to_itself(judge, changing):
    """Of the setup's things, or of any that last; or one that lost points."""
    assert points_of(judge, f"{MARK}\n{changing}", NOT_SEEN)[1] == 1


@pytest.mark.parametrize(
    "harmless",
    [
        "mine = [1, 2]; fill(mine); assert mine == [7, 7]",
        "mine = np.zeros(2); fill(mine); assert mine[0] == 7",
        "mine = {}; set_one(mine); assert mine == {'one': 1}",
        "mine = np.random.default_rng(1); assert 0 < draw(mine) < 1",
        "mine = np.zeros(2); again = [mine]; again.append(again); fill(mine)",
        "def mine(): return 1\nassert call(mine) == 1",
        "advance(k for k in range(3))",
        "import tracemalloc; tracemalloc.start(); assert same(1) == 1",
        "np.random.random(); assert same(counted).sum() == 0",
    ],
)
def test_what_ends_with_its_test_may_be_changed(judge, harmless):
    """Nobody can see it any more."""
    assert points_of(judge, f"{MARK}\n{harmless}", SEEN) == [1, 1]


def test_memory_is_measured_anew_in_every_test(judge):
    """A test that forgot to stop measuring gives the next one no peak."""
    measuring = "import tracemalloc; tracemalloc.start(); x = b'a' * 5_000_000"
    peak = "assert tracemalloc.get_traced_memory()[1] < 1_000_000"
    next_one = f"import tracemalloc; {SEEN}; tracemalloc.start(); same(1); {peak}"
    assert points_of(judge, f"{MARK}; {measuring}", next_one) == [1, 1]


HIDING = {
    "replaces the count": "tracemalloc.get_traced_memory = lambda: (0, 0)",
    "stops the count": "tracemalloc.stop()",
    "begins again": "tracemalloc.stop(); tracemalloc.start()",
    "clears the count": "tracemalloc.clear_traces()",
    "forgets the peak": "held.clear(); tracemalloc.reset_peak()",
    "denies it all": (
        "tracemalloc._get_object_traceback = lambda thing: (); "
        "tracemalloc.clear_traces()"
    ),
}


@pytest.mark.parametrize("hides", HIDING.values(), ids=HIDING)
def test_a_hoard_is_seen_whatever_is_done_to_the_count(hides):
    """Ten times 100 kB are held; the honest answer holds them one at a time."""
    hoard = f"""
import tracemalloc
def honest(items):
    for _ in items: bytearray(100_000)
def hoards(items):
    held = []
    for _ in items: held.append(bytearray(100_000))
    {hides}
"""
    test = """
import tracemalloc
tracemalloc.start()
{}(iter(range(10)))
peak = tracemalloc.get_traced_memory()[1]
assert 100_000 < peak < 500_000, peak
"""
    with Judge([], ["honest", "hoards"]) as judge:
        for name, points in (("honest", 1), ("hoards", 0)):
            with Student(hoard) as student:
                verdict = judge.run(test.format(name), 1, student.channel)
            assert verdict.points == points, verdict.message


def test_memory_that_a_failed_test_went_on_tracing_is_not_the_next_ones():
    """The student's process runs both."""
    cells = "def hoard(): bytearray(5_000_000)\ndef frugal(): pass"
    measuring = "import tracemalloc; tracemalloc.start()"
    tests = (
        f"{measuring}; hoard(); assert False",
        f"{measuring}; frugal(); assert tracemalloc.get_traced_memory()[1] < 1e6",
    )
    with Judge([], ["hoard", "frugal"]) as judge:
        steps = [cells, None, None]
        with ForkedStudent(steps, {"__name__": "__main__"}) as student:
            points = [
                judge.run(test, 1, channel, student.interrupt).points
                for test, channel in zip(tests, student.channels, strict=True)
            ]
    assert points == [0, 1]


def test_the_test_after_one_that_was_stopped_is_run(judge):
    """Whether the student's code or the test itself took too long, or died."""
    slow = "while True: pass"
    dead = f"import os; os.kill(os.getpid(), {signal.SIGKILL})"
    found = points_of(judge, "forever()", "same(1)", dead, "same(1)")
    assert found[1] == found[3] == 1 and "was stopped" in found[0]
    assert "died" in found[2]
    quick = JudgeLimits(call_s=0.2, test_s=0.2, interrupt_s=0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograder.judging.judge._GRACE_S", 0.2)
        with Judge([SETUP], NAMES, quick) as hasty:
            first, second = points_of(hasty, slow, "same(1)")
    assert "took longer than 0.2 s" in first and second == 1


def test_no_process_is_left_of_a_test_that_hangs_after_its_end(judge):
    """It got its points, and the next sitting ends it."""
    hangs = "class Endless:\n  def __del__(s):\n    while True: pass\nmine = Endless()"
    assert points_of(judge, hangs, "same(1)") == [1, 1]
    assert points_of(judge, "same(1)") == [1]
    assert len(_children(judge._pid)) == 1


def test_a_process_that_is_killed_while_it_waits_costs_no_test(judge):
    """The next test gets another process."""
    sitting = judge.sitting()
    with ForkedStudent([ANSWER, None, None], {}) as student:
        before = _children(judge._pid)
        judge.run(MARK, 1.0, student.channels[0], sitting=sitting)
        (waiting,) = _children(judge._pid) - before
        waiting.kill()
        while waiting.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        verdict = judge.run(NOT_SEEN, 1.0, student.channels[1], sitting=sitting)
    assert verdict.points == 1


def test_a_test_that_was_stopped_keeps_no_process(judge):
    """Not even if it was worth nothing and hid what had happened."""
    hidden = f"{MARK}\ntry: forever()\nexcept BaseException: pass"
    with ForkedStudent([ANSWER, None, None], {}) as student:
        sitting = judge.sitting()
        for test, channel in zip((hidden, NOT_SEEN), student.channels, strict=True):
            verdict = judge.run(test, 0.0, channel, student.interrupt, sitting)
            assert (verdict.message == "") == (test == NOT_SEEN)


def test_setups_that_cannot_be_looked_at_give_every_test_a_process():
    """A generator may have moved, and nothing says whether it has."""
    with Judge([SETUP, "moving = (k for k in range(9))"], NAMES) as judge:
        assert points_of(judge, MARK, NOT_SEEN) == [1, 1]


def _children(pid):
    return set(psutil.Process(pid).children())
