"""Whether a test can fail at all, and whether nbgrader reads its end as a mark.

nbgrader takes the value of a test's last expression for partial credit, and most of
what it cannot read (`-1`, `nan`, `np.float64(0.0)`) earns full marks.
"""

import ast
from collections.abc import Iterator

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.percent import AuthoringError
from autograder.authoring.syntax import parse


def check_assertions(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per test that cannot fail or that ends in an expression."""
    for cell in lab.of_kind("test"):
        tree = parse(cell)
        if tree is not None:
            yield from _cannot_fail(lab, cell, tree)
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
