"""Forks of a process that has prepared for them share its memory in large pages."""

import ctypes
import mmap
import os
import platform
import re
from pathlib import Path

import pytest

from autograder.sandbox.forking import prepare_to_fork

_SIZE = 16 * 1024 * 1024


def _is_linux_with_collapse() -> bool:
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    return bool(release) and tuple(map(int, release.groups())) >= (6, 1)


def _bytes_in_large_pages(address: int) -> int:
    """Return how much of the mapping around `address` stands in large pages."""
    is_ours = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if span := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            low, high = (int(end, 16) for end in span.groups())
            is_ours = low <= address < high
        elif is_ours and line.startswith("AnonHugePages:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the mapping is not there")


@pytest.mark.skipif(
    not _is_linux_with_collapse(), reason="Linux collapses pages on request since 6.1"
)
def test_memory_that_was_written_moves_into_large_pages() -> None:
    with mmap.mmap(-1, _SIZE, flags=mmap.MAP_PRIVATE) as memory:
        memory.write(b"x" * _SIZE)
        view = (ctypes.c_char * _SIZE).from_buffer(memory)
        address = ctypes.addressof(view)
        assert _bytes_in_large_pages(address) == 0
        prepare_to_fork()
        # At most one page at either end is not whole.
        assert _bytes_in_large_pages(address) >= _SIZE - 2 * 2 * 1024 * 1024
        assert memory[:] == b"x" * _SIZE
        del view


def test_what_a_fork_writes_stays_its_own() -> None:
    data = bytearray(b"x" * _SIZE)
    prepare_to_fork()
    pid = os.fork()
    if pid == 0:
        data[_SIZE // 2] = ord("y")
        os._exit(0 if data.count(b"y") == 1 else 1)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    assert data.count(b"x") == _SIZE
