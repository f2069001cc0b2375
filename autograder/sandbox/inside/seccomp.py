"""A seccomp filter: system calls that no submission needs, and that would get it far.

Refused are memory that is counted nowhere (memfd, System V segments and semaphores),
looking into or slowing down other processes, new namespaces and mounts, and the parts
of the kernel that most privilege escalations went through (bpf, io_uring, userfaultfd,
keyrings). Sockets keep the usual buffers: asking for larger ones is granted in words
only. It is a second line: without it the wall still stands.
"""

import ctypes
import errno
import platform
import struct

from autograder.sandbox.inside import system

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
# Instructions of the classic Berkeley packet filter.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Offsets in `struct seccomp_data`.
_NUMBER, _ARCH, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 24, 32
_X32 = 0x40000000  # the other numbering of system calls on x86-64

_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*

# Calls since 2019 have one number on every machine.
_SINCE_2019 = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "memfd_secret": 447,
}
# name: (x86-64, aarch64)
_BEFORE = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "mount": (165, 40),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
# Callers of these have another way when the kernel is too old to have them.
_MISSING = ("clone3", "io_uring_setup", "memfd_create")
_MACHINES = {
    # machine: (column above, architecture for the filter, clone, setsockopt)
    "x86_64": (0, 0xC000003E, 56, 54),
    "aarch64": (1, 0xC00000B7, 220, 208),
}
_SOL_SOCKET, _SO_SNDBUF, _SO_RCVBUF = 1, 7, 8


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def is_available() -> bool:
    """Return whether this machine's numbers are known."""
    return platform.machine() in _MACHINES


def refuse_system_calls() -> None:
    """Refuse the calls above to this process and to all that it starts, for good."""
    if not is_available():
        return
    code = _program(*_MACHINES[platform.machine()])
    program = _Program(len(code) // 8, code)
    system.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(program))


def _program(column: int, arch: int, clone: int, setsockopt: int) -> bytes:
    denied, missing, ignored = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS, _ERRNO | 0
    code = [
        _instruction(_LOAD, _ARCH),
        _instruction(_EQUAL, arch, 1, 0),
        _instruction(_RETURN, denied),
        _instruction(_LOAD, _NUMBER),
        _instruction(_AT_LEAST, _X32, 0, 1),
        _instruction(_RETURN, denied),
    ]
    numbers = {name: both[column] for name, both in _BEFORE.items()} | _SINCE_2019
    for name, number in numbers.items():
        code.append(_instruction(_EQUAL, number, 0, 1))
        code.append(_instruction(_RETURN, missing if name in _MISSING else denied))
    code += [
        _instruction(_EQUAL, setsockopt, 0, 7),
        _instruction(_LOAD, _SECOND_ARGUMENT),
        _instruction(_EQUAL, _SOL_SOCKET, 0, 4),
        _instruction(_LOAD, _THIRD_ARGUMENT),
        _instruction(_EQUAL, _SO_SNDBUF, 1, 0),
        _instruction(_EQUAL, _SO_RCVBUF, 0, 1),
        _instruction(_RETURN, ignored),
        _instruction(_RETURN, _ALLOW),
        _instruction(_EQUAL, clone, 0, 3),
        _instruction(_LOAD, _FIRST_ARGUMENT),
        _instruction(_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        _instruction(_RETURN, denied),
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
