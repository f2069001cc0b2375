"""How long a student's code may take in a test, and how much it may send back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class JudgeLimits:
    """Limits of one test cell.

    Parameters
    ----------
    call_s : float, seconds
        One call of the student's code, callbacks into the test included.
    test_s : float, seconds
        The whole test cell.
    interrupt_s : float, seconds
        How long a call may take to react to an interrupt before it is given up.
    message_bytes : int
        What may cross the wall at once.
    header_bytes : int
        How much of that may be other than the numbers of arrays. It takes twenty times
        the memory when it is read.
    test_bytes : int
        What may cross the wall during one test cell, from the student's side.
    num_items : int
        How many values may cross at once; an array counts as one.
    memory_bytes : int
        What the test cell may take, beyond what its process holds at the beginning.
    """

    call_s: float = 20.0
    test_s: float = 60.0
    interrupt_s: float = 5.0
    message_bytes: int = 256_000_000
    header_bytes: int = 64_000_000
    test_bytes: int = 2_000_000_000
    num_items: int = 2_000_000
    memory_bytes: int = 4_000_000_000


MAX_DEPTH = 64  # of tuples in tuples; lists and dictionaries may nest as they like
MAX_TEXT = 2_000  # characters of an exception's message
MAX_NAME = 80  # characters of a function's or class's name
