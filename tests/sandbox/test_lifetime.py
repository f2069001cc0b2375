"""Nothing outlives its owner, and what was lost is started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.grading.kernel import Kernel, KernelStartError
from autograder.sandbox import Bounds, Sandbox, temporary_place
from autograder.sandbox.place import remove_leftovers
from tests.sandbox.running import is_running, run, text

OPTIONS = {"timeout_s": 20, "interrupt_s": 1, "in_history": True}


def printed(kernel, source):
    texts = []
    kernel.run(
        source, **OPTIONS, on_output=lambda m: texts.append(m["content"].get("text"))
    )
    return "".join(filter(None, texts))


def gone(*command, seconds=20):
    """Return whether no such process is left within some seconds."""
    deadline = time.monotonic() + seconds
    while is_running(*command):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


GRADER = """\
import sys, time
from autograder.grading.kernel import Kernel
from autograder.sandbox import Bounds, Sandbox, temporary_place
with Sandbox(modes=(sys.argv[1],)) as sandbox, temporary_place() as place:
    kernel = Kernel(sandbox, place, Bounds(), 60)
    start = "import subprocess; subprocess.Popen(['sleep', '6075.5'])"
    kernel.run(start, timeout_s=20, interrupt_s=1, in_history=True,
               on_output=lambda message: None)
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("mode", ["warm", "cold", "unsafe"])
def test_everything_dies_with_a_grader_that_is_killed(mode):
    """SIGKILL leaves it no time to clean up."""
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, mode],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with grader:
        assert grader.stdout.readline() == "ready\n"
        assert is_running("sleep", "6075.5")
        family = psutil.Process(grader.pid).children(recursive=True)
        grader.kill()

    assert gone("sleep", "6075.5")
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_a_zygote_that_was_killed_is_replaced(tmp_path):
    """Its kernels die with it; the next submission is served by a new one."""
    with Sandbox() as sandbox:
        with temporary_place() as place, Kernel(sandbox, place, Bounds(), 60) as kernel:
            os.kill(sandbox._zygote.pid, signal.SIGKILL)
            kernel._process.wait(60)  # the cell is short: it may run before that
            ending, _ = kernel.run("1", **OPTIONS, on_output=lambda message: None)
            assert ending == "dead"
        (cell,), _ = run(sandbox, tmp_path, "print('served')")

    assert text(cell) == "served\n"


def test_a_kernel_that_cannot_start_is_not_the_submissions_fault(sandbox):
    """The error is the kind that grading tries again, and says why."""
    too_little = Bounds(memory_bytes=50_000_000)
    with temporary_place() as place, pytest.raises(KernelStartError):
        Kernel(sandbox, place, too_little, 10)


def test_an_interrupt_leaves_the_kernel_usable(sandbox):
    """It reaches the cell through two process namespaces."""
    with temporary_place() as place, Kernel(sandbox, place, Bounds(), 60) as kernel:
        options = {**OPTIONS, "timeout_s": 0.5}
        slow = "import time; time.sleep(60)"
        ending, _ = kernel.run(slow, **options, on_output=lambda message: None)

        assert ending == "timeout"
        assert printed(kernel, "print('alive')") == "alive\n"


def test_code_in_the_kernel_talks_over_its_channel(walled):
    """An echo: what the grader sends comes back from inside, in capitals."""
    echo = """\
from autograder.sandbox import channel
with channel() as socket:
    while text := socket.recv(100):
        socket.sendall(text.upper())
"""
    with temporary_place() as place:
        connection = place.connection()
        process = walled.start(place, connection, Bounds(), has_channel=True)
        from jupyter_client.blocking.client import BlockingKernelClient

        client = BlockingKernelClient()
        client.load_connection_info(connection)
        client.start_channels(stdin=False, hb=False)
        client.execute(echo)
        process.channel.settimeout(30)
        process.channel.sendall(b"hello")
        assert process.channel.recv(100) == b"HELLO"
        process.channel.sendall(b"again")
        assert process.channel.recv(100) == b"AGAIN"
        process.close()
        client.stop_channels()
        client.context.destroy(linger=0)


def test_no_file_of_a_sandbox_is_left_behind(tmp_path, monkeypatch):
    """Places, lists of users and logs are removed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "in").mkdir()
    with Sandbox() as sandbox:
        run(sandbox, tmp_path / "in", "open('a', 'w').write('b')")

    assert os.listdir(tmp_path) == ["in"]
    assert not list(Path(tmp_path / "in").iterdir())


def test_many_kernels_in_a_row_leak_nothing(sandbox):
    """No file of the grader stays open, and no process of the sandbox stays."""

    def leftovers():
        return len(psutil.Process().children(recursive=True))

    counts, before = [], leftovers()
    for _ in range(3):
        for _ in range(3):
            with temporary_place() as place, Kernel(sandbox, place, Bounds(), 60):
                pass
        counts.append(psutil.Process().num_fds())
    deadline = time.monotonic() + 20
    while leftovers() > before:
        assert time.monotonic() < deadline, "forks are left over"
        time.sleep(0.02)

    assert counts[1] == counts[2]


def test_what_a_killed_grader_left_is_removed_by_the_next():
    """The places of a process that is gone; not those of one that lives."""
    leave = "from autograder.sandbox import new_place; print(new_place().root)"
    done = subprocess.run(
        [sys.executable, "-c", leave], capture_output=True, text=True, check=True
    )
    left = Path(done.stdout.strip())
    assert left.is_dir()

    with temporary_place() as own:
        remove_leftovers()

        assert not left.exists()
        assert own.root.is_dir()
