"""Submissions whose attack is in the folder or in the notebook file, not in a cell.

The answers are right (`FULL`) unless an entry says what they are worth.
"""

import json
import os

from tests.grading.tiny import FULL

ALL = float(sum(FULL.values()))


def names_of_the_graders_own(folder):
    """What the grader writes beside the marks stands there already, as folders."""
    for name in ("grading.json", ".grading.json.new", "means.html"):
        (folder / name).mkdir()
        (folder / name / "inside").write_text("{}")


def many_files(folder):
    """More files than the scratch space of a submission has room for."""
    for k in range(100):
        (folder / f"{k}").mkdir()
        for i in range(60):
            (folder / f"{k}" / f"{i}").touch()


def deep_folders(folder):
    """A path that is too long once it is put below another folder."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("x" * 200, dir_fd=here)
        inside = os.open("x" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inside
        os.close(os.open("file", os.O_CREAT, dir_fd=here))
    os.close(here)


def odd_names(folder):
    """Names that are formulas, markup, terminal codes, or no text at all."""
    for name in (
        b"=HYPERLINK(1)",
        b"<img src=x onerror=alert(1)>",
        b"\x1b]0;owned\x07\x1b[2J",
        b"\xff\xfe",
        b"new\nline",
        b"[red]",
        "\u202egnp.py".encode(),
    ):
        os.symlink(b"/etc/passwd", os.fsencode(folder) + b"/" + name)
        with open(os.fsencode(folder) + b"/a" + name, "wb"):
            pass


def large_files(folder):
    """Terabytes that take up no room."""
    for name in ("a.bin", "z.bin"):
        with open(folder / name, "wb") as file:
            file.truncate(2**40)
    for k in range(20):
        with open(folder / f"b{k}.bin", "wb") as file:
            file.truncate(99_000_000)


def special_files(folder):
    """Pipes without another end, where files are expected."""
    os.mkfifo(folder / "data.csv")
    os.mkfifo(folder / "other.ipynb")
    (folder / "locked.csv").touch(mode=0)


FOLDERS = (
    names_of_the_graders_own,
    many_files,
    deep_folders,
    odd_names,
    large_files,
    special_files,
)


def surrogates_everywhere(notebook):
    """Half characters, which JSON can spell and UTF-8 cannot."""
    notebook["metadata"]["\ud800"] = "\ud800"
    for cell in notebook["cells"]:
        cell["metadata"]["\udfff"] = ["\ud800"]
        if cell["cell_type"] == "markdown":
            cell["attachments"] = {"\ud800": {"image/png": "\ud800"}}
            cell["source"] += "![x](attachment:\ud800) \ud800"
    return ALL


def null_characters(notebook):
    """Characters that end a string in C, in every cell."""
    for cell in notebook["cells"]:
        cell["source"] += "\n# \x00" if cell["cell_type"] == "code" else "\x00"
    return 0.0  # such a cell is no Python


def forged_metadata(notebook):
    """Points, names and outputs of the student's own."""
    for cell in notebook["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("grade") and cell["cell_type"] == "code":
            nbgrader |= {"points": 1e300, "solution": True, "locked": False}
            cell["source"] = "100"
            data = {"text/plain": "100"}
            output = {"output_type": "execute_result", "execution_count": 1}
            cell["outputs"] = [output | {"data": data, "metadata": {}}]
        if nbgrader.get("grade_id") == "mean":
            cell["source"] = "def mean(values):\n    return 0.0"
    return 4.0


def many_cells(notebook):
    """A lab has some dozens; this has hundreds of thousands."""
    empty = {"cell_type": "raw", "metadata": {}, "source": ""}
    notebook["cells"] += [empty] * 300_000
    return 0.0  # not read


def slow_text(notebook):
    """Markdown and code that parsers take their time over."""
    for part in ("[", "![", "<b>", "*_", "`", "$", "[](", "> ", "<a b c ", "{%"):
        for kind in ("markdown", "code"):
            source = part * (19_000 // len(part))
            source = source if kind == "markdown" else f"if 0: '''{source}'''"
            cell = {"cell_type": kind, "metadata": {}, "source": source}
            if kind == "code":
                cell |= {"outputs": [], "execution_count": None}
            notebook["cells"].append(cell)
    return ALL


NOTEBOOKS = (
    surrogates_everywhere,
    null_characters,
    forged_metadata,
    many_cells,
    slow_text,
)


def written(notebook, attack):
    """Return the text of the attacked notebook, and what its answers are worth."""
    document = json.loads(json.dumps(notebook))
    total = attack(document)
    return json.dumps(document), total
