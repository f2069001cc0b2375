"""What students do not receive: the regions that nbgrader cuts out of a cell.

    ### BEGIN SOLUTION          ### BEGIN HIDDEN TESTS
    ...                         ...
    ### END SOLUTION            ### END HIDDEN TESTS

nbgrader looks for these words anywhere in a line, so a line of prose that mentions them
counts as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from autograder.authoring.lab import Cell
from autograder.nbgrader_config import CODE_STUB

Name = Literal["SOLUTION", "HIDDEN TESTS"]


@dataclass(frozen=True)
class RegionFault:
    """What is wrong with a marker, and at which line of the cell's source (from 1)."""

    line: int
    fault: str


def region_faults(source: str, name: Name) -> Iterator[RegionFault]:
    """Yield what is wrong with the `name` regions of a cell."""
    begin, end = f"BEGIN {name}", f"END {name}"
    opened = 0
    for number, line in enumerate(source.splitlines(), start=1):
        if begin not in line and end not in line:
            continue
        if line.strip() not in (f"### {begin}", f"### {end}"):
            marker = begin if begin in line else end
            yield RegionFault(
                number,
                f"expected '### {marker}' on a line of its own, got {line.strip()!r}",
            )
        if begin in line:
            if opened:
                yield RegionFault(
                    number,
                    f"expected '### {end}' before the next '### {begin}', got one "
                    f"inside another (the first begins {number - opened} lines above)",
                )
            opened = number
        elif not opened:
            yield RegionFault(
                number, f"expected '### {begin}' before '### {end}', got the end alone"
            )
        else:
            opened = 0
    if opened:
        yield RegionFault(
            opened, f"expected '### {end}' after '### {begin}', got none in this cell"
        )


def split_hidden(cell: Cell) -> tuple[list[str], list[str]]:
    """Return the lines of `cell` that students see, and those that they do not.

    Markers belong to neither. Of a hidden test students see the leading comment; of a
    question with no region, nothing (its text is the model answer).
    """
    lines = cell.source.splitlines()
    if cell.kind == "test" and cell.hidden:
        return leading_comment(cell)
    name: Name = "HIDDEN TESTS" if cell.kind == "test" else "SOLUTION"
    if cell.kind == "question" and f"BEGIN {name}" not in cell.source:
        return [], lines
    visible: list[str] = []
    hidden: list[str] = []
    is_inside = False
    for line in lines:
        if f"BEGIN {name}" in line or f"END {name}" in line:
            is_inside = f"BEGIN {name}" in line
        else:
            (hidden if is_inside else visible).append(line)
    return visible, hidden


def leading_comment(cell: Cell) -> tuple[list[str], list[str]]:
    """Split a cell's lines after the comment that it starts with."""
    lines = cell.source.splitlines()
    length = 0
    while length < len(lines) and lines[length].startswith("#"):
        length += 1
    return lines[:length], lines[length:]


def stubbed(source: str, stub: str = CODE_STUB) -> str:
    """Return an exercise as students receive it, a stub in place of each solution.

    Does what nbgrader's ClearSolutions does, so that a lab can be checked without it.
    """
    lines: list[str] = []
    is_inside = False
    for line in source.splitlines():
        if "BEGIN SOLUTION" in line:
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + stub_line for stub_line in stub.splitlines()]
            is_inside = True
        elif "END SOLUTION" in line:
            is_inside = False
        elif not is_inside:
            lines.append(line)
    return "\n".join(lines)
