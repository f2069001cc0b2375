"""Nothing is left behind: not by a stop, not by the death of the one who started it."""

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from lecturekit.runtime.engines import guard
from lecturekit.runtime.engines.processes import ProcessFamily, free_port

# A process that starts two more, one in a session of its own and left by its parent.
TREE = """
import subprocess, sys, time
nap = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(nap)
leave = f"import subprocess; subprocess.Popen({nap}, start_new_session=True)"
subprocess.run([sys.executable, "-c", leave], start_new_session=True)
print("ready")
time.sleep(600)
"""

# Somebody who starts such a family and waits.
STARTER = f"""
import sys, time
from lecturekit.runtime.engines.processes import ProcessFamily
family = ProcessFamily()
family.start("tree", sys.executable, "-c", {TREE!r})
print(family.home, flush=True)
time.sleep(600)
"""


def alive(home):
    """Return the processes of this home, without those that guard it."""
    return [
        process
        for process in guard.family(str(home))
        if guard.is_alive(process) and "guard.py" not in " ".join(process.cmdline())
    ]


def wait_until(condition, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_family_ends_with_its_detached_members():
    """Children, and grandchildren whose parent is gone."""
    family = ProcessFamily()
    family.start("tree", sys.executable, "-c", TREE)
    family.wait_until("tree", lambda: "ready" in family.log("tree"), wait_s=60)
    members = alive(family.home)
    family.stop()
    family.stop()

    assert len(members) == 3
    assert not any(map(guard.is_alive, members))
    assert not family.home.exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_family_ends_when_its_starter_dies(how):
    """A kernel restart is a SIGKILL: nobody gets to clean up."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    )
    home = starter.stdout.readline().strip()
    wait_until(lambda: len(alive(home)) == 3)
    starter.send_signal(how)
    starter.wait()
    starter.stdout.close()
    wait_until(lambda: not alive(home))
    wait_until(lambda: not os.path.exists(home))


@pytest.mark.slow
def test_a_member_that_ignores_sigterm_is_killed():
    """After the time of grace."""
    family = ProcessFamily()
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up')"
    family.start("deaf", sys.executable, "-c", f"{code}; time.sleep(600)")
    family.wait_until("deaf", lambda: "up" in family.log("deaf"), wait_s=60)
    (deaf,) = alive(family.home)
    family.stop()

    assert not guard.is_alive(deaf)


def test_processes_are_offline_and_single_threaded():
    """No telemetry, no update check, a private home, this Python's commands."""
    family = ProcessFamily({"EXTRA": "1"})
    try:
        code = "import os; print(dict(os.environ))"
        family.start("env", sys.executable, "-c", code).wait()
        environment = eval(family.log("env"))
    finally:
        family.stop()

    assert environment["FLWR_HOME"] == str(family.home)
    assert environment["FLWR_TELEMETRY_ENABLED"] == "0"
    assert environment["FLWR_DISABLE_UPDATE_CHECK"] == "1"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["EXTRA"] == "1"
    assert environment["PATH"].startswith(os.path.dirname(sys.executable))


def test_one_that_does_not_come_up_is_quoted():
    """The last lines of its log are in the message."""
    family = ProcessFamily()
    try:
        family.start("broken", sys.executable, "-c", "print('no licence'); exit(3)")
        expected = r"broken to come up within 60 s, it ended;.*\n    no licence"
        with pytest.raises(RuntimeError, match=expected):
            family.wait_until("broken", lambda: False, wait_s=60)
        family.start("slow", sys.executable, "-c", "import time; time.sleep(600)")
        with pytest.raises(RuntimeError, match=r"it did not;.*log: nothing"):
            family.wait_until("slow", lambda: False, wait_s=0.1)
    finally:
        family.stop()


def test_a_port_in_use_is_refused():
    """And without a number there is a free one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=rf"got {port}: Address already in use"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1") > 0


def test_the_guard_spares_everybody_else():
    """Only what carries the mark belongs to the family."""
    assert psutil.Process() not in guard.family("/nowhere/at/all")
    assert guard.family("/nowhere/at/all") == set()
