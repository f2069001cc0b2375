"""What the notebooks of a lab import, so that it can be imported once for all."""

import ast
from collections.abc import Iterator

from autograder.authoring.lab import Lab


def modules_of(lab: Lab) -> tuple[str, ...]:
    """Return the modules that the code cells of `lab` import, in order.

    `from a import b` gives `a` and `a.b`, because `b` may be a module; who imports
    them has to pass over those that are none.
    """
    code = (cell.source for cell in lab.of_kind("setup", "exercise", "test"))
    return tuple(dict.fromkeys(name for text in code for name in _imported(text)))


def _imported(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell may hold what only IPython understands
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
