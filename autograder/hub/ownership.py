"""To whom the course folder belongs: to the user as whom the staff's server runs.

Commands that root runs (`autograder course …`) leave files that are root's; the staff's
server could not write to them. Giving them over is cheap and changes nothing else.
"""

import os
from pathlib import Path

from autograder.hub.folders import HubFolders

_OF_THE_EXCHANGE = ("outbound", "feedback")  # hand-ins stay their students'


def give_to(course: Path, course_id: str, owner: tuple[int, int]) -> None:
    """Give the course folder and what it has published to `owner`; only root can.

    What concerns the hub itself stays: its own folder, and the two files that say who
    may do what.
    """
    if os.getuid() != 0:
        return
    _give(course, owner, leave=("hub", "course.yaml", "students.csv"))
    exchange = HubFolders(course).exchange / course_id
    for name in _OF_THE_EXCHANGE:
        _give(exchange / name, owner)


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
            status = os.lstat(name, dir_fd=descriptor)
            if (status.st_uid, status.st_gid) != owner:
                os.chown(name, *owner, dir_fd=descriptor, follow_symlinks=False)
        if is_top:
            folders[:] = [name for name in folders if name not in leave]
