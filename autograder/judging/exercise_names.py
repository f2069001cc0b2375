"""Which names of a lab are the student's: what the exercise cells define."""

import symtable

from autograder.authoring.lab import Lab


def defined_names(source: str) -> tuple[str, ...]:
    """Return what a cell defines at its top level: functions, classes, variables.

    Names that it imports are left out: a test uses its own.
    """
    top = symtable.symtable(source, "<cell>", "exec")
    return tuple(
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() and not symbol.is_imported()
    )


def exercise_names(lab: Lab) -> tuple[str, ...]:
    """Return the names that the lab's exercises define, in order."""
    cells = lab.of_kind("exercise")
    names = [name for cell in cells for name in defined_names(cell.source)]
    return tuple(dict.fromkeys(names))
