"""Who changes by how much when a lab is graded again: a table and a spreadsheet."""

import csv
from collections import defaultdict
from pathlib import Path

from rich import box
from rich.table import Table

from autograder.grading.regrade import Change, Regrade
from autograder.reports.sheets import as_text
from autograder.terminal import plain


def changes_table(regrade: Regrade) -> Table:
    """Return one row a change; a lower mark that is kept is said so."""
    table = Table(title=regrade.lab, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.caption, table.caption_justify = plain(summary(regrade)), "left"
    for name in ("student", "check"):
        table.add_column(name, overflow="fold")
    table.add_column("old", justify="right", no_wrap=True)
    table.add_column("new", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for change in regrade.changes:
        new = _points(change.new)
        kept = f" (it would be {new}; the old mark is kept)" if change.is_kept else ""
        shown = _points(change.old) if change.is_kept else new
        cells = (change.student, change.grade_id, _points(change.old), shown)
        table.add_row(*(plain(cell) for cell in (*cells, change.why + kept)))
    return table


def summary(regrade: Regrade) -> str:
    """Return how many students change in total, and who by how much, as sentences."""
    totals: dict[str, float] = defaultdict(float)
    for change in regrade.changes:
        totals[change.student] += change.difference
    moved = {student: points for student, points in totals.items() if points}
    up = sum(points > 0 for points in moved.values())
    done = "changed" if regrade.is_applied else "would change"
    lines = [
        f"{regrade.num_students} graded again: {len(moved)} {done}, {up} up and "
        f"{len(moved) - up} down, by {sum(moved.values()):+g} points in all"
    ]
    by_points = sorted(moved.items(), key=lambda item: (-abs(item[1]), item[0]))
    lines += [f"{student}: {points:+g}" for student, points in by_points]
    lines += [f"{one.student}: {'; '.join(one.notes)}" for one in regrade.failed]
    return "\n".join(lines)


def write_changes_csv(regrade: Regrade, path: Path) -> None:
    """Write one row a change; text that looks like a formula is made text."""
    prepared = path.with_name(f".{path.name}.new")
    with prepared.open(
        "w", newline="", encoding="utf-8", errors="backslashreplace"
    ) as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["student", "check", "old", "new", "difference", "kept", "why"])
        writer.writerows(_row(change) for change in regrade.changes)
    prepared.replace(path)


def _row(change: Change) -> list[str]:
    return [
        as_text(change.student),
        as_text(change.grade_id),
        "" if change.old is None else f"{change.old:g}",
        "" if change.new is None else f"{change.new:g}",
        f"{change.difference:g}",
        "yes" if change.is_kept else "",
        as_text(change.why),
    ]


def _points(points: float | None) -> str:
    return "-" if points is None else f"{points:g}"
