"""A submission's folder as one value, to be sent to another machine and laid out there.

What arrives reads like what was sent: links stay links (they are reported, never
followed), special files stay special, and a file that is too large is still too large,
though no more of it travels than it takes to say so.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.grading.data_files import folder_entries
from autograder.grading.intake import is_folder


@dataclass(frozen=True)
class Entry:
    """One entry of the folder.

    Parameters
    ----------
    name : str
        Relative to the folder.
    kind : {"file", "link", "special"}
        What it is.
    content : bytes
        A file's content, or where a link leads.
    """

    name: str
    kind: Literal["file", "link", "special"]
    content: bytes = b""


@dataclass(frozen=True)
class Parcel:
    """What was handed in, by whom.

    Parameters
    ----------
    entries : tuple of Entry or None
        None if the submission is not a folder at all.
    """

    student: str
    lab: str
    entries: tuple[Entry, ...] | None


def pack(folder: Path, max_bytes: int) -> Parcel:
    """Return the submission in `folder`, at most `max_bytes` + 1 of each file."""
    student, lab = folder.parent.name, folder.name
    if not is_folder(folder):
        return Parcel(student, lab, None)
    paths = folder_entries(folder)
    entries = (_entry(path, str(path.relative_to(folder)), max_bytes) for path in paths)
    return Parcel(student, lab, tuple(entries))


def unpack(parcel: Parcel, root: Path) -> Path:
    """Lay the submission out under `root`; return its folder."""
    folder = root / parcel.student / parcel.lab
    if parcel.entries is None:
        folder.parent.mkdir(parents=True)
        folder.touch()
        return folder
    folder.mkdir(parents=True)
    for entry in parcel.entries:
        path = folder / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind == "link":
            path.symlink_to(os.fsdecode(entry.content))
        elif entry.kind == "special":
            os.mkfifo(path)
        else:
            path.write_bytes(entry.content)
    return folder


def _entry(path: Path, name: str, max_bytes: int) -> Entry:
    if path.is_symlink():
        return Entry(name, "link", os.fsencode(os.readlink(path)))
    if not stat.S_ISREG(path.lstat().st_mode):
        return Entry(name, "special")
    with path.open("rb") as file:
        return Entry(name, "file", file.read(max_bytes + 1))
