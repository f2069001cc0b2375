"""Which mistake how often: misconceptions by name, other lost checks by their message.

A message holds the student's own numbers; two messages that differ in numbers alone
are one mistake.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from autograder.reports.results import Results

_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Mistake:
    """One mistake and who made it.

    Parameters
    ----------
    text : str
        The misconception's sentence, or one of the messages.
    is_known : bool
        True if it is a misconception of the lab's bank.
    where : tuple of str
        Grade ids of the checks at which it was seen.
    students : tuple of str
        Each once.
    """

    text: str
    is_known: bool
    where: tuple[str, ...]
    students: tuple[str, ...]


def mistakes_of(results: Results) -> tuple[Mistake, ...]:
    """Return all mistakes, the most frequent first."""
    found: dict[tuple[str, ...], list[tuple[str, str, str]]] = defaultdict(list)
    for one in results.students:
        for mark in one.marks.marks:
            if mark.misconception:
                text, key = mark.misconception, ("", mark.misconception)
            elif mark.message and mark.points < mark.maximum and not mark.pending:
                text = mark.message
                key = (mark.grade_id, _NUMBER.sub("#", mark.message))
            else:
                continue
            found[key].append((one.marks.student, mark.grade_id, text))
    mistakes = [
        Mistake(
            seen[0][2],
            not key[0],
            tuple(dict.fromkeys(where for _, where, _ in seen)),
            tuple(dict.fromkeys(student for student, _, _ in seen)),
        )
        for key, seen in found.items()
    ]

    def rank(one: Mistake) -> tuple[int, bool, tuple[str, ...], str]:
        return -len(one.students), not one.is_known, one.where, one.text

    return tuple(sorted(mistakes, key=rank))
