"""The first wall: what bubblewrap shows to a zygote and its forks.

The file system is built up from nothing. Programs, libraries, this Python with its
packages, our two packages as far as a kernel needs them, and the data sets that
`lecturekit.data` has prepared are bound into it, read only; everything else (homes,
courses, submissions, gradebooks, solutions, mounted disks) does not exist. There is no
network but an own loopback, and no process is in sight but the zygote's.

Root runs bubblewrap as root, so that it can bind a Python that stands in root's home;
the zygote then becomes an unprivileged user before it does anything else.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.layout import HOME, SCRATCH, TEMPORARY
from autograder.sandbox.visible import data, own_packages, programs, python, shown

# What of `autograder` a kernel needs; the rest stays outside.
_AUTOGRADER = ("__init__.py", "errors.py", "judging", "sandbox")


def is_installed() -> bool:
    """Return whether there is a `bwrap` to be run."""
    return shutil.which("bwrap") is not None


def bubblewrap(
    hidden: Iterable[Path], users: Path, scratch: Bounds | None
) -> list[str]:
    """Return the command line that is put before a zygote's own.

    Parameters
    ----------
    hidden : iterable of Path
        What must not be visible even where it stands below something that is.
    users : Path
        A file in the format of /etc/passwd that names the submission's user.
    scratch : Bounds or None
        If given, room for scratch files is made here, for a zygote whose forks cannot
        mount their own.
    """
    return [
        *(shutil.which("bwrap") or "bwrap", "--die-with-parent"),
        *("--hostname", "sandbox", "--unshare-uts"),
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-cgroup-try"),
        *(() if os.getuid() == 0 else ("--unshare-user",)),
        *("--proc", "/proc", "--dev", "/dev"),
        *programs(),
        *python(hidden),
        *own_packages(_AUTOGRADER),
        *data(),
        *shown(str(users), "/etc/passwd"),
        *("--dir", SCRATCH, "--dir", HOME),
        *_scratch(scratch),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"),
    ]


def _scratch(bounds: Bounds | None) -> Iterator[str]:
    places = [(TEMPORARY, "1777")]
    if bounds is not None:
        places += [(HOME, "0777"), ("/dev/shm", "1777")]
    for place, permissions in places:
        if bounds is not None:
            yield from ("--size", str(bounds.scratch_bytes))
        yield from ("--perms", permissions, "--tmpfs", place)
