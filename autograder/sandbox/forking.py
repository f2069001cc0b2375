"""Make forks of a big process cheap: share its memory, in pages of 2 MB.

A fork copies its parent's page tables and gives them back when it ends. At 4 kB a page
that is ten milliseconds and more for a process that has imported torch, when all that
the fork does may be over in five. With large pages there is one entry where there were
512; a fork that writes to one gets its own copy of the 4 kB concerned, as before.

Linux does it on request since 6.1 (MADV_COLLAPSE); elsewhere forks just take longer.
"""

import ctypes
import gc
from collections.abc import Iterator

_MADV_COLLAPSE = 25
_LARGE = 2 * 1024 * 1024


def prepare_to_fork() -> None:
    """Make what this process has in memory cheap to share with its forks.

    Call it when all is imported; again after more was imported.
    """
    gc.collect()
    gc.freeze()  # forks share these pages as long as no collection touches them
    _use_large_pages()


def _use_large_pages() -> None:
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for low, high in _allocated():
        first, last = -(-low // _LARGE) * _LARGE, high // _LARGE * _LARGE
        if first < last:
            madvise(first, last - first, _MADV_COLLAPSE)  # a refusal costs nothing


def _allocated() -> Iterator[tuple[int, int]]:
    """Yield where memory is that is private, writable and of no file."""
    with open("/proc/self/maps") as file:
        regions = [line.split() for line in file]
    for where, rights, _, _, _, *name in regions:
        if (
            rights.startswith("rw")
            and rights.endswith("p")
            and name in ([], ["[heap]"])
        ):
            low, high = where.split("-")
            yield int(low, 16), int(high, 16)
