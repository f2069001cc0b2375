"""The second wall: one submission's own namespaces and its own scratch space.

bubblewrap has already taken away the network and every file that is not a program or a
library. But a fork shares what its zygote has. So each fork leaves the zygote's
namespaces for new ones, in which it sees its own processes only and writes to one
memory file system of limited size, that vanishes with it:

    /home/student         HOME
    /home/student/work    the current directory, with the submission's data files
    /tmp, /dev/shm        temporary files and shared memory
"""

import os
import shutil
import socket

from autograder.sandbox.inside import system
from autograder.sandbox.layout import HOME, SCRATCH, TEMPORARY, WORK

_MAX_FILES = 100_000


def leave_namespaces() -> None:
    """Leave the zygote's namespaces; the next fork is process 1 of the new ones."""
    uid, gid = os.getuid(), os.getgid()
    system.set_dumpable(True)  # or the maps below would belong to root
    system.unshare(
        system.CLONE_NEWUSER
        | system.CLONE_NEWNS
        | system.CLONE_NEWPID
        | system.CLONE_NEWIPC
        | system.CLONE_NEWUTS
        | system.CLONE_NEWNET
    )
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def build(scratch_bytes: int) -> None:
    """Mount what the submission sees; run by process 1 of the new namespaces."""
    system.mount("none", "/", flags=system.MS_REC | system.MS_PRIVATE)
    system.loopback_up()
    socket.sethostname("sandbox")
    flags = system.MS_NOSUID | system.MS_NODEV
    limit = f"size={scratch_bytes},nr_inodes={_MAX_FILES},mode=755"
    system.mount("scratch", SCRATCH, "tmpfs", flags, limit)
    for name, target in (("home", HOME), ("tmp", TEMPORARY), ("shm", "/dev/shm")):
        os.mkdir(f"{SCRATCH}/{name}")
        system.mount(f"{SCRATCH}/{name}", target, flags=system.MS_BIND)
    system.unmount(SCRATCH)  # what is bound elsewhere stays
    system.mount("proc", "/proc", "proc", flags | system.MS_NOEXEC)


def copy_files(folder: int, work: str = WORK) -> None:
    """Copy the data files of the open `folder` (a descriptor) to where cells run."""
    source = f"/proc/self/fd/{folder}"
    if os.path.exists(work) and os.path.samefile(source, work):
        return  # without a wall, cells run where the files already are
    shutil.copytree(source, work, symlinks=True, dirs_exist_ok=True)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
