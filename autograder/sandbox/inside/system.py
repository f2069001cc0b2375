"""System calls that Python's standard library does not have.

Each raises OSError if the kernel refuses.
"""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND = 2, 4, 8, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
_MNT_DETACH = 2

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS = 1, 4, 8
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47
_CAP_VERSION_3 = 0x20080522
_CAP_DAC_READ_SEARCH = 2
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_SIGKILL = 9

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2) with integer arguments."""
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(option, *padded), f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def mount(
    source: str, target: str, kind: str = "", flags: int = 0, data: str = ""
) -> None:
    """Mount a file system of `kind`, or bind `source` if the flags say so."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _checked(result, f"mount {source} on {target}")


def unmount(target: str) -> None:
    """Take a mount out of the tree; what was bound from it elsewhere stays."""
    _checked(_libc.umount2(target.encode(), _MNT_DETACH), f"umount {target}")


def set_dumpable(is_dumpable: bool) -> None:
    """Say whether processes of the same user may trace this one."""
    prctl(_PR_SET_DUMPABLE, int(is_dumpable))


def gain_no_privileges() -> None:
    """Let no program that is started from here gain rights (setuid, capabilities)."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Be killed when the parent process ends, however it ends."""
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_capabilities(permitted: int) -> None:
    """Keep the capabilities in the bit mask `permitted` and no others."""
    header = struct.pack("Ii", _CAP_VERSION_3, 0)
    data = struct.pack("6I", *(permitted,) * 3, 0, 0, 0)
    _checked(_libc.capset(header, data), "capset")


def become(uid: int, *, may_read_all: bool) -> None:
    """Stop being root: become `uid`, in no group but its own.

    Parameters
    ----------
    may_read_all : bool
        Keep the right to read any file, for a Python that stands in root's home and
        is not bound to a place of its own.
    """
    prctl(_PR_SET_KEEPCAPS, int(may_read_all))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if may_read_all:
        set_capabilities(1 << _CAP_DAC_READ_SEARCH)
        prctl(_PR_CAP_AMBIENT, 2, _CAP_DAC_READ_SEARCH)


def loopback_up() -> None:
    """Switch on this network namespace's loopback device, its only one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        request = struct.pack("16sH14x", b"lo", _IFF_UP)
        fcntl.ioctl(device.fileno(), _SIOCSIFFLAGS, request)
