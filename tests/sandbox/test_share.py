"""Graders side by side share what one of them has imported, and nothing else."""

import os
import signal
import time

from autograder.sandbox import Sandbox
from tests.sandbox.running import run, text

IS_THERE = "import sys; print('wave' in sys.modules)"


def test_a_share_finds_everything_imported(tmp_path):
    """The one that has it asked for nothing."""
    with (
        Sandbox(["wave"]) as owner,
        Sandbox(share=owner.share()) as first,
        Sandbox(share=owner.share()) as second,
    ):
        assert first.protection == owner.protection
        for sandbox in (first, second, owner):
            (cell,), _ = run(sandbox, tmp_path, IS_THERE)
            assert text(cell) == "True\n"


def test_who_is_done_ends_nobody_elses_kernels(tmp_path):
    """Neither those of the owner nor those of another share."""
    with Sandbox(["wave"]) as owner, Sandbox(share=owner.share()) as other:
        Sandbox(share=owner.share()).close()
        for sandbox in (owner, other):
            (cell,), _ = run(sandbox, tmp_path, "print('served')")
            assert text(cell) == "served\n"


def test_a_share_whose_owner_has_gone_starts_a_zygote_of_its_own(tmp_path):
    """As after any death of a zygote: the next submission is served."""
    owner = Sandbox()
    with Sandbox(["wave"], share=owner.share()) as sandbox:
        owner.close()
        end = time.monotonic() + 60
        while sandbox._zygote.is_alive():
            assert time.monotonic() < end, "it outlived its owner"
            time.sleep(0.01)
        (cell,), _ = run(sandbox, tmp_path, IS_THERE)
        assert text(cell) == "True\n"


def test_an_owner_whose_zygote_was_killed_shares_a_new_one(tmp_path):
    """So a worker that dies later can be replaced, too."""
    with Sandbox(["wave"]) as owner:
        os.kill(owner._zygote.pid, signal.SIGKILL)
        owner._zygote._process.wait(60)
        with Sandbox(share=owner.share()) as sandbox:
            (cell,), _ = run(sandbox, tmp_path, IS_THERE)
            assert text(cell) == "True\n"


def test_without_a_second_wall_nothing_is_shared():
    """A zygote per submission, or forks that see each other: each has its own."""
    for mode in ("cold", "unsafe"):
        with Sandbox(modes=(mode,)) as sandbox:
            assert sandbox.share() is None
