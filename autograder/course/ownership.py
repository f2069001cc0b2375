"""To whom the course folder belongs: where root works for somebody else.

On a hub, the staff's shared server runs as a user of its own, to whom the course folder
belongs. Commands that root runs (`autograder course ...`) leave files that are root's,
which that server could not write to; they are given over at the end.
"""

import os
from contextlib import suppress
from pathlib import Path

from autograder.course.place import Place

# What concerns the hub itself stays: its own folder, and who may do what.
_ROOTS_OWN = ("hub", "course.yaml", "students.csv")
# Hand-ins stay their students', and so do the files of `standing`.
_SHARED = ("outbound", "feedback")


def keep_owner(place: Place) -> None:
    """Give what is in the course folder to whom the folder belongs; only root can."""
    if os.getuid() != 0:
        return
    status = place.root.stat()
    owner = (status.st_uid, status.st_gid)
    _give(place.root, owner, leave=_ROOTS_OWN)
    for folder in (place.exchange, place.shared, place.inbound):
        if folder.is_dir():
            os.chown(folder, *owner, follow_symlinks=False)
    for name in _SHARED:
        _give(place.shared / name, owner)


def _give(top: Path, owner: tuple[int, int], leave: tuple[str, ...] = ()) -> None:
    """Give away a tree; through open folders, so that no link leads out of it."""
    if not top.is_dir():
        return
    os.chown(top, *owner, follow_symlinks=False)
    for folder, folders, files, descriptor in os.fwalk(top):
        is_top = Path(folder) == top
        for name in (*folders, *files):
            if is_top and name in leave:
                continue
            with suppress(FileNotFoundError):  # another command may be at work
                status = os.lstat(name, dir_fd=descriptor)
                if (status.st_uid, status.st_gid) != owner:
                    os.chown(name, *owner, dir_fd=descriptor, follow_symlinks=False)
        if is_top:
            folders[:] = [name for name in folders if name not in leave]
