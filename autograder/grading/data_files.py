"""The files that stand beside a submitted notebook: which of them it runs with.

A student chooses their number, their names and what they are. What could not be copied
as an ordinary file, here, behind the wall and beside the marks, is left out with a
note, so that it can cost the notebook nothing but itself.
"""

import os
from pathlib import Path

from autograder.grading.ledger import LEDGER
from autograder.grading.limits import Limits

TIMESTAMP = "timestamp.txt"
_IGNORED_FOLDERS = (".ipynb_checkpoints", "__pycache__")
_MAX_NAME_BYTES = 1_000  # the system's limit for a path is 4,096
_MAX_SHOWN = 100


def data_files(folder: Path, limits: Limits) -> tuple[list[str], list[str]]:
    """Return the ordinary files to run with, and notes on those left out."""
    files: list[str] = []
    notes: list[str] = []
    total = 0
    for path in folder_entries(folder):
        name = str(path.relative_to(folder))
        if path.suffix == ".ipynb" or name == TIMESTAMP:
            continue
        problem = _problem(path, name)
        if problem:
            notes.append(f"{name[:_MAX_SHOWN]} {problem} and was left out")
            continue
        total += path.stat().st_size
        if total > limits.files_bytes:
            notes.append(
                f"the files from {name} on exceed {limits.files_bytes / 1e6:g} MB"
            )
            break
        if len(files) == limits.num_files:
            notes.append(f"the files from {name} on are more than {limits.num_files:,}")
            break
        files.append(name)
    return files, notes


def _problem(path: Path, name: str) -> str:
    """Say why a file is not taken along; "" if it is."""
    if len(os.fsencode(name)) > _MAX_NAME_BYTES:
        return "has too long a name"
    if path.is_symlink() or not path.is_file():
        return "is a link or a special file"
    if name.split("/")[0] == LEDGER:
        return "has a name that the grader needs"
    if not os.access(path, os.R_OK):
        return "cannot be read"
    return ""


def folder_entries(folder: Path) -> list[Path]:
    """Return all files below `folder`, sorted; links are listed, never followed."""
    paths = []
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        folders[:] = sorted(set(folders) - set(links) - set(_IGNORED_FOLDERS))
        paths += [Path(parent, name) for name in [*names, *links]]
    return sorted(paths)
