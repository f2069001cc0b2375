"""Read a student's notebook file, whatever it turns out to be.

Nothing of the file is trusted: not its kind (a symbolic link, a pipe), size, encoding,
structure or metadata. What comes out is a notebook of clean cells without outputs, or
`UnreadableError` with one sentence.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

_MAX_CELLS = 2_000  # a lab has some dozens; each costs every later step its time
_CELL_ID = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_CELL_TYPES = ("code", "markdown", "raw")


class UnreadableError(Exception):
    """A submission of which nothing can be run; the message is the one sentence."""


def read_text(path: Path, max_bytes: int) -> bytes:
    """Return the content of an ordinary file.

    Raises
    ------
    UnreadableError
        If it is anything else, is empty, or has more than `max_bytes`.
    """
    try:
        # No following of a link, no waiting for a pipe's other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise UnreadableError(
                f"expected a file {path.name}, got a symbolic link"
            ) from None
        raise UnreadableError(f"cannot open {path.name}: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError(
            f"expected a file {path.name}, got a folder or special file"
        )
    with open(descriptor, "rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise UnreadableError(
            f"expected {path.name} to have at most {max_bytes / 1e6:g} MB, got more: "
            "clear the outputs"
        )
    if not content.strip():
        raise UnreadableError(f"expected a notebook, got an empty file {path.name}")
    return content


def read_notebook(path: Path, max_bytes: int) -> tuple[NotebookNode, list[str]]:
    """Return the notebook at `path`, and a note for each cell that was left out.

    Raises
    ------
    UnreadableError
        If the file is not a notebook of format 4.
    """
    content = read_text(path, max_bytes)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableError(
            f"expected a notebook, but {path.name} is not valid JSON"
        ) from None
    if not isinstance(document, dict) or "nbformat" not in document:
        raise UnreadableError(f"expected a notebook, but {path.name} is other JSON")
    if document["nbformat"] != 4:
        raise UnreadableError(
            f"expected a notebook of format 4, got {document['nbformat']!r:.20}: open "
            "and save it in JupyterLab"
        )
    if not isinstance(document.get("cells"), list):
        raise UnreadableError(
            f"expected a notebook, but {path.name} has no list of cells"
        )
    if len(document["cells"]) > _MAX_CELLS:
        raise UnreadableError(
            f"expected a notebook of at most {_MAX_CELLS:,} cells, got "
            f"{len(document['cells']):,}"
        )
    cells, notes = [], []
    for number, cell in enumerate(document["cells"], start=1):
        clean = _clean_cell(cell)
        if clean is None:
            notes.append(f"cell {number} is not a notebook cell and was left out")
        else:
            cells.append(clean)
    ids = _distinct_ids(cell["id"] for cell in cells)
    for cell, cell_id in zip(cells, ids, strict=True):
        cell["id"] = cell_id
    return nbformat.v4.new_notebook(cells=cells), notes


def _clean_cell(cell: Any) -> NotebookNode | None:
    """Return a fresh cell with what is sound in `cell`; None if it is not a cell."""
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return None
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if cell["cell_type"] not in _CELL_TYPES or not isinstance(source, str):
        return None
    cell_id = str(cell.get("id", ""))
    clean = cell_of(cell["cell_type"], _encodable(source), cell_id, {})
    metadata = cell.get("metadata")
    if isinstance(metadata, dict) and "nbgrader" in metadata:
        clean.metadata["nbgrader"] = _flat(metadata["nbgrader"])
    if cell["cell_type"] == "markdown":
        clean["attachments"] = _images(cell.get("attachments"))
    return clean


def cell_of(
    cell_type: str, source: str, cell_id: str, metadata: Mapping[str, Any]
) -> NotebookNode:
    """Return a cell that has not run.

    nbformat's own functions check every cell that they make against the format's
    schema; a notebook is checked as a whole when it is put together.
    """
    cell = NotebookNode(cell_type=cell_type, id=cell_id, source=source)
    cell["metadata"] = metadata  # makes a node of it
    if cell_type == "code":
        cell.update(execution_count=None, outputs=[])
    return cell


def _flat(metadata: Any) -> dict[str, Any]:
    """Return what nbgrader could have written; anything else becomes None."""
    if not isinstance(metadata, dict):
        return {"grade_id": None}
    plain = (str, int, float, bool)
    return {key: v if isinstance(v, plain) else None for key, v in metadata.items()}


def _images(attachments: Any) -> dict[str, dict[str, str]]:
    """Return the images that were pasted into a text cell."""
    if not isinstance(attachments, dict):
        return {}
    return {
        _encodable(name): {kind: _encodable(data)}
        for name, bundle in attachments.items()
        if isinstance(bundle, dict)
        for kind, data in list(bundle.items())[:1]
        if kind in ("image/png", "image/jpeg", "image/gif") and isinstance(data, str)
    }


def _encodable(text: str) -> str:
    """Replace lone surrogates, which JSON can spell and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _distinct_ids(ids: Iterator[str]) -> list[str]:
    distinct: list[str] = []
    seen: set[str] = set()
    for number, cell_id in enumerate(ids):
        if not _CELL_ID.match(cell_id) or cell_id in seen:
            cell_id = f"cell-{number}"
            while cell_id in seen:
                cell_id += "-"
        seen.add(cell_id)
        distinct.append(cell_id)
    return distinct
