"""Hostile cells: what they try is refused, and the grader goes on."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.grading.kernel import Kernel
from autograder.sandbox import Bounds, Sandbox, temporary_place
from autograder.sandbox.layout import TEMPORARY
from tests.sandbox.running import errors, is_running, run, text

SMALL = Bounds(
    memory_bytes=1_500_000_000,
    cpu_s=20,
    num_processes=40,
    file_bytes=10_000_000,
    scratch_bytes=30_000_000,
)


def one(sandbox, folder, source, **limits):
    """Run one cell; return what it printed and the last error."""
    (cell,), _ = run(sandbox, folder, source, **{"machine": SMALL, **limits})
    return text(cell), (errors(cell) or [""])[-1]


def test_the_network_is_refused(walled, tmp_path):
    """Neither this machine's services nor others can be reached; loopback works."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = f"""\
import socket
for address in (("127.0.0.1", {port}), ("203.0.113.1", 80)):
    try:
        socket.create_connection(address, timeout=2)
        print("connected")
    except OSError as error:
        print(type(error).__name__, error.errno)
with socket.create_server(("127.0.0.1", 0)) as own:
    socket.create_connection(own.getsockname(), timeout=2).close()
    print("loopback")
"""
        printed, _ = one(walled, tmp_path, source)

    assert printed == "ConnectionRefusedError 111\nOSError 101\nloopback\n"


def test_abstract_sockets_of_the_machine_are_out_of_reach(walled, tmp_path):
    """They have no path that could be hidden; an own network namespace hides them."""
    name = f"lecturekit-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        source = f"""\
import socket
try:
    socket.socket(socket.AF_UNIX).connect("\\0{name}")
    print("connected")
except OSError as error:
    print(error.errno)
"""
        printed, _ = one(walled, tmp_path, source)

    assert printed == "111\n"


def test_nothing_of_the_course_is_there(walled, tmp_path):
    """Submissions, gradebook, solutions, homes, other folders: no such file."""
    course = tmp_path / "course"
    (course / "submitted").mkdir(parents=True)
    (course / "gradebook.db").write_text("marks")
    root = Path(__file__).parents[2]
    wanted = [
        course / "submitted",
        course / "gradebook.db",
        root / "solutions",
        root / "tests",
        root / ".git",
        Path.home() / ".bashrc",
        Path("/etc/shadow"),
        Path("/var"),
        Path(f"/proc/{os.getpid()}/root/etc/shadow"),
    ]
    source = f"import os\nfor p in {list(map(str, wanted))}: print(os.path.lexists(p))"
    printed, _ = one(walled, tmp_path, source)

    assert printed == "False\n" * len(wanted)


def test_what_is_hidden_is_hidden_inside_what_is_shown(tmp_path):
    """A course below this Python's own folder is not seen for that."""
    hidden = Path(sys.prefix) / "share"
    with Sandbox(hidden=[hidden]) as sandbox:
        assert not sandbox.protection.escapes
        source = f"import os; print(os.listdir({str(hidden)!r}))"
        printed, _ = one(sandbox, tmp_path, source)

    assert list(hidden.iterdir())
    assert printed == "[]\n"


def test_only_the_scratch_space_can_be_written(walled, tmp_path):
    """Home, current folder, /tmp and /dev/shm; nothing else on the whole tree."""
    source = """\
import os
def writable(folder):
    try:
        os.close(os.open(os.path.join(folder, "w"), os.O_CREAT | os.O_WRONLY))
        return True
    except OSError:
        return False
found = {folder for folder, _, _ in os.walk("/") if writable(folder)}
print(sorted(f for f in found if not f.startswith(("/proc", "/home/student/"))))
print(writable("."))
"""
    printed, _ = one(walled, tmp_path, source, cell_s=60)

    places = ["/dev/shm", "/home/student", TEMPORARY]
    assert printed == f"{places}\nTrue\n"


def test_the_user_is_nobody_in_particular(walled, tmp_path):
    """Not root, not root outside, in no group, without a right, for good."""
    source = """\
import json, os
status = open("/proc/self/status").read().splitlines()
fields = dict(line.split(":", 1) for line in status)
print(json.dumps([os.getresuid(), os.getgroups(), fields["CapEff"], fields["CapPrm"],
    fields["NoNewPrivs"], fields["Seccomp"]]))
"""
    printed, _ = one(walled, tmp_path, source)
    uids, groups, effective, permitted, no_new, seccomp = json.loads(printed)

    assert set(uids) == {walled.uid}
    assert set(groups) <= {os.getgid() or walled.uid, 65534}
    assert (int(effective, 16), int(permitted, 16)) == (0, 0)
    assert (no_new.strip(), seccomp.strip()) == ("1", "2")


def test_a_kernels_processes_belong_to_no_root(walled, tmp_path):
    """Seen from outside: whoever started it, a submission runs as an ordinary user."""
    with temporary_place() as place, Kernel(walled, place, Bounds(), 30):
        processes = psutil.Process().children(recursive=True)  # and of other tests
        inside = [
            p for p in processes if "autograder.sandbox.inside.serve" in p.cmdline()
        ]
        uids = {p.uids().real for p in inside if p.name().startswith("python")}

    assert uids == {walled.uid}
    assert 0 not in uids


@pytest.mark.parametrize(
    "attempt",
    [
        "os.kill(1, 9)",
        "os.kill(os.getppid(), 9)",
        "os.kill(-1, 9)",
        "open('/proc/1/mem', 'r+b')",
        "os.listdir('/proc/1/fd')",
        "libc.ptrace(16, 1, 0, 0) and 1 / 0",
        "libc.unshare(0x10000000) and 1 / 0",
        "libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0) and 1 / 0",
        "libc.umount2(b'/home/student', 2) and 1 / 0",
        "os.setuid(0)",
        "os.chroot('/')",
        "os.memfd_create('m')",
    ],
)
def test_the_second_wall_cannot_be_broken_from_inside(sandbox, tmp_path, attempt):
    """It fails, or hurts nobody but who tried; the next submission is served."""
    source = f"""\
import ctypes, os
libc = ctypes.CDLL(None)
try:
    {attempt}
    print("done")
except BaseException as error:
    print(type(error).__name__)
"""
    zygote = sandbox._zygote.pid
    printed, _ = one(sandbox, tmp_path, source)
    after, _ = one(sandbox, tmp_path, "print('served')")

    if attempt.startswith("os.kill"):
        # Process 1 is deaf to its own children, and there is nobody else.
        assert printed in ("done\n", "ProcessLookupError\n")
    else:
        assert printed != "done\n"
    assert after == "served\n"
    assert sandbox._zygote.pid == zygote


def test_other_processes_are_not_in_sight(sandbox, tmp_path):
    """Two of them: its supervisor and itself."""
    source = "import os; print([n for n in os.listdir('/proc') if n.isdigit()])"
    printed, _ = one(sandbox, tmp_path, source)

    assert printed == "['1', '2']\n"


def test_a_fork_bomb_is_contained(walled, tmp_path):
    """The number of processes is limited, and all of them are gone afterwards."""
    source = """\
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "6072.5"])
        made += 1
except OSError as error:
    print(made < 60, type(error).__name__)
"""
    printed, _ = one(walled, tmp_path, source)

    assert printed == "True BlockingIOError\n"
    assert not is_running("sleep", "6072.5")


def test_forks_that_fork_are_contained(walled, tmp_path):
    """Every child forks too, and ignores every signal that can be ignored."""
    source = """\
import os, signal, time
for number in range(1, 32):
    if number not in (9, 19):
        signal.signal(number, signal.SIG_IGN)
os.setsid() if os.fork() == 0 else None
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
"""
    started = time.monotonic()
    one(walled, tmp_path, source, cell_s=2)
    after, _ = one(walled, tmp_path, "print('served')")

    assert after == "served\n"
    assert time.monotonic() - started < 60


def test_a_memory_bomb_raises(walled, tmp_path):
    """The limit is met by MemoryError, and later cells run."""
    sources = ["x = bytearray(30_000_000_000)", "print('alive')"]
    (bomb, after), _ = run(walled, tmp_path, *sources, machine=SMALL)

    assert bomb.outputs[-1].ename == "MemoryError"
    assert text(after) == "alive\n"


def test_memory_is_counted_over_all_processes(walled, tmp_path):
    """Four children of 500 MB are too much for 1.5 GB; the reason is said."""
    source = """\
import os, time
for _ in range(4):
    if os.fork() == 0:
        block = bytearray(b"x") * 500_000_000
        time.sleep(60)
time.sleep(60)
"""
    _, error = one(walled, tmp_path, source, cell_s=30)

    assert error == "it used more than 1.5 GB of memory"


def test_processor_time_is_counted_over_all_processes(walled, tmp_path):
    """Also that of children who have ended."""
    source = """\
import os
for _ in range(100):
    if os.fork() == 0:
        sum(range(10**7))
        os._exit(0)
    os.wait()
"""
    bounds = Bounds(cpu_s=2)
    _, error = one(walled, tmp_path, source, cell_s=60, machine=bounds)

    assert error == "it used more than 2 s of processor time"


def test_one_file_is_limited(walled, tmp_path):
    """Ten megabytes here."""
    _, error = one(walled, tmp_path, "open('f', 'wb').write(bytes(11_000_000))")

    assert error == "[Errno 27] File too large"


def test_all_files_together_are_limited(sandbox, tmp_path):
    """Home, /tmp and /dev/shm share one space."""
    source = """\
for folder in (".", "/tmp", "/dev/shm"):
    for number in range(2):
        with open(f"{folder}/{number}", "wb") as file:
            file.write(bytes(8_000_000))
""".replace("/tmp", TEMPORARY)
    _, error = one(sandbox, tmp_path, source)

    assert error == "[Errno 28] No space left on device"


def test_many_empty_files_are_limited_too(sandbox, tmp_path):
    """A file costs memory however short it is."""
    source = """\
for number in range(200_000):
    open(f"/tmp/{number}", "wb").close()
""".replace("/tmp", TEMPORARY)
    _, error = one(sandbox, tmp_path, source, cell_s=60)

    assert "No space left on device" in error


def test_a_loop_that_catches_the_interrupt_is_killed(walled, tmp_path):
    """KeyboardInterrupt is caught again and again."""
    source = """\
while True:
    try:
        while True: sum(range(1000))
    except KeyboardInterrupt:
        pass
"""
    _, error = one(walled, tmp_path, source, cell_s=1)

    assert error == "it took longer than 1 s and could not be stopped"


def test_detached_children_do_not_survive(walled, tmp_path):
    """Forty of them, in sessions of their own, with their parents dead."""
    source = """\
import os, subprocess
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "6073.5"])
        os._exit(0)
    os.wait()
print("started")
"""
    printed, _ = one(walled, tmp_path, source)

    assert printed == "started\n"
    assert not is_running("sleep", "6073.5")


def test_poisoned_modules_do_not_reach_the_next(walled, tmp_path):
    """What a submission does to numpy, to builtins or to the system is its own."""
    poison = """\
import builtins, numpy, os, sys
numpy.allclose = lambda *a: True
builtins.abs = lambda x: 0
sys.modules["json"] = None
os.environ["POISON"] = "1"
for folder in (".", "/home/student", "/tmp", "/dev/shm"):
    open(f"{folder}/poison", "w").close()
""".replace("/tmp", TEMPORARY)
    look = """\
import json, numpy, os
folders = (".", "/home/student", "/tmp", "/dev/shm")
found = any(os.path.exists(f"{folder}/poison") for folder in folders)
print(numpy.allclose(0, 1), abs(-1), "POISON" in os.environ, found)
""".replace("/tmp", TEMPORARY)
    one(walled, tmp_path, poison)
    printed, _ = one(walled, tmp_path, look)

    assert printed == "False 1 False False\n"


def test_a_startup_file_does_not_reach_the_next(walled, tmp_path):
    """IPython runs what stands in its profile; the profile is gone."""
    plant = """\
from pathlib import Path
Path(get_ipython().profile_dir.startup_dir, "00.py").write_text("stolen = 1")
"""
    one(walled, tmp_path, plant)
    printed, _ = one(walled, tmp_path, "print('stolen' in dir())")

    assert printed == "False\n"


def test_two_kernels_at_once_do_not_see_each_other(sandbox, tmp_path):
    """Neither files, processes nor abstract sockets."""
    listen = """\
import socket
open("/tmp/mine", "w").close()
server = socket.socket(socket.AF_UNIX); server.bind("\\0mine"); server.listen()
""".replace("/tmp", TEMPORARY)
    look = """\
import os, socket
assert not os.path.exists("/tmp/mine")
assert len([n for n in os.listdir("/proc") if n.isdigit()]) == 2
try:
    socket.socket(socket.AF_UNIX).connect("\\0mine")
except ConnectionRefusedError:
    pass
else:
    assert False
""".replace("/tmp", TEMPORARY)
    with temporary_place() as one, temporary_place() as two:
        first = Kernel(sandbox, one, Bounds(), 30)
        second = Kernel(sandbox, two, Bounds(), 30)
        options = {"timeout_s": 20, "interrupt_s": 1, "in_history": True}
        with first, second:
            for kernel, source in ((first, listen), (second, look)):
                _, reply = kernel.run(source, **options, on_output=lambda m: None)
                assert reply["status"] == "ok", reply


def test_unseeded_draws_are_the_same_for_everyone(sandbox, tmp_path):
    """The same answer gets the same mark, also if it forgot to seed."""
    source = "import random, numpy; print(random.random(), numpy.random.rand())"

    assert one(sandbox, tmp_path, source) == one(sandbox, tmp_path, source)


def test_what_lies_in_sockets_is_counted(walled, tmp_path):
    """No process is charged for it by the system; larger buffers are not given."""
    source = """\
import os, socket, time
ours, theirs = socket.socketpair()
ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
print(ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < 2**21)
time.sleep(1)  # the line above is on its way
if os.fork() and os.fork() and os.fork():  # a fork shares what there is so far
    time.sleep(60)
kept = [socket.socketpair() for _ in range(480)]
time.sleep(60)
"""
    bounds = replace(SMALL, memory_bytes=700_000_000)
    printed, error = one(walled, tmp_path, source, cell_s=30, machine=bounds)

    assert printed == "True\n"
    assert error == "it used more than 0.7 GB of memory"


def test_who_wants_many_processors_goes_last(walled, tmp_path):
    """All but the kernel's own thread; a single busy cell goes first as ever."""
    source = """\
import os, time
children = []
for _ in range(8):
    child = os.fork()
    if not child:
        while True: pass
    children.append(child)
while not all(os.sched_getscheduler(child) == os.SCHED_IDLE for child in children):
    time.sleep(0.05)
print(os.sched_getscheduler(0) == os.SCHED_OTHER)
try:
    os.sched_setscheduler(children[0], os.SCHED_OTHER, os.sched_param(0))
except PermissionError:
    print("no way back")
"""
    printed, _ = one(walled, tmp_path, source, cell_s=30)

    assert printed == "True\nno way back\n"


def test_who_keeps_too_many_busy_is_ended(walled, tmp_path):
    """Also threads of sessions of their own; the reason is said."""
    source = """\
import os, threading, time
def busy():
    while True: pass
for _ in range(30):
    if os.fork() == 0:
        os.setsid()
        threading.Thread(target=busy).start()
        time.sleep(3600)
time.sleep(3600)
"""
    _, error = one(walled, tmp_path, source, cell_s=60, machine=Bounds())

    assert error.endswith("processes or threads busy")


def test_semaphores_of_system_v_are_refused(walled, tmp_path):
    """They lie in the memory of the system's kernel."""
    source = """\
import ctypes
print(ctypes.CDLL(None).semget(0, 1, 0o1600))
"""
    assert one(walled, tmp_path, source)[0] == "-1\n"


def test_files_in_flight_do_not_keep_the_grader_from_sending_any():
    """They are counted together where it runs submissions as its own user."""
    program = """
import os, resource, socket, sys, time
from autograder.sandbox.launch import be_allowed_to_send_files
if os.getuid() == 0:
    os.setgroups([]), os.setresgid(*[54321] * 3), os.setresuid(*[54321] * 3)
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))
kept = []
try:  # as a submission does
    while True:
        kept += socket.socketpair()
        for _ in range(4):
            socket.send_fds(kept[-1], [b"x"], [0] * 200)
except OSError as error:
    print(error.errno)
ours, theirs = socket.socketpair()
be_allowed_to_send_files()
socket.send_fds(ours, [b"x"], [0])
print("sent")
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert done.stdout == f"{errno.ETOOMANYREFS}\nsent\n", done.stderr
