"""What gets proved: the solution, the empty stubs, and every answer of the bank."""

import ast
from dataclasses import dataclass
from typing import Literal

from autograder.authoring.bank import read_bank
from autograder.authoring.lab import Lab

Expectation = Literal["right", "wrong"]

STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class Trial:
    """A lab with one exercise answered differently (or none: the solution itself).

    Parameters
    ----------
    name : str
        The answer's name in its bank; "solution" or "unanswered" for the built-in ones.
    exercise : str
        The exercise whose cell is swapped; empty for the solution.
    expected : str
        "right": all marks everywhere. "wrong": marks lost at `exercise`.
    source : str
        The cell that replaces the solution's; empty for the solution.
    line : int
        Where the answer stands in its file.
    """

    name: str
    exercise: str
    expected: Expectation
    source: str
    line: int

    def imports(self) -> tuple[str, ...]:
        """Return the modules that the answer imports, in the order of its text."""
        names: list[str] = []
        for node in ast.walk(ast.parse(self.source)):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
        return tuple(names)


def trials(lab: Lab) -> tuple[Trial, ...]:
    """Return everything to be graded for `lab`: the solution first, then the bank.

    An unanswered stub is a wrong answer of every lab: a test that gives marks for it
    tests nothing.
    """
    solution = Trial("solution", "", "right", "", 1)
    unanswered = tuple(
        Trial("unanswered", cell.exercise, "wrong", STUB, cell.line)
        for cell in lab.of_kind("exercise")
    )
    bank = tuple(
        Trial(
            answer.name,
            answer.exercise,
            "right" if answer.is_right else "wrong",
            answer.source,
            answer.line,
        )
        for answer in read_bank(lab)
    )
    return (solution, *unanswered, *bank)
