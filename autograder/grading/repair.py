"""Give a submission back the cells that the lab was released with.

Students delete, copy, edit and re-order cells, and tools strip or garble nbgrader's
metadata. None of that should cost a mark or win one:

    tests and setup      always the release's text, hidden tests included, in the
                         release's order; missing ones are put back
    answers              the student's text, under the release's metadata
    everything else      the student's, without any nbgrader metadata

The names: a *claim* is what a cell's own metadata says that it is. Where nobody claims
a released cell, the cell with its nbformat id, or with its text, is taken for it.
"""

import copy
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from autograder.grading.cells import grade_id_of, new_cell
from autograder.grading.order import in_order
from autograder.grading.release import Release, ReleasedCell

_MEANINGFUL = ("grade", "solution", "locked", "task", "points", "schema_version")


@dataclass(frozen=True)
class Repaired:
    """A submission that nbgrader's tools, and ours, can rely on.

    Parameters
    ----------
    notebook : NotebookNode
        Every released setup, test and question exactly once, nothing run.
    notes : tuple of str
        A sentence for each repair.
    missing : frozenset of str
        The questions whose cells were gone: an answer may stand elsewhere.
    """

    notebook: NotebookNode
    notes: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()


def repair(submitted: NotebookNode, release: Release) -> Repaired:
    """Return `submitted` with the release's cells restored.

    Parameters
    ----------
    submitted : NotebookNode
        As read by `reading.read_notebook`: sound cells, metadata not to be trusted.
    """
    notes: list[str] = []
    owners = _claims(submitted.cells, release, notes)
    _adopt(submitted.cells, owners, release, notes)
    cells = []
    for index, cell in enumerate(submitted.cells):
        if index in owners:
            cells.append(_restored(cell, owners[index], notes))
        else:
            cells.append(_plain(cell))
    present = {grade_id_of(cell) for cell in cells}
    missing = [cell for cell in release.cells if cell.grade_id not in present]
    for released in missing:
        if released.kind == "exercise":
            notes.append(f"the cell of `{released.grade_id}` was missing")
    cells = in_order(cells, release, notes)
    metadata = {
        key: release.notebook.metadata[key]
        for key in ("kernelspec", "language_info")
        if key in release.notebook.metadata
    }
    _make_ids_distinct(cells)
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    questions = frozenset(q.grade_id for q in missing if q.kind == "question")
    return Repaired(notebook, tuple(notes), questions)


def _claims(
    cells: list[NotebookNode], release: Release, notes: list[str]
) -> dict[int, ReleasedCell]:
    """Return index -> released cell by what the cells' metadata claim; last wins."""
    last: dict[str, int] = {}
    for index, cell in enumerate(cells):
        claim = cell.metadata.get("nbgrader")
        if claim is None:
            continue
        grade_id = claim.get("grade_id")
        if grade_id not in release.by_grade_id:
            if claim:
                notes.append(
                    f"cell {index + 1} named itself {grade_id!r:.40}, which the lab "
                    "does not have; the name was removed"
                )
            continue
        if grade_id in last:
            notes.append(f"`{grade_id}` stood there twice; the last one counts")
        last[grade_id] = index
    return {index: release.by_grade_id[grade_id] for grade_id, index in last.items()}


def _adopt(
    cells: list[NotebookNode],
    owners: dict[int, ReleasedCell],
    release: Release,
    notes: list[str],
) -> None:
    """Find the cells whose metadata was lost: by nbformat id, else by their text."""
    taken = {cell.grade_id for cell in owners.values()}
    for released in release.cells:
        if released.grade_id in taken:
            continue
        free = [(i, cell) for i, cell in enumerate(cells) if i not in owners]
        same_id = [i for i, cell in free if cell["id"] == released.cell_id]
        same_text = [
            i
            for i, cell in free
            if cell.source.strip() and _same(cell.source, released.visible)
        ]
        for index in (same_id or same_text)[:1]:
            owners[index] = released
            notes.append(f"`{released.grade_id}` had lost its name; it was recognised")


def _restored(
    cell: NotebookNode, released: ReleasedCell, notes: list[str]
) -> NotebookNode:
    """Return `cell` as the released cell that it is, with the student's answer."""
    name = f"`{released.grade_id}`"
    claim = cell.metadata.get("nbgrader")
    if claim is not None and any(
        claim.get(key) != released.nbgrader.get(key) for key in _MEANINGFUL
    ):
        notes.append(f"{name} had changed metadata; they were restored")
    if cell.cell_type != released.cell_type:
        notes.append(f"{name} was no longer a {released.cell_type} cell; it is again")
    if not released.is_locked:
        answer = new_cell(released, cell.source)
        if "attachments" in cell and answer.cell_type == "markdown":
            answer["attachments"] = cell.attachments
        return answer
    if not _same(cell.source, released.visible):
        notes.append(f"{name} had been edited; the original was run")
    return new_cell(released, released.graded)


def _plain(cell: NotebookNode) -> NotebookNode:
    plain = copy.deepcopy(cell)
    plain["metadata"] = nbformat.from_dict({})
    return plain


def _same(one: str, other: str) -> bool:
    return _stripped(one) == _stripped(other)


def _stripped(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines()]


def _make_ids_distinct(cells: list[NotebookNode]) -> None:
    """Give a plain cell another id where a restored cell has come by the same one."""
    released = {cell["id"] for cell in cells if grade_id_of(cell)}
    for number, cell in enumerate(cells):
        if not grade_id_of(cell) and cell["id"] in released:
            cell["id"] = f"{cell['id'][:40]}-copy-{number}"
