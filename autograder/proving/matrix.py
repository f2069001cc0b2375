"""The kill matrix: exercise x answer, and what in it proves the tests wrong.

A test suite is proven by its answers: a wrong one that keeps all its marks has
survived, a right one that loses a mark was wronged. Both are faults of the tests (or of
the text that states the contract), never of the answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from autograder.authoring.lab import Lab
from autograder.proving.answers import Trial
from autograder.proving.outcome import Outcome


@dataclass(frozen=True)
class Entry:
    """One answer over all seeds.

    Parameters
    ----------
    trial : Trial
        The answer.
    worst, best : dict of str to float
        Points per exercise, at the seed with the fewest and with the most; all of them
        where the answer cannot reach a test.
    message : str
        The first reason for which marks were lost at the answer's own exercise
        (anywhere, for the solution).
    """

    trial: Trial
    worst: dict[str, float]
    best: dict[str, float]
    message: str


@dataclass(frozen=True)
class Matrix:
    """All answers of a lab's bank, graded on several seeds."""

    lab: Lab
    seeds: tuple[int, ...]
    entries: tuple[Entry, ...]

    def maximum(self, exercise: str) -> int:
        """Return the points that `exercise`'s tests can give."""
        return sum(cell.points for cell in self.lab.tests_of(exercise))

    def faults(self) -> list[str]:
        """Return one sentence per answer that proves the tests wrong; [] if proven."""
        return [
            f"{self._where(entry.trial)}: {fault}"
            for entry in self.entries
            for fault in self._faults(entry)
        ]

    def summary(self) -> str:
        """Return how many wrong and right answers were graded, and on which seeds."""
        wrong, right = self._expected("wrong"), self._expected("right")
        return (
            f"{self.num_killed} of {len(wrong)} wrong answers lost marks, {len(right)} "
            f"right ones were tried, on {len(self.seeds)} seeds"
        )

    @property
    def num_killed(self) -> int:
        """How many wrong answers lose marks at their own exercise, on every seed."""
        return sum(
            entry.best[entry.trial.exercise] < self.maximum(entry.trial.exercise)
            for entry in self._expected("wrong")
        )

    def shares(self) -> tuple[str, str]:
        """Return how many wrong answers are killed, and how many right ones kept."""
        wrong, right = self._expected("wrong"), self._expected("right")
        kept = sum(not list(self._faults(entry)) for entry in right)
        return f"{self.num_killed} of {len(wrong)}", f"{kept} of {len(right)}"

    def _expected(self, what: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.trial.expected == what]

    def _faults(self, entry: Entry) -> Iterable[str]:
        trial = entry.trial
        for exercise in self.lab.exercises:
            full = self.maximum(exercise)
            is_own = exercise == trial.exercise
            if trial.expected == "wrong" and is_own and entry.best[exercise] == full:
                yield (
                    f"wrong answer {trial.name!r} kept all {full} points of "
                    f"{exercise!r} on at least one seed: no test notices the mistake"
                )
            if trial.expected == "right" and entry.worst[exercise] < full:
                yield (
                    f"right answer {trial.name!r} got {entry.worst[exercise]:g} of "
                    f"{full} points at {exercise!r}: {entry.message}"
                )
            if (
                trial.expected == "wrong"
                and not is_own
                and entry.worst[exercise] < full
            ):
                yield (
                    f"wrong answer {trial.name!r} to {trial.exercise!r} also lost "
                    f"marks at {exercise!r}: one mistake must cost once"
                )

    def _where(self, trial: Trial) -> str:
        built_in = trial.name in ("solution", "unanswered")
        path = self.lab.path if built_in else self.lab.path.with_name("mutants.py")
        return f"{path}:{trial.line}"

    def table(self) -> Table:
        """Draw the matrix: answers by exercises; a dot stands for full marks."""
        table = Table(
            title=f"{self.lab.name}: points kept, worst of {len(self.seeds)} seeds",
            title_justify="left",
        )
        table.add_column("answer", no_wrap=True, min_width=22)
        for exercise in self.lab.exercises:
            head = f"{exercise.replace('-', ' ')} /{self.maximum(exercise)}"
            table.add_column(head, justify="right", overflow="fold", max_width=10)
        table.add_column("verdict", no_wrap=True, min_width=7)
        section = ""
        for entry in self.entries:
            if entry.trial.exercise != section:
                section = entry.trial.exercise
                table.add_section()
                table.add_row(Text(section, style="bold"))
            table.add_row(*self._row(entry))
        return table

    def _row(self, entry: Entry) -> list[Text]:
        faulty = bool(list(self._faults(entry)))
        cells = [Text(self._label(entry.trial))]
        for exercise in self.lab.exercises:
            lost = entry.worst[exercise] < self.maximum(exercise)
            mark = f"{entry.worst[exercise]:g}" if lost else "·"
            cells.append(Text(mark, style="bold" if lost else "dim"))
        verdict = {"right": "right", "wrong": "killed"}[entry.trial.expected]
        cells.append(
            Text("FAULT", style="bold red") if faulty else Text(verdict, style="green")
        )
        return cells

    @staticmethod
    def _label(trial: Trial) -> str:
        return f"  {trial.name}" if trial.exercise else trial.name


def build_matrix(
    lab: Lab, seeds: tuple[int, ...], outcomes: Iterable[Outcome]
) -> Matrix:
    """Gather `outcomes` (in any order) into the matrix, in the order of the bank."""
    by_trial: dict[Trial, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda o: o.seed):
        by_trial.setdefault(outcome.trial, []).append(outcome)
    entries = [_entry(lab, trial, runs) for trial, runs in by_trial.items()]
    order = {name: i for i, name in enumerate(("", *lab.exercises))}
    entries.sort(
        key=lambda e: (
            order[e.trial.exercise],
            e.trial.name != "unanswered",
            e.trial.line,
        )
    )
    return Matrix(lab, seeds, tuple(entries))


def _entry(lab: Lab, trial: Trial, runs: list[Outcome]) -> Entry:
    lost = [mark for run in runs for mark in run.marks if mark.points < mark.maximum]
    reasons = [
        f"{mark.test}: {mark.message}"
        for mark in lost
        if trial.exercise in ("", mark.exercise)
    ]
    earned: dict[str, list[float]] = {}
    for exercise in lab.exercises:
        full = sum(cell.points for cell in lab.tests_of(exercise))
        earned[exercise] = [
            full
            - sum(
                mark.maximum - mark.points
                for mark in run.marks
                if mark.exercise == exercise
            )
            for run in runs
        ]
    return Entry(
        trial,
        {exercise: min(points) for exercise, points in earned.items()},
        {exercise: max(points) for exercise, points in earned.items()},
        reasons[0] if reasons else "",
    )
