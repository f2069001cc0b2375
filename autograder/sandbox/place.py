"""The grader's side of one run: a folder that no submission can see.

    <place>/work   the submission's data files; a kernel gets a copy
    <place>/s-1 …  the sockets at which the grader reaches the kernel

No notebook is copied to `work`: the graded one holds the hidden tests. Only without a
wall does the kernel run in this folder, with `home` and `tmp` beside `work`.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PORTS = ("shell", "iopub", "stdin", "control", "hb")
_MAX_PATH = 80  # the system's limit for a socket is 107 bytes; names are added


@dataclass(frozen=True)
class Place:
    """The folders and the addresses of one run."""

    root: Path

    @property
    def work(self) -> Path:
        """Where the submission's data files are."""
        return self.root / "work"

    def connection(self) -> dict[str, Any]:
        """Return how to reach a kernel here, as in a connection file."""
        return {
            "transport": "ipc",
            "ip": str(self.root / "s"),
            "key": secrets.token_hex(16),
            **{f"{name}_port": i for i, name in enumerate(PORTS, start=1)},
        }

    def make_readable(self, uid: int | None) -> None:
        """Let the kernel's user read the data files.

        Parameters
        ----------
        uid : int or None
            Whose the folders become, where a kernel runs here as another user.
        """
        for folder, _, names in os.walk(self.work):
            os.chmod(folder, 0o755)
            for name in names:
                os.chmod(Path(folder, name), 0o644)
        if uid is None:
            return
        os.chmod(self.root, 0o711)
        for part in ("work", "home", "tmp"):
            for folder, _, names in os.walk(self.root / part):
                for path in (Path(folder), *(Path(folder, name) for name in names)):
                    os.chown(path, uid, uid)


def new_place() -> Place:
    """Make a place; `shutil.rmtree(place.root)` when it is done with."""
    prefix = f"grade-{_namespace()}-{os.getpid()}-"
    place = Place(Path(tempfile.mkdtemp(prefix=prefix, dir=_parent())))
    for name in ("work", "home", "tmp"):
        (place.root / name).mkdir()
    return place


def remove_leftovers() -> None:
    """Remove the places of graders that were killed before they could.

    A process's number means something in its own container only.
    """
    for root in Path(_parent()).glob(f"grade-{_namespace()}-*-*"):
        owner = root.name.split("-")[2]
        with suppress(OSError):  # somebody else may be removing it
            is_ours = root.lstat().st_uid == os.getuid() and not root.is_symlink()
            if is_ours and owner.isdecimal() and not Path("/proc", owner).exists():
                shutil.rmtree(root)


def _namespace() -> int:
    """Return the number of the space in which process numbers are unique."""
    return os.stat("/proc/self/ns/pid").st_ino


def _parent() -> str:
    parent = tempfile.gettempdir()
    longest = "/grade-4294967295-4194304-12345678/s"
    return parent if len(parent) <= _MAX_PATH - len(longest) else "/tmp"


@contextmanager
def temporary_place() -> Iterator[Place]:
    """Make a place and remove it afterwards."""
    place = new_place()
    try:
        yield place
    finally:
        shutil.rmtree(place.root, ignore_errors=True)
