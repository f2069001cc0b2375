"""The line at the top of a released notebook that says when the lab is due.

It is the same for everyone; a student's own deadline stands on the start page.
"""

import datetime

import nbformat

from autograder.authoring.notebook import as_bytes

CELL_ID = "due"


def said(moment: datetime.datetime) -> str:
    """Return a moment in words: "Friday 20 November 2026, 17:00 GMT"."""
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M %Z}"


def with_due_line(notebook: bytes, due: datetime.datetime | None) -> bytes:
    """Return a notebook with the line as its second cell, below the title."""
    if due is None:
        return notebook
    parsed = nbformat.reads(notebook.decode(), as_version=4)
    text = (
        f"**Due {said(due)}.** If you were given more time, the course's start page "
        "shows your own deadline."
    )
    locked = {"deletable": False, "editable": False}
    cell = nbformat.v4.new_markdown_cell(text, id=CELL_ID, metadata=locked)
    is_titled = bool(parsed.cells) and parsed.cells[0].cell_type == "markdown"
    parsed.cells.insert(1 if is_titled else 0, cell)
    return as_bytes(parsed)


def differences(old: bytes, new: bytes) -> list[str]:
    """Return what differs between two releases, by the names of cells."""
    try:
        before = _sources(old)
    except Exception:  # whatever stood there is no notebook of ours
        return ["the released file is no notebook"]
    after = _sources(new)
    changed = [name for name in after if name in before and after[name] != before[name]]
    found = [f"{name} is new" for name in after if name not in before]
    found += [f"{name} is gone" for name in before if name not in after]
    found += [f"{name} changed" for name in changed]
    if not found and list(before) != list(after):
        found.append("the order of the cells changed")
    return found or ["only metadata changed"]


def _sources(notebook: bytes) -> dict[str, str]:
    cells = nbformat.reads(notebook.decode(), as_version=4).cells
    return {_name(cell): cell.source for cell in cells}


def _name(cell: nbformat.NotebookNode) -> str:
    if cell.get("id") == CELL_ID:
        return "the deadline"
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return str(grade_id or f"text {cell.get('id', '')}")
