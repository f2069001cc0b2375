"""Notebook files as they come: whatever they are, a notebook or one sentence."""

import json
import os

import nbformat
import pytest

from autograder.grading.reading import UnreadableError, read_notebook


def write(folder, content):
    path = folder / "means.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def with_cells(*cells, **fields):
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "cells": list(cells), **fields}
    )


def code(source="1", **fields):
    return {"cell_type": "code", "source": source, "metadata": {}, **fields}


def test_outputs_and_counts_are_dropped(tmp_path):
    """Only what is run here counts, not what the file claims was put out."""
    stale = [{"output_type": "execute_result", "data": {"text/plain": "4"}}]
    path = write(tmp_path, with_cells(code(outputs=stale, execution_count=7)))

    (cell,) = read_notebook(path, 1000)[0].cells

    assert (cell.source, cell.outputs, cell.execution_count) == ("1", [], None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b" \n", "empty file"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe\x00garbage", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "other JSON"),
        (b'{"a": 1}', "other JSON"),
        (b'{"nbformat": 3, "worksheets": []}', "format 4, got 3"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path, content, reason):
    """In one sentence that says what it is instead."""
    with pytest.raises(UnreadableError, match=reason):
        read_notebook(write(tmp_path, content), 10**6)


def test_a_notebook_over_the_limit_is_refused(tmp_path):
    """The message names the limit and what helps."""
    path = write(tmp_path, with_cells(code("x" * 2000)))

    with pytest.raises(UnreadableError, match=r"at most 0\.001 MB.*clear the outputs"):
        read_notebook(path, 1000)


def test_links_folders_and_pipes_are_refused_without_being_opened(tmp_path):
    """A link could lead to the solutions; a pipe would wait for ever."""
    secret = write(tmp_path, with_cells(code()))
    (tmp_path / "link.ipynb").symlink_to(secret)
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")

    for name, reason in [("link", "link"), ("folder", "folder"), ("pipe", "special")]:
        with pytest.raises(UnreadableError, match=reason):
            read_notebook(tmp_path / f"{name}.ipynb", 1000)


def test_cells_that_are_none_are_left_out_with_a_note(tmp_path):
    """The sound ones are read."""
    cells = ["x", {"cell_type": "heading"}, {"cell_type": []}, code(3), code("2")]

    notebook, notes = read_notebook(write(tmp_path, with_cells(*cells)), 10**6)

    assert [cell.source for cell in notebook.cells] == ["2"]
    assert [note.split(" is")[0] for note in notes] == [
        f"cell {k}" for k in (1, 2, 3, 4)
    ]


def test_what_comes_out_is_a_valid_notebook(tmp_path):
    """Whatever ids, metadata and texts the file has."""
    path = write(
        tmp_path,
        with_cells(
            code(["a\n", "b"], id="same"),
            code(
                "c", id="same", metadata={"nbgrader": {"grade_id": ["x"], "points": 1}}
            ),
            code("\ud800", id="no good id!", metadata=[]),
            {"cell_type": "markdown", "source": "d", "attachments": {"a": "b"}},
            {"cell_type": "raw", "source": "e", "id": 5},
        ),
    )

    notebook, _ = read_notebook(path, 10**6)

    nbformat.validate(notebook)
    assert len({cell["id"] for cell in notebook.cells}) == 5
    assert [cell.source for cell in notebook.cells] == ["a\nb", "c", "?", "d", "e"]
    assert notebook.cells[1].metadata.nbgrader == {"grade_id": None, "points": 1}


def test_images_pasted_into_an_answer_are_kept(tmp_path):
    """Attachments belong to the text of a markdown cell."""
    pasted = {"a.png": {"image/png": "aGk="}}
    cell = {"cell_type": "markdown", "source": "![](attachment:a.png)"}
    path = write(tmp_path, with_cells({**cell, "attachments": pasted}))

    assert read_notebook(path, 10**6)[0].cells[0].attachments == pasted


def test_a_notebook_of_too_many_cells_is_refused(tmp_path):
    """Each costs every later step its time, however empty it is."""
    cell = {"cell_type": "raw", "metadata": {}, "source": ""}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": [cell] * 2_001}))

    with pytest.raises(UnreadableError, match="at most 2,000 cells, got 2,001"):
        read_notebook(path, 10**6)


def test_names_of_attachments_are_text(tmp_path):
    """Half characters, which JSON can spell and UTF-8 cannot, are replaced."""
    image = {"\ud800": {"image/png": "\ud800"}}
    cell = {"cell_type": "markdown", "metadata": {}, "source": "", "attachments": image}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": [cell]}))

    notebook, _ = read_notebook(path, 10**6)

    assert notebook.cells[0].attachments == {"?": {"image/png": "?"}}
