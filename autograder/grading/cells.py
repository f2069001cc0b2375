"""Notebook cells by the names that nbgrader gives them."""

from nbformat import NotebookNode

from autograder.grading.reading import cell_of
from autograder.grading.release import ReleasedCell


def grade_id_of(cell: NotebookNode) -> str:
    """Return nbgrader's name for a repaired cell, "" if it has none."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def is_marked(cell: NotebookNode) -> bool:
    """Tell whether a repaired cell has a mark: a test, or an answer that is read."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def is_test(cell: NotebookNode) -> bool:
    """Tell whether a repaired cell is a test: marked by running it."""
    return is_marked(cell) and not cell.metadata["nbgrader"].get("solution")


def maximum_of(cell: NotebookNode) -> float:
    """Return the points that a repaired test cell can give."""
    return float(cell.metadata["nbgrader"]["points"])


def new_cell(cell: ReleasedCell, source: str) -> NotebookNode:
    """Return a cell with the release's type, id and metadata, and this text."""
    return cell_of(cell.cell_type, source, cell.cell_id, cell.metadata)
