"""No answer and no hidden test may reach a student.

nbgrader cuts them out; this reads the file that it made as a suspicious person would:
every string in it, whatever its place, against every line that had to go.
"""

import json
from collections.abc import Iterator
from typing import Any

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.percent import AuthoringError
from autograder.authoring.regions import split_hidden

# A shorter line (`return mean`) gives nothing away and may stand anywhere by chance.
_SHORTEST = 13
_MARKERS = ("BEGIN SOLUTION", "BEGIN HIDDEN", "END SOLUTION", "END HIDDEN")


def leaks(lab: Lab, released: bytes) -> list[AuthoringError]:
    """Return what stands in the `released` notebook and should not; [] if nothing.

    A secret line that the author also wrote where students may see it is no leak.
    """
    text = "\n".join(_strings(json.loads(released)))
    visible = "\n".join(line for cell in lab.cells for line in _visible(cell))
    found = [
        AuthoringError(lab.path, 1, f"expected no {marker!r} in the student notebook")
        for marker in _MARKERS
        if marker in text
    ]
    for cell in lab.cells:
        for line in _secret(cell):
            if len(line) >= _SHORTEST and line in text and line not in visible:
                found.append(
                    AuthoringError(
                        lab.path,
                        _line_of(line, cell),
                        f"expected this line to stay with the instructors, got it in "
                        f"the student notebook: {line!r}",
                    )
                )
    return found


def _visible(cell: Cell) -> list[str]:
    if cell.kind in ("exercise", "test", "question"):
        return split_hidden(cell)[0]
    return cell.source.splitlines()


def _secret(cell: Cell) -> list[str]:
    if cell.kind in ("exercise", "test", "question"):
        return [line.strip() for line in split_hidden(cell)[1]]
    return []


def _line_of(line: str, cell: Cell) -> int:
    lines = [text.strip() for text in cell.source.splitlines()]
    return cell.line + lines.index(line) + 1


def _strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value; a list of strings counts as one text."""
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield key
                yield from _strings(item)
        case list() if all(isinstance(item, str) for item in value):
            yield "".join(value)
        case list():
            for item in value:
                yield from _strings(item)
