"""The bank of a lab: wrong answers and unusual right ones, each with its sentence.

`mutants.py` stands beside the lab and has the same percent format. A cell is a whole
answer to one exercise, and its leading comment is the sentence:

    # %% mutant="uniform" exercise="weighted-mean"
    # You averaged all clients equally; FedAvg weighs client k by n_k / n.
    def weighted_mean(models, num_examples):
        ...

    # %% alternative="one-loop" exercise="weighted-mean"
    # Accumulates array by array.
    def weighted_mean(models, num_examples):
        ...

A mutant is a misconception: its sentence is what a student should read who made that
mistake. An alternative is a right answer that looks different; its sentence says how.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.authoring.lab import Lab
from autograder.authoring.percent import AuthoringError, RawCell, read_cells


@dataclass(frozen=True)
class Answer:
    """An answer to one exercise.

    Parameters
    ----------
    name : str
        Unique within its exercise, for instance "uniform".
    exercise : str
        The exercise that it answers.
    is_right : bool
        True for an alternative, False for a mutant.
    sentence : str
        What a student who wrote this should read; how an alternative differs.
    source : str
        The whole exercise cell.
    line : int
        The marker's line in the bank, from 1.
    """

    name: str
    exercise: str
    is_right: bool
    sentence: str
    source: str
    line: int


def read_bank(lab: Lab) -> tuple[Answer, ...]:
    """Read the bank beside `lab`, in the order of the file; () if there is none.

    Raises
    ------
    AuthoringError
        If an answer has no sentence or no code, names an unknown exercise, or stands
        twice under one name.
    """
    path = lab.path.with_name("mutants.py")
    if not path.exists():
        return ()
    answers = []
    for raw in read_cells(path):
        if raw.cell_type == "code":
            answers.append(_answer(path, raw, lab))
    seen: dict[tuple[str, str], int] = {}
    for answer in answers:
        key = (answer.exercise, answer.name)
        if key in seen:
            raise AuthoringError(
                path,
                answer.line,
                f"expected one answer {answer.name!r} to {answer.exercise!r}, got a "
                f"second one (the first is at line {seen[key]})",
            )
        seen[key] = answer.line
    return tuple(answers)


def _answer(path: Path, raw: RawCell, lab: Lab) -> Answer:
    roles: list[Literal["mutant", "alternative"]] = ["mutant", "alternative"]
    given = [role for role in roles if role in raw.metadata]
    if len(given) != 1:
        raise AuthoringError(
            path,
            raw.line,
            'expected mutant="name" or alternative="name" on the marker line, got '
            f"{' and '.join(given) or 'neither'}",
        )
    exercise = raw.metadata.get("exercise")
    if exercise not in lab.exercises:
        raise AuthoringError(
            path,
            raw.line,
            f"expected one of the exercises {', '.join(lab.exercises)}, got "
            f"{exercise!r}",
        )
    lines = raw.source.splitlines()
    comment = []
    while lines and lines[0].startswith("#"):
        comment.append(lines.pop(0).removeprefix("#").strip())
    source = "\n".join(lines).strip()
    if not comment or not source:
        missing = "a leading comment that says what is wrong" if source else "code"
        raise AuthoringError(path, raw.line, f"expected {missing}, got none")
    return Answer(
        str(raw.metadata[given[0]]),
        str(exercise),
        given[0] == "alternative",
        " ".join(comment),
        source,
        raw.line,
    )
