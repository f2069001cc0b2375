"""Whether a test can fail at all, tells its answer, or ends in what nbgrader misreads.

nbgrader takes the value of a test's last expression for partial credit, and most of
what it cannot read (`-1`, `nan`, `np.float64(0.0)`) earns full marks. A hidden test's
message goes into feedback: it may show what the student returned, never what was
expected (by our convention a variable called `expected`).
"""

import ast
from collections.abc import Iterator

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.percent import AuthoringError
from autograder.authoring.syntax import parse


def check_assertions(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per test that cannot fail, tells its answer or ends in a value."""
    for cell in lab.of_kind("test"):
        tree = parse(cell)
        if tree is not None:
            yield from _cannot_fail(lab, cell, tree)
            if cell.hidden:
                yield from _tells_answers(lab, cell, tree)
            if tree.body and isinstance(tree.body[-1], ast.Expr):
                yield AuthoringError(
                    lab.path,
                    cell.line + tree.body[-1].lineno,
                    f"expected test {cell.grade_id!r} to end in an assert, got an "
                    "expression, which nbgrader would read as partial credit",
                )


def _cannot_fail(lab: Lab, cell: Cell, tree: ast.Module) -> Iterator[AuthoringError]:
    claims = [n for n in ast.walk(tree) if isinstance(n, ast.Assert)]
    for claim in claims:
        if _is_always_true(claim.test):
            yield AuthoringError(
                lab.path,
                cell.line + claim.lineno,
                f"expected an assert that can fail, got {_shown(claim)!r}"
                + (
                    ": take the brackets away, a tuple is always true"
                    if isinstance(claim.test, ast.Tuple)
                    else ", which is always true"
                ),
            )
    # `else: raise AssertionError(...)` is how a test says that something must raise.
    if not claims and not any(isinstance(n, ast.Raise) for n in ast.walk(tree)):
        yield AuthoringError(
            lab.path,
            cell.line,
            f"expected an assert in test {cell.grade_id!r}, got none: it could never "
            "fail",
        )


def _tells_answers(lab: Lab, cell: Cell, tree: ast.Module) -> Iterator[AuthoringError]:
    claims = [n for n in ast.walk(tree) if isinstance(n, ast.Assert) and n.msg]
    for claim in claims:
        shown = [n for n in ast.walk(claim) if isinstance(n, ast.FormattedValue)]
        names = {n.id for s in shown for n in ast.walk(s) if isinstance(n, ast.Name)}
        if any(name.startswith("expected") for name in names):
            yield AuthoringError(
                lab.path,
                cell.line + claim.lineno,
                f"expected a message without the expected value in the hidden test "
                f"{cell.grade_id!r}, got {_shown(claim)!r}: feedback would tell it",
            )


def _is_always_true(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return bool(items)
        case ast.JoinedStr() | ast.Lambda():
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
    return False


def _shown(claim: ast.Assert) -> str:
    text = ast.unparse(claim)
    return text if len(text) <= 60 else f"{text[:57]}..."
