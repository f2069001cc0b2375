"""Cheats that use up the machine: what no process is charged for, and other's time."""

from tests.grading.cheats.bank import NOTHING, WRONG, Cheat

CHEATS = (
    Cheat(
        "many-busy-processes",
        """
import os, time
for _ in range(100):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
time.sleep(3600)
"""
        + WRONG,
        NOTHING,
    ),
    Cheat(
        "many-threads",
        """
import threading, time
try:
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
except RuntimeError as error:
    print(error)
"""
        + WRONG,
        may_time_out=True,
    ),
    Cheat(
        "full-sockets",
        """
import socket, time
kept = []
try:
    while True:
        for end in socket.socketpair():
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**30)
            end.setblocking(False)
            kept.append(end)
            try:
                while True:
                    end.send(bytes(100_000))
            except BlockingIOError:
                pass
except OSError as error:
    print(error)
"""
        + WRONG,
        NOTHING,  # it has no file left for the test
    ),
    Cheat(
        "full-sockets-in-many-processes",
        """
import os, socket, time
for _ in range(50):
    if os.fork() == 0:
        kept = []
        while len(kept) < 600:
            for end in socket.socketpair():
                end.setblocking(False)
                kept.append(end)
                try:
                    while True:
                        end.send(bytes(4_000))
                except BlockingIOError:
                    pass
        time.sleep(3600)
time.sleep(3600)
"""
        + WRONG,
        may_time_out=True,
    ),
    Cheat(
        "semaphores",
        """
import ctypes
libc = ctypes.CDLL(None)
made = sum(libc.semget(0, 30_000, 0o1600) >= 0 for _ in range(100))
def mean(values):
    return sum(values) / len(values) if made else 0.0
""",
    ),
    Cheat(
        "shared-memory",
        """
from multiprocessing import shared_memory
kept = []
try:
    while True:
        kept.append(shared_memory.SharedMemory(create=True, size=50_000_000))
        kept[-1].buf[:] = bytes(50_000_000)
except (OSError, ValueError) as error:
    print(error)
"""
        + WRONG,
        NOTHING,  # what it writes beyond the space ends it
    ),
    Cheat(
        "many-files",
        """
try:
    for k in range(150_000):
        open(f"{k}", "w").close()
except OSError as error:
    print(error)
"""
        + WRONG,
        may_time_out=True,
    ),
    Cheat(
        "stands-still",
        "import os, signal\n"
        "def mean(values):\n    os.kill(os.getpid(), signal.SIGSTOP)",
        NOTHING,
    ),
    Cheat(
        "blocks-signals",
        """
import signal
def mean(values):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        pass
""",
    ),
    Cheat(
        "rings-for-ever",
        """
import signal
def ring(*args):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
"""
        + WRONG,
        NOTHING,
    ),
    Cheat(
        "children-answer",
        """
import os
def mean(values):
    for _ in range(5):
        if os.fork() == 0:
            return 1.0
    return 0.0
""",
        may_time_out=True,
    ),
    Cheat(
        "a-pool-in-a-test",
        """
from multiprocessing import get_context
def zero(value):
    return 0.0
def mean(values):
    with get_context("fork").Pool(4) as pool:
        return sum(pool.map(zero, values))
""",
    ),
)
