"""The judge: points, messages, and one test cell that cannot reach the next."""

import os
import signal
import socket

import pytest

from autograder.errors import UserError
from autograder.judging.exercise_names import defined_names
from autograder.judging.judge import Judge, JudgeDied
from autograder.judging.limits import JudgeLimits
from tests.judging.student import Student

SETUP = """
import numpy as np

SEED = 1
made = []


def close(a, b):
    return bool(np.allclose(a, b))
"""
ANSWER = """
def double(x):
    return 2 * x

def breaks(x):
    return x + 'one'

def unwritten(x):
    raise NotImplementedError

def forever(x):
    while True: pass

LR = 0.1
class Thing: pass
"""
NAMES = ("double", "breaks", "unwritten", "forever", "missing", "LR", "Thing")


@pytest.fixture(scope="module")
def judge():
    limits = JudgeLimits(call_s=1.0, test_s=2.0, interrupt_s=1.0)
    with Judge([SETUP], NAMES, limits) as judge:
        yield judge


def judged(judge, test, answer=ANSWER, maximum=4.0):
    with Student(answer) as student:
        return judge.run(test, maximum, student.channel, student.interrupt)


def test_a_cell_that_ends_gets_full_points(judge):
    """Setup names are ours, exercise names the student's."""
    verdict = judged(judge, "assert close(double(np.ones(2)), 2) and LR == 0.1")
    assert (verdict.points, verdict.maximum, verdict.message) == (4.0, 4.0, "")
    assert not verdict.review


def test_a_failed_assertion_says_what_its_author_wrote(judge):
    """With the student's values in it."""
    verdict = judged(
        judge, "got = double(2)\nassert got == 5, f'expected 5, got {got}'"
    )
    assert (verdict.points, verdict.message) == (0.0, "expected 5, got 4")
    assert judged(judge, "assert double(2) == 5").message == "a check failed"


def test_a_message_can_be_shown_whatever_the_student_wrote(judge):
    """Control characters and lone surrogates end no page and no file."""
    test = "got = text(1)\nassert got == 'a', f'got {got}'"
    with Judge([], ["text"]) as fresh:
        answer = "def text(x): return 'b\\x1b[0m\\ud800' + 'c' * 10**6"
        with Student(answer) as student:
            message = fresh.run(test, 1.0, student.channel).message
    assert message.startswith("got b\ufffd[0m\ufffdccc") and len(message) <= 500


@pytest.mark.parametrize(
    ("last", "points", "review"),
    [
        ("2.5", 2.5, False),
        ("4", 4.0, False),
        ("0", 0.0, False),
        ("None", 4.0, False),
        ("True", 0.0, True),
        ("float('nan')", 0.0, True),
        ("-1", 0.0, True),
        ("4.5", 0.0, True),
        ("np.float64(2.0)", 0.0, True),
        ("np.ones(1)", 0.0, True),
        ("'4'", 0.0, True),
        ("Thing()", 0.0, True),
    ],
)
def test_a_last_value_is_partial_credit_if_it_is_a_plain_number(
    judge, last, points, review
):
    """Anything else is zero and flagged, as for a cell that runs in a kernel."""
    verdict = judged(judge, f"x = double(1)\n{last}")
    assert (verdict.points, verdict.review) == (points, review)


def test_an_exception_of_the_students_names_its_line(judge):
    """And never a line of the test."""
    verdict = judged(judge, "secret = 42\nbreaks(secret)")
    assert verdict.message.startswith("TypeError: unsupported operand")
    assert "line 6 of your cell" in verdict.message and "secret" not in verdict.message
    assert judged(judge, "unwritten(1)").message.startswith("not written yet")


def test_a_missing_name_is_said_in_one_sentence(judge):
    """Whatever the reason that it is missing."""
    verdict = judged(judge, "assert missing(1) == 1")
    assert verdict.message.startswith("`missing` is not defined: its cell is missing")
    verdict = judged(judge, "assert double(1) == 2", answer="1 / 0\n" + ANSWER)
    assert verdict.message.startswith("`double` is not defined")


def test_prints_and_warnings_change_nothing(judge):
    """Nor does what the student's code prints."""
    test = "import warnings\nprint('x')\nwarnings.warn('y')\ndouble(1)\nNone"
    assert judged(judge, test).points == 4.0


def test_one_test_cell_does_not_reach_the_next(judge):
    """Neither through the setup's objects, nor through modules, nor by dying."""
    assert judged(
        judge, "made.append(1)\nnp.allclose = None\nassert made == [1]"
    ).points
    assert judged(judge, "assert made == [] and np.allclose(1, 1)").points == 4.0
    verdict = judged(judge, "import os\nos._exit(0)")
    assert (verdict.points, verdict.review) == (0.0, True) and "died" in verdict.message
    assert judged(judge, "assert double(1) == 2").points == 4.0


def test_a_call_that_does_not_end_is_named(judge):
    """A test that catches every Exception cannot take it for a refusal."""
    test = "try:\n    forever(1)\nexcept Exception:\n    pass"
    verdict = judged(judge, test)
    assert verdict.message == "`forever` took longer than 1 s and was stopped"
    assert verdict.points == 0.0 and not verdict.stuck


def test_a_process_that_cannot_be_interrupted_is_reported(judge):
    """Its tests are over: whoever owns it must end it."""
    answer = """
def deaf():
    import time
    while True:
        try:
            time.sleep(0.01)
        except KeyboardInterrupt:
            pass
"""
    with Student(answer) as student:
        channel, interrupt = student.channel, student.interrupt
        with Judge([], ["deaf"], judge.limits) as fresh:
            verdict = fresh.run("deaf()", 1.0, channel, interrupt)
    assert verdict.stuck and "could not be stopped" in verdict.message


def test_many_calls_that_are_each_short_end_with_the_test(judge):
    """The test cell has a limit of its own."""
    verdict = judged(judge, "while True: double(1)")
    assert "2 s together with the rest of the test" in verdict.message


def test_a_test_that_uses_up_memory_is_a_failed_test():
    """A value may be an ordinary array here and still be too much to compute with."""
    with Judge([SETUP], NAMES, JudgeLimits(memory_bytes=20_000_000_000)) as judge:
        verdict = judged(judge, "x = np.ones(10**12)")
        assert verdict.points == 0.0 and "MemoryError" in verdict.message


def test_a_setup_that_raises_is_the_authors_fault():
    """Nothing can be graded then."""
    with pytest.raises(UserError, match="setup cell 2 raised ZeroDivisionError"):
        Judge(["x = 1", "x / 0"], ())


def test_the_judge_ends_with_its_owner():
    """Closing it leaves no process."""
    judge = Judge([SETUP], NAMES)
    pid = judge._pid
    judge.close()
    judge.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_judge_that_was_killed_says_so():
    """It is no submission's fault, and another judge can be asked."""
    judge = Judge([SETUP], NAMES)
    os.kill(judge._pid, signal.SIGKILL)
    os.waitid(os.P_PID, judge._pid, os.WEXITED | os.WNOWAIT)
    ours, theirs = socket.socketpair()

    with theirs, pytest.raises(JudgeDied):
        judge.run("double(1)", 1.0, ours)
    judge.close()


def test_transcripts_are_of_what_the_student_said(judge):
    """Equal for equal answers, whatever the code; rounded; other for other ones."""

    def said(body, test="double(np.ones(3) / 3)\nassert False"):
        answer = f"import numpy as np\ndef double(x):\n    return {body}\n"
        return judged(judge, test, answer).transcript

    assert said("2 * x") == said("x + x") == said("2 * x * (1 + 1e-12)")
    assert said("2 * x") != said("3 * x")
    assert said("2 * x") != said("np.float32(2 * x)") != said("list(2 * x)")
    # a change of an argument, and an exception, are said too
    assert said("x.__iadd__(x) * 1") != said("x + x")
    assert said("1 / 0") == said("2 / 0") != said("[][0]")


def test_names_of_an_exercise_are_what_it_defines():
    """Imports are the test's own; names inside functions are nobody's business."""
    cell = "import math\nfrom os import path\nLR = 1\na, b = 1, 2\n"
    cell += "def f(): g = 2\nclass C: x = 1\n"
    assert set(defined_names(cell)) == {"LR", "f", "C", "a", "b"}
