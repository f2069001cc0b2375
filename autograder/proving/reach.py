"""Which cells an answer can reach: only those have to be run to judge it.

An answer replaces one exercise cell. A test whose code names nothing that the answer
defines, directly or through other exercise cells, gives the same marks with it as with
the solution, so it need not be run again. (The names are read off the code; an answer
that patches a library behind a test's back is a cheat, not a misconception, and has no
place in a bank.)
"""

from collections.abc import Iterable

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.names import names_of
from autograder.proving.answers import Trial


class Reach:
    """The names of a lab's cells, read once.

    Parameters
    ----------
    lab : Lab
        Every exercise and test cell parses (`checks.py` has seen to it).
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._names = {
            cell: names_of(cell.source) for cell in lab.of_kind("exercise", "test")
        }

    def tests(self, trial: Trial) -> tuple[Cell, ...]:
        """Return the tests that `trial` can change, in order; all for the solution."""
        tests = self._lab.of_kind("test")
        if not trial.exercise:
            return tests
        cell = self._lab.exercise_cell(trial.exercise)
        changed = self._names[cell][1] | names_of(trial.source)[1]
        return tuple(
            test
            for test in tests
            if test.exercise == trial.exercise or changed & self._used_by([test])
        )

    def exercises(self, trial: Trial, tests: Iterable[Cell]) -> tuple[Cell, ...]:
        """Return the exercise cells that `tests` need, in order; `trial`'s included."""
        used = self._used_by(tests, names_of(trial.source)[0])
        return tuple(
            cell
            for cell in self._lab.of_kind("exercise")
            if cell.exercise == trial.exercise or self._names[cell][1] & used
        )

    def _used_by(
        self, tests: Iterable[Cell], more: frozenset[str] = frozenset()
    ) -> frozenset[str]:
        """Return the names that cells use, and those that these are made from."""
        used = more.union(*(self._names[test][0] for test in tests))
        while True:
            exercises = self._lab.of_kind("exercise")
            makers = [self._names[c][0] for c in exercises if self._names[c][1] & used]
            more = used.union(*makers)
            if more == used:
                return used
            used = more
