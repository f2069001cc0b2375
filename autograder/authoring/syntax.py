"""Whether the code of a lab is Python, before anything runs it.

A shell or magic line is no Python: `!pip install` needs a network and a shell that a
grader's sandbox does not have, and `%time` changes what a cell's last value is.
"""

import ast
import warnings
from collections.abc import Iterator

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.percent import AuthoringError
from autograder.authoring.regions import region_faults, stubbed


def parse(cell: Cell) -> ast.Module | None:
    """Return the cell's syntax tree, None if it is not Python."""
    return None if _fault(cell.source) else ast.parse(cell.source)


def check_syntax(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per code cell that is not Python, as written or as released."""
    for cell in lab.cells:
        if not cell.is_code:
            continue
        fault = _fault(cell.source)
        if fault is not None:
            line, text = fault
            yield AuthoringError(lab.path, cell.line + line, text)
        elif cell.kind == "exercise":
            yield from _stub_faults(lab, cell)


def _stub_faults(lab: Lab, cell: Cell) -> Iterator[AuthoringError]:
    if any(region_faults(cell.source, "SOLUTION")):
        return
    if _fault(stubbed(cell.source)) is not None:
        yield AuthoringError(
            lab.path,
            cell.line,
            f"expected exercise {cell.exercise!r} to stay Python when its solution is "
            "replaced by 'raise NotImplementedError', got a cell that does not parse: "
            "move '### BEGIN SOLUTION' to where a statement may stand",
        )


def _fault(source: str) -> tuple[int, str] | None:
    """Return the first line (from 1) that is not Python, and what is wrong with it."""
    try:
        with warnings.catch_warnings():
            # "\d" in a test makes Python write to stderr, which costs the marks.
            warnings.simplefilter("error")
            ast.parse(source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as IPython
            compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except ValueError as error:  # a null byte
        return 1, f"expected Python, got a line that does not parse: {error}"
    except SyntaxError as error:
        line = error.lineno or 1
        text = [*source.splitlines(), ""][min(line, source.count("\n") + 1) - 1].strip()
        if text.startswith(("!", "%")):
            return line, (
                f"expected Python alone, got the shell or magic line {text!r}: a lab "
                "has no shell and no network"
            )
        return line, f"expected Python, got a line that does not parse: {error.msg}"
    return None
