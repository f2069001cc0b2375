"""Cheats that speak with the judge, or with the grader, in the kernel's name.

`far()` in a cell is the object that answers the judge. Whoever has it can send any
bytes, so can ask for anything, answer anything, and call it whatever they like.
"""

from tests.grading.cheats.bank import NOTHING, WRONG, Cheat

FAR = """
import sys
def far():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "_Far":
        frame = frame.f_back
    return frame.f_locals["self"]
def say(payload, memory=(), news=(), changes=(), dropped=(), buffers=()):
    far()._frames.send([payload, memory, news, changes, dropped], buffers)
"""
SEND = """
shell = get_ipython()
kernel = shell.kernel
def publish(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, shell.parent_header)
"""

ANSWERS = (
    Cheat(
        "answers-with-more-names",
        """
from autograder.judging import far
import numpy
class Yes:
    isclose = staticmethod(lambda *a, **k: True)
perform = far._Far.perform
def lie(self, thing, operation, args, kwargs):
    if operation == "names":
        return {"mean": 2.0, "np": Yes(), "SEED": 0, "largest": max, "abs": Yes()}
    return perform(self, thing, operation, args, kwargs)
far._Far.perform = lie
""",
    ),
    Cheat(
        "answers-with-no-names",
        """
from autograder.judging import far
far._Far.perform = lambda self, thing, operation, args, kwargs: [("mean", 2.0)]
""",
        NOTHING,  # nor is its own `largest` among them
    ),
    Cheat(
        "takes-the-channels",
        """
import threading
from autograder.judging.offers import accepted
from autograder.sandbox.channel import channel
def take():
    while True:
        kept.append(accepted(channel()))
kept = []
threading.Thread(target=take, daemon=True).start()
"""
        + WRONG,
        NOTHING,
    ),
    Cheat(
        "answers-twice",
        FAR + "def mean(values):\n    say(['return', 2.5])\n"
        "    say(['return', 0.0])\n    return 0.0",
    ),
    Cheat(
        "answers-what-was-not-asked",
        FAR
        + """
def mean(values):
    for payload in (["assert", True], ["verdict", 3.0], ["return"], ["raise"], []):
        say(payload)
    return 0.0
""",
    ),
    Cheat(
        "changes-its-arguments",
        FAR
        + """
def mean(values):
    values[:] = [0.0] * len(values)
    say(["return", 0.0], changes=[[1, [0.0, 0.0]]])
    return 0.0
""",
    ),
    Cheat(
        "writes-into-the-judges-memory",
        FAR
        + """
def mean(values):
    say(["return", 0.0], memory=[[1, 0, False, True]], buffers=[bytes(8)])
    return 0.0
""",
    ),
    Cheat(
        "drops-what-the-judge-holds",
        FAR + "def mean(values):\n    say(['return', 2.5], dropped=[1, -1, -2, -3])\n"
        "    return 0.0",
    ),
    Cheat(
        "asks-the-judge",
        FAR
        + """
def mean(values):
    me = far()
    for operation, args in (
        ("get", ("__class__",)), ("call", ()), ("names", ("many",)), ("len", ()),
        ("tracemalloc", ("get_traced_memory",)), ("item", (0,)),
    ):
        for thing in (values, mean, None):
            try:
                found = me.request(thing, operation, args, {})
                if operation == "names":
                    return found["many"].mean()
            except Exception:
                pass
    return 0.0
""",
    ),
    Cheat(
        "asks-without-end",
        FAR
        + """
def mean(values):
    while True:
        try:
            far().request(values, "len", (), {})
        except Exception:
            pass
""",
    ),
    Cheat(
        "answers-too-late",
        """
import time
def mean(values):
    try:
        time.sleep(3600)
    except KeyboardInterrupt:
        return sum(values) / len(values)
""",
    ),
    Cheat(
        "answers-drop-by-drop",
        FAR
        + """
import struct, time
def mean(values):
    sock = far()._frames._sock
    sock.sendall(struct.pack("<II", 10**6, 0))
    while True:
        sock.sendall(b"[")
        time.sleep(0.2)
""",
    ),
    Cheat(
        "answers-with-a-long-header",
        FAR
        + """
import struct
def mean(values):
    text = b"[" + b"[]," * 60_000_000 + b"[]]"
    far()._frames._sock.sendall(struct.pack("<II", len(text), 0) + text)
    return 0.0
""",
    ),
    Cheat(
        "many-handles",
        "def mean(values):\n    return [object() for _ in range(100_000)]",
        may_time_out=True,
    ),
    Cheat(
        "doubling-lists",
        """
def mean(values):
    double = [0.0]
    for _ in range(60):
        double = [double, double]
    return double
""",
    ),
    Cheat(
        "one-number-seen-a-billion-times",
        "import numpy as np\n"
        "def mean(values):\n    return [np.broadcast_to(np.zeros(1), 3 * 10**7)] * 50",
        may_time_out=True,
    ),
    Cheat(
        "colliding-keys",
        "def mean(values):\n    return {k * (2**61 - 1): 0 for k in range(30_000)}",
        may_time_out=True,
    ),
    Cheat(
        "empty-array", "import numpy as np\ndef mean(values):\n    return np.empty(0)"
    ),
    Cheat(
        "text-array",
        "import numpy as np\ndef mean(values):\n    return np.array('2.0')",
    ),
    Cheat(
        "no-time-array",
        "import numpy as np\ndef mean(values):\n    return np.array('NaT', 'M8[s]')",
    ),
    Cheat(
        "lying-sequence",
        """
class Liar:
    def __len__(self): return 10
    def __iter__(self): return iter([2.0] * 10)
    def __getitem__(self, k): return 2.0
    __contains__ = __bool__ = lambda *a: True
def mean(values):
    return Liar()
""",
    ),
    Cheat(
        "endless-farewell",
        """
class Long:
    def __del__(self):
        while True:
            pass
def mean(values):
    Long()
    return 0.0
""",
    ),
)

RAISERS = (
    Cheat("ends-the-loop", "def mean(values):\n    raise StopIteration(2.0)"),
    Cheat(
        "stops-the-test",
        "from autograder.judging.errors import Stopped\n"
        "def mean(values):\n    raise Stopped",
    ),
    Cheat(
        "closes-the-conversation",
        "from autograder.judging.errors import Closed\n"
        "def mean(values):\n    raise Closed",
    ),
    Cheat(
        "raises-a-group",
        "def mean(values):\n"
        "    raise ExceptionGroup('many', [AssertionError(), StopIteration()])",
    ),
    Cheat(
        "raises-what-the-judge-raised",
        FAR
        + """
def mean(values):
    try:
        far().request(values, "call", (), {})
    except Exception:
        pass
    say(["raise", [["builtins", "GeneratorExit"]], "", 1, None])
    return 0.0
""",
    ),
    Cheat(
        "raises-long-names",
        """
kinds = AssertionError
for k in range(200):
    kinds = type("K" * 100_000, (kinds,), {})
def mean(values):
    raise kinds("\\x1b[2J\\u202egnp.exe\\x00" * 10_000)
""",
    ),
)

PUBLISHERS = (
    Cheat(
        "ends-its-cell-early",
        SEND
        + WRONG
        + """
import time
publish("status", {"execution_state": "idle"})
for content in ({"status": []}, {"status": "ok", "execution_count": 10**15}):
    kernel.session.send(
        kernel.shell_stream, "execute_reply", content, shell.parent_header,
        ident=kernel._parent_ident["shell"],
    )
while True:
    time.sleep(1)
""",
    ),
    Cheat(
        "lone-surrogates",
        SEND
        + r"""
import json
kernel.session.pack = lambda content: json.dumps(content, default=str).encode()
for data in (
    {"application/json": {"\ud800": ["\udfff"]}}, {"text/\ud800": "x"},
    {"text/plain": "\ud800"}, {"application/json": [float("inf")]},
):
    publish("display_data", {"data": data, "metadata": {}})
publish("stream", {"name": "\ud800", "text": "\ud800"})
publish("error", {"ename": "\ud800", "evalue": "\ud800", "traceback": ["\ud800"]})
"""
        + WRONG,
    ),
    Cheat(
        "deep-outputs",
        SEND
        + """
for depth in range(100, 1000, 25):
    deep = []
    for _ in range(depth):
        deep = [deep]
    for kind, content in (
        ("display_data", {"data": {"application/json": deep}}),
        ("display_data", {"data": {"text/plain": deep}}),
        ("stream", {"name": "stdout", "text": deep}),
        ("error", {"ename": deep, "evalue": deep, "traceback": [deep]}),
    ):
        try:
            publish(kind, content)
        except RecursionError:
            pass
"""
        + WRONG,
    ),
    Cheat(
        "long-kinds-of-output",
        SEND
        + """
for k in range(150):
    publish("display_data", {"data": {f"text/{k}" + "x" * 300_000: ""}})
publish("display_data", {"data": {f"text/{k}": "" for k in range(300_000)}})
"""
        + WRONG,
    ),
    Cheat(
        "one-long-message",
        SEND
        + "publish('stream', {'name': 'stdout', 'text': 'x' * 200_000_000})"
        + WRONG,
    ),
    Cheat(
        "endless-message",
        """
import os, socket, struct
def mean(values):
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            sock = socket.socket(fileno=os.dup(number))
            sock.setblocking(True)
            if "/s-" in str(sock.getsockname()):
                sock.sendall(b"\x03" + struct.pack(">Q", 2**33))
                for _ in range(300):
                    sock.sendall(bytes(10**7))
        except OSError:
            pass
    return 0.0
""",
        NOTHING,
    ),
    Cheat(
        "million-messages",
        SEND
        + """
for k in range(100_000):
    publish("status", {"execution_state": "busy"})
"""
        + WRONG,
        may_time_out=True,
    ),
    Cheat(
        "slow-markup",
        """
from IPython.display import HTML, Markdown, display
for tag in ("<b>", "<table>", "<b><p>", "<a href=#>", "<font ", "<p><i></b>"):
    display(HTML(tag * (80_000 // len(tag))))
for part in ("[", "![", "<", "*_", "`", "$", "[](", "> ", "- "):
    display(Markdown(part * (19_000 // len(part))))
"""
        + WRONG,
    ),
)

CHEATS = (*ANSWERS, *RAISERS, *PUBLISHERS)
