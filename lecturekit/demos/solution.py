"""The answers of labs, for demos that run them: loaded from `solutions/`, never copied.

A lab is a module: its setup and exercise cells, run in order. Students have no
`solutions/`; on their machine a demo shows what was recorded, and says in one sentence
where the code would be.

Looked for in `$LECTUREKIT_SOLUTIONS`, the current folder, and beside the package.
"""

import ast
import inspect
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from lecturekit.errors import UserError

from .demo import Answer

_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


@cache
def answers(lab: str, *exercises: str) -> dict[str, Any]:
    """Return the names that these exercises of a lab define, and its setup does.

    Raises
    ------
    UserError
        If the lab's solution is not on this machine, or has no such exercise.
    """
    cells = _cells(lab)
    if missing := [e for e in exercises if e not in {c.get("exercise") for c in cells}]:
        raise UserError(f"expected {lab} to have the exercises {missing}: see its file")
    names: dict[str, Any] = {"__name__": lab}
    for cell in cells:
        if "setup" in cell or cell.get("exercise") in exercises:
            exec(compile(cell["source"], f"<{lab}>", "exec"), names)
    return names


def source(answer: Answer | Callable[..., Any]) -> str:
    """Return the function as students should write it, without its docstring.

    Of a function that is not a lab's, return its own lines.

    Raises
    ------
    UserError
        As `answers` does.
    """
    if not isinstance(answer, Answer):
        return _function(inspect.getsource(answer), answer.__name__)
    for cell in _cells(answer.lab):
        if cell.get("exercise") == answer.exercise:
            return _function(cell["source"], answer.function)
    raise UserError(f"expected an exercise {answer.exercise!r} in {answer.lab}")


def peek(answer: Answer | Callable[..., Any]) -> str:
    """Return the lines to show, or the sentence that says why they are not here."""
    try:
        return source(answer)
    except UserError:
        assert isinstance(answer, Answer)
        return (
            f"# These lines are the exercise {answer.exercise!r} of {answer.lab}.\n"
            "# Its solution is not on this machine."
        )


def _function(text: str, name: str) -> str:
    """Cut one function out of a cell: no docstring, no markers, no indentation."""
    body: list[ast.stmt] = ast.parse(text).body
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((n for n in body if getattr(n, "name", None) == part), None)
        if node is None:
            raise UserError(f"expected a function {name!r} in the exercise, got none")
        body = getattr(node, "body", [])
    assert node is not None
    lines = text.splitlines()
    skipped: set[int] = set()
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        skipped = set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    kept = [
        lines[number - 1][node.col_offset :]
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if number not in skipped and lines[number - 1].strip() not in _MARKERS
    ]
    return "\n".join(kept)


@cache
def _cells(lab: str) -> list[dict[str, Any]]:
    """Return the code cells of a lab, each with what its marker line says."""
    import jupytext  # half a second that showing a deck does not need

    path = next((p for p in _places(lab) if p.exists()), None)
    if path is None:
        raise UserError(
            f"expected the solution of {lab} in solutions/, got none: run this where "
            "the course's repository is, or set LECTUREKIT_SOLUTIONS"
        )
    notebook = jupytext.read(path, fmt="py:percent")
    return [
        {**cell.metadata, "source": cell.source}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _places(lab: str) -> list[Path]:
    folders = [Path.cwd(), Path(__file__).parents[2]]
    if chosen := os.environ.get("LECTUREKIT_SOLUTIONS"):
        folders = [Path(chosen)]
        return [folder / lab / f"{lab}.py" for folder in folders]
    return [folder / "solutions" / lab / f"{lab}.py" for folder in folders]
