"""Which names a cell needs and which it defines, so that tests stand alone.

A grader runs the setup cells, the exercises and the tests. A test that leans on an
exploration, or on what another test left behind, would fail there or cost two marks for
one mistake.
"""

import ast
import builtins
import difflib
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.lab import Cell, Lab
from autograder.authoring.percent import AuthoringError
from autograder.authoring.syntax import parse

# IPython adds `display` to the builtins; a module has `__name__`.
_ALWAYS_THERE = {*dir(builtins), "display", "__name__"}
_MAY_USE = {
    "setup": "a setup cell may use names of setup cells",
    "exercise": "an exercise may use names of setup cells and exercises",
    "test": "a test may use names of setup cells, exercises and its own",
}


@dataclass(frozen=True)
class CellNames:
    """The names that a cell takes from outside, and those that it leaves behind."""

    cell: Cell
    outside: frozenset[str]
    defined: frozenset[str]

    def __str__(self) -> str:
        """Say which cell it is, as a sentence needs it."""
        if self.cell.kind == "explore":
            return f"the exploration at line {self.cell.line}"
        return f"{self.cell.kind} {self.cell.grade_id!r} (line {self.cell.line})"


def names_of(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that code takes from outside, and those that it defines."""
    used: set[str] = set()
    defined: set[str] = set()
    _collect(symtable.symtable(source, "<cell>", "exec"), used, defined)
    return frozenset(used - defined), frozenset(defined)


def _collect(scope: symtable.SymbolTable, used: set[str], defined: set[str]) -> None:
    is_top = scope.get_type() == "module"
    for symbol in scope.get_symbols():
        is_global = is_top or symbol.is_global()
        if is_global and symbol.is_referenced():
            used.add(symbol.get_name())
        if is_global and (symbol.is_assigned() or symbol.is_imported()):
            defined.add(symbol.get_name())
    for child in scope.get_children():
        _collect(child, used, defined)


def check_names(lab: Lab) -> Iterator[AuthoringError]:
    """Yield a fault per name that a setup, exercise or test cell takes from elsewhere.

    Says nothing while a setup cell or an exercise does not parse: what they define is
    not known then.
    """
    if any(parse(cell) is None for cell in lab.of_kind("setup", "exercise")):
        return
    everyone = [
        CellNames(cell, *names_of(cell.source))
        for cell in lab.cells
        if cell.is_code and parse(cell) is not None
    ]
    yield from _foreign_names(lab, everyone)
    yield from _replaced_names(lab, everyone)


def _foreign_names(lab: Lab, everyone: list[CellNames]) -> Iterator[AuthoringError]:
    """Yield the names that come from a cell which a grader may not have run."""
    setup = _defined_by(everyone, "setup")
    answers = _defined_by(everyone, "exercise")
    for user in everyone:
        kind = user.cell.kind
        if kind == "explore":
            continue
        known = _ALWAYS_THERE | setup | (set() if kind == "setup" else answers)
        for name in sorted(user.outside - known):
            owner = next((other for other in everyone if name in other.defined), None)
            if owner is not None:
                origin = f"only {owner} defines"
            else:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                origin = f"no cell defines{hint}"
            yield AuthoringError(
                lab.path,
                user.cell.line + _first_use(name, user.cell),
                f"{kind} {user.cell.grade_id!r} uses {name!r}, which {origin}: "
                f"{_MAY_USE[kind]}",
            )


def _replaced_names(lab: Lab, everyone: list[CellNames]) -> Iterator[AuthoringError]:
    """Yield the names that differ in a student's kernel, which ran every cell above."""
    ours = {
        name: owner
        for owner in reversed(everyone)
        for name in owner.defined
        if owner.cell.kind in ("setup", "exercise")
    }
    for culprit in everyone:
        if culprit.cell.kind not in ("explore", "test"):
            continue
        for name in sorted(culprit.defined & ours.keys()):
            for user in everyone:
                if user.cell.kind in ("exercise", "test") and name in user.outside:
                    yield AuthoringError(
                        lab.path,
                        culprit.cell.line,
                        f"{culprit} replaces {name!r} of {ours[name]}, which {user} "
                        "uses: choose another name here",
                    )
                    break


def _defined_by(everyone: list[CellNames], kind: str) -> set[str]:
    return {name for one in everyone if one.cell.kind == kind for name in one.defined}


def _first_use(name: str, cell: Cell) -> int:
    """Return the first line of the cell's source (from 1) where `name` stands."""
    lines = [
        node.lineno
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name) and node.id == name
    ]
    return min(lines, default=0)
