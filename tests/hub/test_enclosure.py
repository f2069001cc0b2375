"""The wall around a server, tried with small programs in the server's place."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.hub.enclosure import enclosed, environment, write_people
from autograder.hub.folders import HubFolders
from autograder.hub.limits import Limits
from autograder.hub.people import people
from tests.sandbox import test_modes
from tests.sandbox.test_modes import AS_1234, ordinary_python

code_for_all = test_modes.code_for_all  # the fixture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap"),
]

ROOT = Path(__file__).parents[2]
COURSE = "id: fl101\nstaff: {instructors: [grace]}\n"


class Walled:
    """A course, and small programs as one of its people."""

    def __init__(self, course):
        self.everybody = people(course)
        self.folders = HubFolders(course)
        grader = self.everybody["grader-fl101"]
        self.folders.make("fl101", grader.owner)
        os.chown(course, *grader.owner)
        write_people(self.folders, self.everybody.values())

    def start(self, name, code, limits=None):
        """Start Python behind the wall."""
        person = self.everybody[name]
        self.folders.make_home(name, person.owner)
        (self.folders.jupyter / person.role).mkdir(exist_ok=True)
        command = [sys.executable, "-c", code]
        wall = enclosed(command, person, self.folders, "fl101", ROOT, limits)
        return subprocess.Popen(
            wall, env=environment(person), stdout=subprocess.PIPE, text=True
        )

    def said(self, name, code, limits=None):
        """Return what it printed."""
        with self.start(name, code, limits) as process:
            return process.communicate(timeout=60)[0]


@pytest.fixture
def walled(tmp_path):
    (tmp_path / "course.yaml").write_text(COURSE)
    (tmp_path / "students.csv").write_text("id\nada\nbob\n")
    (tmp_path / "gradebook.db").write_text("marks")
    return Walled(tmp_path)


def test_a_student_is_somebody_with_a_home(walled):
    """nbgrader asks the system for its user's name, and for the owners of files."""
    code = """
import os, pathlib, pwd
(pathlib.Path.home() / "mine").write_text("x")
print(pwd.getpwuid(os.getuid()).pw_name, os.getcwd(), os.listdir("/home"))
print(pwd.getpwuid(os.stat("mine").st_uid).pw_name)
"""
    assert walled.said("ada", code) == "ada /home/ada ['ada']\nada\n"
    assert (walled.folders.home("ada") / "mine").read_text() == "x"


def test_a_student_sees_no_course_and_the_staffs_server_does(walled):
    """The gradebook and the solutions are there for the one only; no hub for either."""
    code = """
import os
paths = ["/srv/course/gradebook.db", "/opt/lecturekit/solutions",
         "/srv/course/hub/jupyterhub.sqlite", "/srv/course/hub/homes"]
print([os.path.exists(path) for path in paths])
"""
    (walled.folders.hub / "jupyterhub.sqlite").write_text("tokens")

    assert walled.said("ada", code) == "[False, False, False, False]\n"
    assert walled.said("grader-fl101", code) == "[True, True, False, False]\n"


def test_the_staffs_server_cannot_change_who_may_do_what(walled):
    """The hub, which may be root, believes what course.yaml says."""
    code = """
for name in ("course.yaml", "students.csv", "notes.txt"):
    try:
        open(name, "a").write("x")
        print("wrote", name)
    except OSError as error:
        print(error.strerror)
"""
    for name in ("course.yaml", "students.csv"):
        (walled.folders.course / name).chmod(0o666)

    said = walled.said("grader-fl101", code).splitlines()
    assert said == [*["Read-only file system"] * 2, "wrote notes.txt"]


def test_hand_ins_go_in_and_nothing_else_is_written(walled):
    """The exchange as a student has it."""
    code = """
import os
course = "/srv/exchange/fl101"
os.mkdir(f"{course}/inbound/ada+lab")
for name in ("outbound", "feedback", "."):
    try:
        os.mkdir(f"{course}/{name}/x")
    except OSError as error:
        print(error.strerror)
"""
    assert walled.said("ada", code) == "Read-only file system\n" * 3
    assert [p.name for p in (walled.folders.exchange / "fl101/inbound").iterdir()]


def test_what_it_started_ends_with_it(walled):
    """A program that was sent to the background and out of its session."""
    name = f"left-behind-{os.getpid()}"
    code = f"""
import subprocess, time
subprocess.Popen(["sh", "-c", "exec -a {name} sleep 600"], start_new_session=True,
                 executable="/bin/bash")
time.sleep(0.5)
"""
    assert walled.said("ada", code) == ""
    running = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert not [words for words in running if name in (words or [])]


def test_it_ends_with_what_started_it(walled):
    """If bubblewrap is killed, the server behind it does not live on unseen."""
    process = walled.start(
        "ada", "import time; print('up', flush=True); time.sleep(600)"
    )
    assert process.stdout.readline() == "up\n"
    inside = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(inside, timeout=30)

    assert inside
    assert alive == []


def test_a_signal_reaches_the_server(walled):
    """So that it can end its kernels in order; its status comes back."""
    code = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("up", flush=True)
time.sleep(600)
"""
    process = walled.start("ada", code)
    assert process.stdout.readline() == "up\n"
    (first,) = psutil.Process(process.pid).children()
    first.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)

    assert process.returncode == 7


AS_ORDINARY_USER = """\
import os
from pathlib import Path
from tests.hub.test_enclosure import COURSE, Walled
course = Path("course")
course.mkdir()
(course / "course.yaml").write_text(COURSE)
(course / "students.csv").write_text("id\\nada\\nbob\\n")
walled = Walled(course.resolve())
walled.said("bob", "open('diary', 'w').write('mine')")
code = "import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name, os.listdir('/home'))"
print(walled.said("ada", code), end="")
print(walled.said("ada", "import os; os.mkdir('/srv/exchange/fl101/inbound/ada')"))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="the other tests run as an ordinary user")
def test_an_ordinary_user_has_the_same_wall(code_for_all):
    """For a demo: no homes of others, one's own name, a hand-in that arrives."""
    found = ordinary_python()
    if found is None:
        pytest.skip("no Python here that an ordinary user may run")
    program, packages = found
    work = code_for_all / "work"
    os.chown(work, 1234, 1234)
    done = subprocess.run(
        [*AS_1234, program, "-c", AS_ORDINARY_USER],
        env={
            "HOME": str(work),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{code_for_all}:{packages}",
        },
        cwd=work,
        capture_output=True,
        text=True,
    )

    assert done.stdout.splitlines()[0] == "ada ['ada']", done.stderr
    assert (work / "course/hub/exchange/fl101/inbound/ada").is_dir()


def test_a_file_and_a_process_have_limits(walled):
    """Each says so in Python's own words."""
    code = """
try:
    open("big", "wb").write(bytes(20_000_000))
except OSError as error:
    print(error.strerror)
try:
    bytes(3_000_000_000)
except MemoryError:
    print("MemoryError")
"""
    limits = Limits(address_bytes=2_000_000_000, file_bytes=10_000_000)

    assert walled.said("ada", code, limits) == "File too large\nMemoryError\n"
