"""How a lab's checks did their work: the classical statistics of a test's items.

    difficulty        p = mean share of an item's points; 1 is an item all got
    discrimination    r = correlation of an item's points with the points of the rest
                      of the lab, over students ("corrected item-total correlation")

An item with r near 0 does not tell who has understood the lab; one with r < 0 is lost
by those who did well otherwise, and often wrong itself. The limits in words are those
of Ebel and Frisbie, *Essentials of Educational Measurement* (1991): 0.4 very good, 0.3
good, 0.2 acceptable.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.grading.marks import CellMark
from autograder.reports.results import Results

MIN_STUDENTS = 20
"""Below this, r is mostly chance: the report says so."""


@dataclass(frozen=True)
class Item:
    """One test or question.

    Parameters
    ----------
    exercise : str
        Empty for a question.
    num_marked : int
        How many students have a mark for it.
    difficulty, discrimination : float or None
        None where they are not defined: nobody is marked, or all have the same points.
    """

    grade_id: str
    exercise: str
    maximum: float
    num_marked: int
    difficulty: float | None
    discrimination: float | None

    @property
    def verdict(self) -> str:
        """What the numbers mean, in words."""
        if self.difficulty is None:
            return "nobody is marked yet"
        return f"{_how_hard(self.difficulty)}; {_how_telling(self)}"


def items_of(results: Results) -> tuple[Item, ...]:
    """Return the statistics of every test and question, in the order of the lab.

    Unreadable submissions are left out: their zeros say nothing about a check. So is an
    answer that nobody has marked yet, for its own item.
    """
    students = [
        {mark.grade_id: mark for mark in one.marks.marks}
        for one in results.students
        if one.marks.status != "unreadable"
    ]
    return tuple(
        _item(cell.grade_id, cell.exercise, cell.maximum, students)
        for cell in results.cells
    )


def _item(
    name: str, exercise: str, maximum: float, students: Sequence[dict[str, CellMark]]
) -> Item:
    marked = [m for m in students if name in m and not m[name].pending]
    if not marked or maximum <= 0:
        return Item(name, exercise, maximum, len(marked), None, None)
    points = np.array([marks[name].points for marks in marked])
    rest = np.array(
        [
            sum(m.points for m in marks.values() if m.grade_id != name)
            for marks in marked
        ]
    )
    share = float(points.mean() / maximum)
    return Item(name, exercise, maximum, len(marked), share, _correlation(points, rest))


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    """Return Pearson's r, None if it is not defined."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _how_hard(difficulty: float) -> str:
    for limit, words in ((0.9, "nearly all got it"), (0.7, "easy"), (0.3, "medium")):
        if difficulty >= limit:
            return words
    return "hard" if difficulty >= 0.1 else "hardly anybody got it"


def _how_telling(item: Item) -> str:
    r = item.discrimination
    if r is None:
        return "all have the same points, so it tells nobody apart"
    if r < 0:
        return "look at this one: those who did well otherwise lost it"
    for limit, words in ((0.4, "very well"), (0.3, "well"), (0.2, "acceptably")):
        if r >= limit:
            return f"tells strong from weak {words}"
    return "hardly tells strong from weak"
