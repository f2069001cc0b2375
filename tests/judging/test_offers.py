"""One connection to a kernel, a fresh channel for every test cell."""

import socket
import subprocess
import sys

import pytest

from autograder.judging.offers import accepted, offer


def test_every_offer_is_a_channel_of_its_own():
    """What is left unread in one does not turn up in the next."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for word in (b"first", b"second"):
            with offer(ours) as near, accepted(theirs) as far:
                far.sendall(word)
                assert near.recv(10) == word
                far.sendall(b"left unread")


def test_no_offer_is_an_error_and_not_a_wait():
    """When the grader is gone."""
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(EOFError, match="expected a channel"):
        accepted(theirs)


def test_the_students_side_loads_nothing_of_the_grader():
    """A sandbox need not have more of the autograder than this package."""
    code = (
        "import sys, autograder.judging.far, autograder.judging.offers\n"
        "loaded = [m for m in sys.modules if m.startswith(('autograder.', 'nb'))]\n"
        "print(*[m for m in loaded if not m.startswith('autograder.judging')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
