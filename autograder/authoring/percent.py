"""Percent files: Python text whose cells start with '# %%', read with line numbers.

jupytext does the reading. What stands here is the line on which each cell starts, so
that a fault can be named, and a refusal of what jupytext would silently read as
something else.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext

from autograder.errors import UserError

_MARKER = re.compile(r"^# %%")
_MISPLACED_TYPE = re.compile(r"=.*\[(markdown|md|raw)\]")
# What jupytext notes for itself; it says nothing about what a cell is for.
_JUPYTEXT_NOTES = ("lines_to_next_cell", "tags")


class AuthoringError(UserError):
    """A fault in a source file, as one sentence with its file and line."""

    def __init__(self, path: Path, line: int, fault: str) -> None:
        super().__init__(f"{path}:{line}: {fault}")
        self.path, self.line, self.fault = path, line, fault


@dataclass(frozen=True)
class RawCell:
    """One cell of a percent file, before it is given a meaning.

    Parameters
    ----------
    cell_type : str
        "code" or "markdown".
    source : str
        The cell's text, without its marker line.
    metadata : dict
        What the marker line says, for instance `{"test": "mean", "points": 2}`.
    line : int
        The marker's line in the file, from 1. Line i of `source` (from 1) is line
        `line + i` of the file.
    """

    cell_type: str
    source: str
    metadata: dict[str, Any]
    line: int


def read_cells(path: Path) -> list[RawCell]:
    """Read a percent file's cells with the line on which each one starts.

    Raises
    ------
    AuthoringError
        If the file is not in percent format, or a marker line is one that jupytext
        would silently read as something else.
    FileNotFoundError
        If there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise AuthoringError(
            path, line, "expected UTF-8 text, got bytes that are not: save it as UTF-8"
        ) from error
    lines = text.splitlines()
    markers = [i for i, line in enumerate(lines, start=1) if _MARKER.match(line)]
    for line in markers:
        if _MISPLACED_TYPE.search(lines[line - 1]):
            raise AuthoringError(
                path,
                line,
                "expected [markdown] straight after '# %%', got it after the "
                "metadata, which jupytext would read as a code cell",
            )
    cells = jupytext.reads(text, fmt="py:percent").cells
    if len(cells) != len(markers):
        raise AuthoringError(
            path,
            1,
            f"expected every cell to start with '# %%', got {len(markers)} such lines "
            f"for {len(cells)} cells: is there text before the first one, or one "
            "inside a string?",
        )
    return [
        RawCell(cell.cell_type, cell.source, _metadata(path, cell.metadata, line), line)
        for cell, line in zip(cells, markers, strict=True)
    ]


def _metadata(path: Path, given: dict[str, Any], line: int) -> dict[str, Any]:
    """Return what the author wrote on the marker line, refusing what cannot be read."""
    if "incorrectly_encoded_metadata" in given:
        raise AuthoringError(
            path,
            line,
            'expected key="text", key=number or key=true after the marker, got '
            f"{given['incorrectly_encoded_metadata']!r}",
        )
    if "cell_marker" in given:
        raise AuthoringError(
            path,
            line,
            "expected prose as lines that start with '# ', got a quoted string",
        )
    return {key: value for key, value in given.items() if key not in _JUPYTEXT_NOTES}
