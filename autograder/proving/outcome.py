"""What trials earn: a mark per test cell, an outcome per seed."""

from dataclasses import dataclass

from autograder.proving.answers import Trial


@dataclass(frozen=True)
class Mark:
    """What one trial earned at one test cell.

    Parameters
    ----------
    test : str
        The test's grade id.
    points : float
        0 <= points <= maximum.
    message : str
        Why marks were lost; empty if none were.
    """

    test: str
    exercise: str
    points: float
    maximum: int
    message: str


@dataclass(frozen=True)
class Outcome:
    """The marks of one trial at one seed."""

    trial: Trial
    seed: int
    marks: tuple[Mark, ...]
