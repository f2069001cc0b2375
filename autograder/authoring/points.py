"""Whether the points that a lab promises are the points that its cells give.

The promise is the table in the header, a row per task; the cells of a task are those
under its `## Task N` heading.

    | Task | What you write | Points |
    |---|---|---|
    | 1 | the average of a list of models | 20 + 5 |
    | **Total** | | 25 |
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.percent import AuthoringError

_TASK = re.compile(r"## +Task +(\d+)\b")
_SECTION = re.compile(r"## ")
_PIPE = re.compile(r"(?<!\\)\|")
# Whole numbers, each perhaps with a word: "25", "20 + 5", "20 + 5 hidden".
_SUM = re.compile(r"\d+( +[a-z]+)*( *\+ *\d+( +[a-z]+)*)*")


@dataclass
class _Task:
    """A `## Task N` heading with the points of the cells under it."""

    number: int
    line: int
    points: int = 0


@dataclass(frozen=True)
class _Row:
    """A row of the header's table; its points are None if they cannot be read."""

    is_total: bool
    text: str
    points: int | None
    line: int


def check_points(lab: Lab) -> Iterator[AuthoringError]:
    """Yield what does not add up between the header's table and the cells."""
    tasks: list[_Task] = []
    for cell, task in _under_tasks(lab, tasks):
        if task is None:
            yield AuthoringError(
                lab.path,
                cell.line,
                f"expected {cell.grade_id!r} under a '## Task N' heading, got it under "
                f"none: its {cell.points} points belong to no task",
            )
        else:
            task.points += cell.points
    rows = _table(lab)
    if rows is None:
        yield AuthoringError(
            lab.path,
            1,
            "expected a table with a column 'Points' before the first task, got none",
        )
        return
    for row in rows:
        if row.points is None:
            yield AuthoringError(
                lab.path,
                row.line,
                f"expected whole numbers such as '25' or '20 + 5' in the column "
                f"'Points', got {row.text!r}",
            )
    yield from _sums(lab, tasks, rows)


def _sums(lab: Lab, tasks: list[_Task], rows: list[_Row]) -> Iterator[AuthoringError]:
    of_tasks = [row for row in rows if not row.is_total]
    if len(of_tasks) != len(tasks):
        yield AuthoringError(
            lab.path,
            rows[0].line if rows else 1,
            f"expected a row of the table for each of the {len(tasks)} '## Task N' "
            f"headings, got {len(of_tasks)}",
        )
        return
    for number, (task, row) in enumerate(zip(tasks, of_tasks, strict=True), start=1):
        if task.number != number:
            yield AuthoringError(
                lab.path,
                task.line,
                f"expected '## Task {number}', got '## Task {task.number}'",
            )
        if row.points not in (None, task.points):
            yield AuthoringError(
                lab.path,
                row.line,
                f"expected {task.points} points for task {number}, as its cells from "
                f"line {task.line} have, got {row.text!r} in the table",
            )
    for row in rows:
        if row.is_total and row.points not in (None, lab.points):
            yield AuthoringError(
                lab.path,
                row.line,
                f"expected a total of {lab.points} points, as the lab's cells have, "
                f"got {row.text!r} in the table",
            )


def _under_tasks(lab: Lab, tasks: list[_Task]) -> Iterator[tuple[Cell, _Task | None]]:
    """Yield each cell with points and its task, and append the tasks that are met."""
    task: _Task | None = None
    for cell in lab.cells:
        if cell.kind == "prose":
            for number, line in enumerate(cell.source.splitlines(), start=1):
                heading = _TASK.match(line)
                if heading:
                    task = _Task(int(heading[1]), cell.line + number)
                    tasks.append(task)
                elif _SECTION.match(line):
                    task = None
        elif cell.points:
            yield cell, task


def _table(lab: Lab) -> list[_Row] | None:
    """Return the rows of the first table with points; None if a task comes first."""
    for cell in lab.of_kind("prose"):
        lines = cell.source.splitlines()
        for number, line in enumerate(lines, start=1):
            if _TASK.match(line):
                return None
            titles = [_plain(title).lower() for title in _columns(line)]
            if line.startswith("|") and "points" in titles:
                column = titles.index("points")
                return list(_rows(lines, number, column, cell.line))
    return None


def _rows(lines: list[str], title: int, column: int, above: int) -> Iterator[_Row]:
    """Yield the rows under the table's title row, line `title` of `lines` (from 1)."""
    for number, line in enumerate(lines[title + 1 :], start=title + 2):
        if not line.startswith("|"):
            return
        texts = [_plain(text) for text in _columns(line)]
        text = texts[column] if column < len(texts) else ""
        points = None
        if _SUM.fullmatch(text.lower()):
            points = sum(int(digits) for digits in re.findall(r"\d+", text))
        is_total = "total" in [text.lower() for text in texts]
        yield _Row(is_total, text, points, above + number)


def _columns(line: str) -> list[str]:
    return _PIPE.split(line.strip().strip("|"))


def _plain(text: str) -> str:
    return text.strip().strip("*").strip()
