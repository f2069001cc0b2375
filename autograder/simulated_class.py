"""A class of twelve, made from a lab's own bank: what a TA's evening looks like.

Seven students handed in honest work (the solution, two who solved every exercise in
another way, four with one mistake each) and five did what real notebooks do: nothing, a
crash on import, a flood of output, a deleted test, a file that is not a notebook.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from autograder.authoring.bank import Answer, read_bank
from autograder.authoring.lab import Lab
from autograder.errors import UserError

NUM_MUTANTS = 4
NUM_ALTERNATIVES = 2

_CRASH = "import no_such_package\n"
_NOISE = """\
import sys, warnings
for i in range(20_000):
    print(f"step {i}: everything is fine")
warnings.warn("a warning that means nothing")
print("a line on stderr", file=sys.stderr)
"""


def make_class(
    lab: Lab, labs_dir: Path, course: Path, *, force: bool = False
) -> dict[str, str]:
    """Write twelve submissions to `course`/submitted; return student -> what they did.

    Parameters
    ----------
    labs_dir : Path
        Holds the released notebook, `<lab>/<lab>.ipynb`.
    force : bool
        Write over submissions that differ from what the bank gives. Without it they
        are kept as they are.

    Raises
    ------
    UserError
        If the released notebook is missing, or the bank has too few answers.
    """
    released = labs_dir / lab.name / f"{lab.name}.ipynb"
    if not released.exists():
        raise UserError(
            f"expected the released notebook at {released}, found none: run "
            f"`autograder build {lab.name}` first"
        )
    text = released.read_text(encoding="utf-8")
    students: dict[str, str] = {}
    for number, (name, story, make) in enumerate(_cast(lab), start=1):
        student = f"s{number:02d}-{name}"
        folder = course / "submitted" / student / lab.name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / released.name
        content = make(text)
        if force or not path.exists():
            path.write_text(content, encoding="utf-8")
        students[student] = story
    return students


Submission = tuple[str, str, Callable[[str], str]]


def _cast(lab: Lab) -> list[Submission]:
    """Return (name, what they did, released text -> submitted text) per student."""
    bank = read_bank(lab)
    solution = {
        cell.grade_id: without_markers(cell.source)
        for cell in lab.of_kind("exercise", "question")
    }
    last = lab.exercises[-1]
    test = lab.tests_of(lab.exercises[0])[0].grade_id

    def answering(name: str, story: str, answers: dict[str, str]) -> Submission:
        return name, story, partial(answered, answers=solution | answers)

    return [
        answering("solution", "the solution", {}),
        *(
            answering(
                f"alternative-{k + 1}",
                "right, in another way",
                _kth_alternative(lab, bank, k),
            )
            for k in range(NUM_ALTERNATIVES)
        ),
        *(
            answering(a.name, a.sentence, {a.exercise: a.source})
            for a in _one_mutant_per_exercise(lab, bank)[:NUM_MUTANTS]
        ),
        ("untouched", "handed in the lab as it came", str),
        answering("raises", "a cell raises", {last: _CRASH + solution[last]}),
        answering("noisy", "prints and warns", {last: _NOISE + solution[last]}),
        (
            "deleted-test",
            f"deleted {test}",
            lambda text: without_cell(answered(text, solution), test),
        ),
        ("not-json", "half a file", lambda text: text[: len(text) // 2]),
    ]


def _kth_alternative(lab: Lab, bank: tuple[Answer, ...], k: int) -> dict[str, str]:
    chosen = {}
    for exercise in lab.exercises:
        options = [a for a in bank if a.exercise == exercise and a.is_right]
        if options:
            chosen[exercise] = options[k % len(options)].source
    return chosen


def _one_mutant_per_exercise(lab: Lab, bank: tuple[Answer, ...]) -> list[Answer]:
    first: dict[str, Answer] = {}
    for answer in bank:
        if not answer.is_right:
            first.setdefault(answer.exercise, answer)
    mutants = [first[exercise] for exercise in lab.exercises if exercise in first]
    if len(mutants) < NUM_MUTANTS:
        raise UserError(
            f"expected mutants of at least {NUM_MUTANTS} exercises beside {lab.path}, "
            f"got {len(mutants)}"
        )
    return mutants


def without_markers(source: str) -> str:
    """Return an exercise or a model answer as a student would have written it."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if "### " not in line)


def answered(released: str, answers: dict[str, str]) -> str:
    """Return the released notebook's text with each exercise's cell filled in.

    Parameters
    ----------
    released : str
        The notebook's JSON.
    answers : dict of str to str
        Grade id of an exercise or a question -> the whole cell.
    """
    notebook = nbformat.reads(released, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(_grade_id(cell), cell.source)
    return str(nbformat.writes(notebook))


def without_cell(released: str, grade_id: str) -> str:
    """Return the notebook's text without the cell named `grade_id`."""
    notebook = json.loads(released)
    notebook["cells"] = [c for c in notebook["cells"] if _grade_id(c) != grade_id]
    return json.dumps(notebook, indent=1)


def _grade_id(cell: Any) -> str:
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))
