"""Run one test cell against a student's process, and say what it is worth.

    an exception                    0, and its message says why
    no exception                    full points
    a last expression with a value  that many points, if it is a plain number in
                                    [0, maximum]; anything else is 0 and flagged
    no end, or unreadable answers   0, whatever the test made of it

Prints and warnings never change a mark. The message of a failed assertion is the
author's, with the student's values in it; of any other exception it is one sentence,
with the student's own line, and never a line of the test.
"""

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any

from autograder.judging.errors import Stopped
from autograder.judging.near import Near
from autograder.judging.wording import failure_message, readable, shortened


@dataclass(frozen=True)
class Verdict:
    """What one test cell gives.

    Parameters
    ----------
    points : float
        0 <= points <= maximum.
    maximum : float
        The points of the test.
    message : str
        Why points were lost; empty if none were.
    misconception : str
        The sentence of the wrong answer in the bank that says the same, or "".
    review : bool
        True if a person should look before the mark counts.
    transcript : str
        A digest of all that the student's code said.
    stuck : bool
        True if the student's process did not react to an interrupt: end it.
    cut_off : bool
        True if the student's process ended before the test did.
    """

    points: float
    maximum: float
    message: str = ""
    misconception: str = ""
    review: bool = False
    transcript: str = ""
    stuck: bool = False
    cut_off: bool = False


def run_cell(
    source: str,
    maximum: float,
    namespace: dict[str, Any],
    names: Sequence[str],
    near: Near,
) -> Verdict:
    """Run a test cell in `namespace`, where the setup cells have run.

    Parameters
    ----------
    names : sequence of str
        What the lab's exercises define: here, the student's.
    near : Near
        The conversation with the student's process, at its beginning.
    """
    value, error = None, None
    try:
        namespace.update(near.names(list(names)))
        value = _run(source, namespace)
    except BaseException as raised:
        error = raised
    transcript = near.transcript.digest()
    if near.stopped:
        return Verdict(
            0.0,
            maximum,
            readable(near.stopped),
            review=near.is_malformed,
            transcript=transcript,
            stuck=near.is_stuck,
            cut_off=near.is_cut_off,
        )
    if error is not None:
        message = readable(_message(error, names, near))
        return Verdict(0.0, maximum, message, transcript=transcript)
    points = maximum if value is None else _plain_number(value)
    if points is None or not 0 <= points <= maximum:
        message = (
            f"expected a number from 0 to {maximum:g} as the check's last value, got "
            f"{readable(repr(value))}"
        )
        return Verdict(0.0, maximum, message, review=True, transcript=transcript)
    message = ""
    if points < maximum:
        message = f"the check gave {points:g} of {maximum:g} points"
    return Verdict(points, maximum, message, transcript=transcript)


@cache
def compiled(source: str) -> tuple[CodeType, CodeType | None]:
    """Return the code of a test cell: statements, and a last expression or None.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    tree = ast.parse(source)
    value = None
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        tree.body.pop()
        value = compile(ast.Expression(last.value), "<test>", "eval")
    return compile(tree, "<test>", "exec"), value


def _run(source: str, namespace: dict[str, Any]) -> Any:
    """Run the cell; return its last statement's value if that is an expression."""
    statements, value = compiled(source)
    exec(statements, namespace)
    return None if value is None else eval(value, namespace)


def _plain_number(value: Any) -> float | None:
    if type(value) not in (int, float) or not math.isfinite(value):
        return None
    return float(value)


def _message(error: BaseException, names: Sequence[str], near: Near) -> str:
    if isinstance(error, Stopped):
        return str(error)
    if isinstance(error, NameError) and error.name in names:
        return (
            f"`{error.name}` is not defined: its cell is missing, raised an exception, "
            "gives it another name, or gives it a value that cannot be sent to a test"
        )
    message = failure_message(type(error).__name__, str(error))
    line = near.line_of_student(error)
    if line is None:
        return message
    number, text = line
    where = f"line {number} of your cell"
    return shortened(
        f"{message} ({where}: `{text}`)" if text else f"{message} ({where})"
    )
