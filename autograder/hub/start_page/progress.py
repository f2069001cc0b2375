"""Which checks of a notebook passed when the student last ran and saved it.

What is read is the saved file alone: nothing runs, and whoever wants to see other
numbers can write them there. It is the student's own page, and no mark.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAX_BYTES = 30_000_000  # a larger file is not read for the sake of a title


@dataclass(frozen=True)
class Check:
    """One visible check.

    Parameters
    ----------
    has_passed : bool or None
        None if it was not run.
    """

    name: str
    has_passed: bool | None


@dataclass(frozen=True)
class Progress:
    """What a notebook shows of itself.

    Parameters
    ----------
    title : str
        Its first heading; "" if there is none.
    """

    title: str = ""
    checks: tuple[Check, ...] = ()

    @property
    def num_passed(self) -> int:
        """How many checks passed."""
        return sum(check.has_passed is True for check in self.checks)


def read_progress(notebook: Path) -> Progress:
    """Read a notebook; whatever cannot be read says nothing."""
    try:
        if not notebook.is_file() or notebook.stat().st_size > _MAX_BYTES:
            return Progress()
        content = json.loads(notebook.read_text(encoding="utf-8"))
        cells = [cell for cell in content["cells"] if isinstance(cell, dict)]
        checks = (_check(cell) for cell in cells)
        return Progress(_title(cells), tuple(check for check in checks if check))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Progress()


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _title(cells: list[dict[str, Any]]) -> str:
    for cell in cells:
        if cell.get("cell_type") == "markdown":
            for line in _source(cell).splitlines():
                if line.startswith("# "):
                    return line[2:].strip()[:200]
    return ""


def _check(cell: dict[str, Any]) -> Check | None:
    """Return a cell's check; None if it is none, or hidden: nothing but a comment."""
    about = cell.get("metadata", {}).get("nbgrader", {})
    if cell.get("cell_type") != "code" or not about.get("grade"):
        return None
    lines = [line.strip() for line in _source(cell).splitlines()]
    if all(not line or line.startswith("#") for line in lines):
        return None
    name = str(about.get("grade_id", ""))[:100].removeprefix("test-")
    if cell.get("execution_count") is None:
        return Check(name, None)
    outputs = cell.get("outputs", [])
    return Check(name, all(output.get("output_type") != "error" for output in outputs))
