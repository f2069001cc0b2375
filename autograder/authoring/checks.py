"""What makes a lab sound, checked before nbgrader sees it.

nbgrader would refuse some of these faults with a traceback and accept the others in
silence. Each one is a sentence with its file and line here, and all of them are said at
once.
"""

import difflib
import re
from collections.abc import Iterator

from autograder.authoring.assertions import check_assertions
from autograder.authoring.lab import Cell, Lab
from autograder.authoring.names import check_names
from autograder.authoring.percent import AuthoringError
from autograder.authoring.points import check_points
from autograder.authoring.regions import Name, region_faults
from autograder.authoring.syntax import check_syntax

_SEED = re.compile(r"^SEED\s*=\s*\d+\s*(#.*)?$", re.MULTILINE)
# Where each region may stand. In a question it is the model answer.
_HOME: dict[Name, tuple[str, ...]] = {
    "SOLUTION": ("exercise", "question"),
    "HIDDEN TESTS": ("test",),
}


def check(lab: Lab) -> list[AuthoringError]:
    """Return all faults of `lab`, in the order of its lines; [] if it is sound."""
    checks = (
        check_ids,
        check_regions,
        check_syntax,
        check_pairs,
        check_marks,
        check_assertions,
        check_names,
        check_points,
        check_seed,
    )
    faults = [fault for one in checks for fault in one(lab)]
    return sorted(faults, key=lambda fault: fault.line)


def check_ids(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per grade id that stands on a second cell."""
    first: dict[str, int] = {}
    for cell in lab.cells:
        if cell.grade_id and first.setdefault(cell.grade_id, cell.line) != cell.line:
            remedy = 'add case="..."' if cell.kind == "test" else "rename this one"
            yield AuthoringError(
                lab.path,
                cell.line,
                f"expected one cell with the grade id {cell.grade_id!r}, got a second "
                f"one (the first is at line {first[cell.grade_id]}): {remedy}",
            )


def check_regions(lab: Lab) -> Iterator[AuthoringError]:
    """Yield what is wrong with the regions that students do not receive."""
    for cell in lab.cells:
        for name, kinds in _HOME.items():
            if cell.kind in kinds:
                for found in region_faults(cell.source, name):
                    yield AuthoringError(lab.path, cell.line + found.line, found.fault)
            yield from _misplaced(lab, cell, name)
        if cell.kind == "exercise" and "BEGIN SOLUTION" not in cell.source:
            yield AuthoringError(
                lab.path,
                cell.line,
                f"expected '### BEGIN SOLUTION' and '### END SOLUTION' in exercise "
                f"{cell.exercise!r}, got none: students would get a bare stub",
            )


def _misplaced(lab: Lab, cell: Cell, name: Name) -> Iterator[AuthoringError]:
    lines = cell.source.splitlines()
    marked = [
        i
        for i, text in enumerate(lines, start=1)
        if re.search(f"(BEGIN|END) {name}", text)
    ]
    if not marked:
        return
    line = cell.line + marked[0]
    if cell.kind not in _HOME[name]:
        yield AuthoringError(
            lab.path,
            line,
            f"expected a {name} region only in {' or '.join(_HOME[name])} cells, got "
            f"one in a cell of kind {cell.kind!r}",
        )
    elif cell.hidden:
        yield AuthoringError(
            lab.path,
            line,
            f"expected no markers in the test {cell.grade_id!r}, got "
            f"{lines[marked[0] - 1].strip()!r}: hidden=true hides all of it",
        )


def check_pairs(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per exercise without a test and per test without an exercise."""
    for cell in lab.of_kind("exercise"):
        if not lab.tests_of(cell.exercise):
            yield AuthoringError(
                lab.path,
                cell.line,
                f"expected a test of exercise {cell.exercise!r}, got none: add a cell "
                f"'# %% test=\"{cell.exercise}\" points=1'",
            )
    for cell in lab.of_kind("test"):
        if cell.exercise not in lab.exercises:
            close = difflib.get_close_matches(cell.exercise, lab.exercises, n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            yield AuthoringError(
                lab.path,
                cell.line,
                f"expected a test of one of the exercises "
                f"{', '.join(lab.exercises) or '(there are none)'}, got "
                f"{cell.exercise!r}{hint}",
            )


def check_marks(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per test or question that gives no points."""
    for cell in lab.of_kind("test", "question"):
        if cell.points < 1:
            yield AuthoringError(
                lab.path,
                cell.line,
                f"expected points=1 or more for {cell.kind} {cell.grade_id!r}, got "
                f"{cell.points}",
            )


def check_seed(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault if tests cannot be run with another seed."""
    lines = [m for cell in lab.of_kind("setup") for m in _SEED.findall(cell.source)]
    if lab.of_kind("test") and len(lines) != 1:
        setup = lab.of_kind("setup")
        yield AuthoringError(
            lab.path,
            setup[0].line if setup else 1,
            f"expected one line 'SEED = 1' in the setup cells, got {len(lines)}: "
            "tests are proven with several seeds",
        )
