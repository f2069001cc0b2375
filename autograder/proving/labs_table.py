"""A line a lab: what it costs a student's machine, and what its tests are worth."""

from collections.abc import Iterable

from rich.table import Table

from autograder.authoring.lab import Lab
from autograder.authoring.overview import minutes
from autograder.proving.matrix import Matrix
from autograder.proving.running import Run

_COLUMNS = (
    *("cells", "minutes", "points", "exercises", "run time", "memory"),
    *("wrong answers that lose marks", "right ones that keep them"),
)


def labs_table(rows: Iterable[tuple[Lab, Run, Matrix]]) -> Table:
    """Return the table of `make labs-report`.

    Parameters
    ----------
    rows : iterable of (Lab, Run, Matrix)
        A lab, its solved notebook's run, and its bank graded.
    """
    table = Table(title="Labs")
    table.add_column("lab")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for lab, run, matrix in rows:
        table.add_row(
            lab.name,
            str(len(lab.cells)),
            str(minutes(lab) or ""),
            str(lab.points),
            str(len(lab.exercises)),
            f"{run.seconds:.0f} s",
            f"{run.mebibytes:.0f} MiB",
            *matrix.shares(),
        )
    return table
