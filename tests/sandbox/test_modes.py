"""Which wall is chosen, what is said if there is none, and who may be the grader."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from autograder.errors import UserError
from autograder.sandbox import (
    Sandbox,
    probe,
    sandbox as sandbox_module,
)
from autograder.sandbox.bubblewrap import bubblewrap
from autograder.sandbox.protection import UNSAFE
from tests.sandbox.running import is_running, run, text

ROOT = Path(__file__).parents[2]

# Stands between bubblewrap and the zygote, and takes a system call away.
REFUSE_UNSHARE = """\
import os, sys
from autograder.sandbox.inside import seccomp, system
seccomp._BEFORE = {"unshare": seccomp._BEFORE["unshare"]}
seccomp._SINCE_2019 = {}
system.gain_no_privileges()
seccomp.refuse_system_calls()
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_two_walls_are_the_first_choice():
    """And a fork that tried to get out reports that it could not."""
    protection = probe()

    assert (protection.mode, protection.escapes) == ("warm", ())
    assert "isolated" in str(protection)
    assert "faults of the operating system's kernel" in str(protection)


def test_without_nested_namespaces_each_submission_has_its_own_bubblewrap(
    monkeypatch, tmp_path
):
    """What cannot be had is passed over, and why is remembered."""

    def without_nesting(*arguments):
        return [*bubblewrap(*arguments), sys.executable, "-P", "-c", REFUSE_UNSHARE]

    monkeypatch.setattr(sandbox_module, "bubblewrap", without_nesting)
    with Sandbox() as sandbox:
        (cell,), _ = run(sandbox, tmp_path, "print('ran')")

    assert sandbox.protection.mode == "cold"
    assert "unshare: Operation not permitted" in sandbox.protection.refused[0]
    assert text(cell) == "ran\n"


def test_a_wall_with_a_hole_is_not_used():
    """What was to be hidden is seen by the fork that looks around."""
    with pytest.raises(UserError, match="does not prevent reading /etc/passwd"):
        Sandbox(hidden=[Path("/etc/passwd")])


def test_without_bubblewrap_nothing_is_run(monkeypatch):
    """One sentence says what is missing, how to get it, and what else there is."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError) as refusal:
        Sandbox()

    message = str(refusal.value)
    assert message.startswith("expected bubblewrap")
    assert "apt-get install bubblewrap" in message
    assert "--unsafe, which lets submissions read and change everything" in message


def test_a_bubblewrap_that_fails_is_quoted(monkeypatch, tmp_path):
    """What it wrote to stderr helps an administrator."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: no permission to make one' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no permission to make one"):
        Sandbox()


@pytest.fixture(scope="module")
def unsafe():
    """A sandbox without walls."""
    with Sandbox(["numpy"], modes=UNSAFE) as sandbox:
        yield sandbox


def test_unsafe_says_what_it_does_not_protect_from(unsafe):
    """Everything that the look around was able to do."""
    protection = unsafe.protection

    assert protection.mode == "unsafe"
    assert "connections to this machine's own services" in protection.escapes
    assert "seeing the grader's processes" in protection.escapes
    assert "NOT isolated" in str(protection)


def test_unsafe_still_limits(unsafe, tmp_path):
    """Memory, and the life of what a submission has started."""
    source = """\
import subprocess
subprocess.Popen(["sleep", "6074.5"], start_new_session=True)
bytearray(30_000_000_000)
"""
    (cell,), _ = run(unsafe, tmp_path, source)

    assert cell.outputs[-1].ename == "MemoryError"
    assert not is_running("sleep", "6074.5")


def test_unsafe_is_not_root_and_reaches_its_own_files_only(unsafe, tmp_path):
    """Where the grader is root, a submission can read what root can, not write."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("7")
    source = """\
import os
open("data/a.csv", "a").write("8")
print(os.getuid(), open("data/a.csv").read(), os.access("/usr", os.W_OK))
"""
    (cell,), _ = run(unsafe, tmp_path, source, files=["data/a.csv"])

    assert text(cell) == f"{unsafe.uid} 78 False\n"


def test_unsafe_forks_do_not_reach_each_other(unsafe, tmp_path):
    """What one did to a module is not seen by the next."""
    run(unsafe, tmp_path, "import numpy; numpy.allclose = None; open('a', 'w')")
    (cell,), _ = run(
        unsafe, tmp_path, "import numpy, os; print(numpy.allclose(1, 1), os.listdir())"
    )

    assert text(cell) == "True []\n"


AS_1234 = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", "env"]
# `env`, because what setpriv itself starts is opened with root's rights.


def ordinary_python():
    """Return a Python that any user can run, and its search path; None if none is."""
    packages = sysconfig.get_path("purelib")
    same = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, same):
        command = [program, "-c", "import ipykernel"]
        done = subprocess.run(
            [*AS_1234, *command],
            env={"PYTHONPATH": packages},
            capture_output=True,
        )
        if done.returncode == 0:
            return program, packages
    return None


AS_ORDINARY_USER = """\
import os, sys
from pathlib import Path
from autograder.sandbox import Sandbox
from tests.sandbox.running import run, text
with Sandbox(["numpy"], modes=(sys.argv[1],)) as sandbox:
    assert not sandbox.protection.escapes
    source = "import os, numpy; print(os.getuid(), os.path.exists('/var'))"
    (cell,), _ = run(sandbox, Path(sys.argv[2]), source)
    print(text(cell), end="")
"""


@pytest.fixture
def code_for_all():
    """A folder with our packages that every user can read, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        for package in ("autograder", "lecturekit", "tests"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, Path(name, package), ignore=ignored)
        Path(name, "work").mkdir()
        subprocess.run(["chmod", "-R", "a+rX", name], check=True)
        yield Path(name)


@pytest.mark.skipif(os.getuid() != 0, reason="the other tests run as an ordinary user")
@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_an_ordinary_user_can_grade(mode, code_for_all):
    """Nothing needs root: bubblewrap and the forks make user namespaces."""
    found = ordinary_python()
    if found is None:
        pytest.skip("no Python here that an ordinary user may run")
    program, packages = found
    arguments = [program, "-c", AS_ORDINARY_USER, mode, str(code_for_all / "work")]
    done = subprocess.run(
        [*AS_1234, *arguments],
        env={
            "HOME": "/nonexistent",
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{code_for_all}:{packages}",
        },
        cwd="/",
        capture_output=True,
        text=True,
    )

    assert done.stdout == "1234 False\n", done.stderr
