"""Hostile submissions of the tiny lab: what each tries, as the cell that tries it.

Honest work that is as wrong as these gets the points of `largest` and none of `mean`.
So must every cheat here, unless its entry says what else it costs. In a cell,
`{course}` stands for the course folder, which a cheat may well know, and `{port}` for
the port of a server that runs beside the grader.
"""

from dataclasses import dataclass

LARGEST, NOTHING = 4.0, 0.0


@dataclass(frozen=True)
class Cheat:
    """One hostile cell.

    Parameters
    ----------
    name : str
        Also the student's.
    cell : str
        The answer to the exercise `mean`, with the attack in it.
    total : float
        The points of the tests that it keeps.
    may_time_out : bool
        True if a busy machine may take longer over it than a test may, after which
        nothing of it counts.
    """

    name: str
    cell: str
    total: float = LARGEST
    may_time_out: bool = False


WRONG = """
def mean(values):
    return 0.0
"""

PATCHES = (
    Cheat(
        "drops-asserts",
        """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Drop())
"""
        + WRONG,
    ),
    Cheat(
        "empties-cells",
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])"
        + WRONG,
        NOTHING,  # its own `largest` is never defined
    ),
    Cheat(
        "patches-numpy",
        """
import numpy as np
import numpy.testing
def yes(*args, **kwargs):
    return True
for name in ("isclose", "allclose", "array_equal", "all"):
    setattr(np, name, yes)
for name in ("assert_allclose", "assert_equal"):
    setattr(np.testing, name, yes)
"""
        + WRONG,
    ),
    Cheat(
        "patches-torch",
        """
import torch
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda self, other: True
"""
        + WRONG,
    ),
    Cheat(
        "patches-builtins",
        """
import builtins
builtins.AssertionError = type("Quiet", (BaseException,), {})
builtins.abs = builtins.max = lambda *a, **k: 0
builtins.float = builtins.isinstance = lambda *a: True
"""
        + WRONG,
        NOTHING,  # its own `largest` needs max
    ),
    Cheat(
        "patches-random",
        """
import numpy as np
class Zeros:
    def normal(self, size):
        return np.zeros(size)
np.random.default_rng = lambda seed=None: Zeros()
"""
        + WRONG,
    ),
)

VALUES = (
    Cheat(
        "lying-equality",
        """
class Liar:
    def __eq__(self, other): return True
    def __array__(self, dtype=None, copy=None):
        import numpy as np
        return np.array(0.0)
    def __float__(self): return 2.0
    def __getattr__(self, name): return lambda *a, **k: True
def mean(values):
    return Liar()
""",
    ),
    Cheat(
        "lying-float",
        """
class Two(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
def mean(values):
    return Two(7.0)
""",
    ),
    Cheat(
        "lying-array",
        """
import numpy as np
class Yes(np.ndarray):
    def __eq__(self, other): return True
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
def mean(values):
    return np.zeros(()).view(Yes)
""",
    ),
    Cheat(
        "object-array",
        """
import numpy as np
class Liar:
    def __eq__(self, other): return True
def mean(values):
    return np.array(Liar(), dtype=object)
""",
    ),
    Cheat("function-as-value", "def mean(values):\n    return mean"),
    Cheat(
        "endless-generator",
        "def mean(values):\n    while True:\n        yield 2.0",
    ),
    Cheat("argument-as-value", "def mean(values):\n    return values"),
    Cheat("not-a-number", "def mean(values):\n    return float('nan')"),
    Cheat(
        "pickle-bomb",
        """
import os
class Bomb:
    def __reduce__(self):
        return os.system, ("touch {course}/pickled",)
def mean(values):
    return Bomb()
""",
    ),
    Cheat("gigabytes", "def mean(values):\n    return bytes(3 * 10**9)"),
    Cheat(
        "huge-array",
        "import numpy as np\ndef mean(values):\n    return np.ones(3 * 10**8)",
        may_time_out=True,
    ),
    Cheat(
        "huge-number",
        "def mean(values):\n    return 10 ** 10_000_000",
    ),
    Cheat(
        "nested-lists",
        """
def mean(values):
    nested = []
    for _ in range(10**6):
        nested = [nested]
    return nested
""",
        may_time_out=True,
    ),
    Cheat(
        "endless-list",
        "def mean(values):\n    endless = []\n    endless.append(endless)\n"
        "    return endless",
    ),
    Cheat(
        "huge-message",
        "def mean(values):\n    raise ValueError('x' * 10**8)",
    ),
    Cheat(
        "quits",
        "def mean(values):\n    raise SystemExit",
    ),
    Cheat(
        "odd-exception",
        """
class Odd(AssertionError):
    def __str__(self): raise Odd
    __repr__ = __str__
def mean(values):
    raise Odd
""",
    ),
)

ODD = (
    Cheat(
        "asks-itself",
        """
class Odd:
    def __getattr__(self, name): return getattr(self, name)
mean = Odd()
""",
    ),
    Cheat("name-of-a-large-value", "import numpy\nmean = numpy.zeros(40_000_000)"),
    Cheat("name-of-a-long-value", "mean = list(range(3_000_000))"),
    Cheat(
        "name-of-half-a-message",
        "from flwr.app import Message\nmean = Message.__new__(Message)",
    ),
    Cheat("no-refusal", "def mean(values):\n    return [0.0] * 3_000_000"),
    Cheat(
        "clears-the-environment",
        "import os\nos.environ.clear()" + WRONG,
    ),
)

SPIES = (
    Cheat(
        "walks-frames",
        """
import sys
def mean(values):
    frame = sys._getframe()
    while frame:
        for scope in (frame.f_locals, frame.f_globals):
            if "many" in scope:
                return scope["many"].mean()
            if "expected" in scope:
                return scope["expected"]
        frame = frame.f_back
    return 0.0
""",
    ),
    Cheat(
        "reads-the-tests",
        """
import gc
def mean(values):
    text = "\\n".join(o for o in gc.get_objects() if isinstance(o, str))
    sources = [str(get_ipython().user_ns.get(n)) for n in ("In", "_i", "_ii", "_iii")]
    text += "\\n".join(sources)
    if "wrong for ten " + "numbers" in text:
        return sum(values) / len(values)
    return 0.0
""",
    ),
    Cheat(
        "searches-the-disk",
        """
import os
FOUND = []
for top in ("{course}", "/home", "/root", "/tmp", "/work", "/srv", "/proc/1/root"):
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            is_ours = name.endswith((".ipynb", ".db")) or name == "mutants.py"
            if is_ours and "/lib/python" not in path:
                FOUND.append(path)
print(FOUND)
def mean(values):
    return sum(values) / len(values) if FOUND else 0.0
""",
    ),
    Cheat(
        "reads-processes",
        """
import os
TEXT = ""
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("cmdline", "environ", "maps"):
        try:
            TEXT += open(f"/proc/{pid}/{name}", errors="replace").read()
        except OSError:
            pass
def mean(values):
    return sum(values) / len(values) if "{course}" in TEXT else 0.0
""",
    ),
)

VANDALS = (
    Cheat(
        "writes-the-gradebook",
        """
import sqlite3
try:
    book = sqlite3.connect("{course}/gradebook.db")
    book.execute("UPDATE grade SET manual_score = 100")
    book.commit()
except sqlite3.Error as error:
    print(error)
"""
        + WRONG,
    ),
    Cheat(
        "deletes-folders",
        """
import os, shutil
for path in ("{course}/submitted", "{course}/autograded", "{course}"):
    shutil.rmtree(path, ignore_errors=True)
shutil.rmtree(os.path.expanduser("~"), ignore_errors=True)
"""
        + WRONG,
    ),
    Cheat(
        "plants-startup-files",
        """
import os, site, sys
text = "import builtins; builtins.PLANTED = True"
for path in (
    "~/.ipython/profile_default/startup/00.py", "~/sitecustomize.py",
    "~/.local/lib/python3.11/site-packages/sitecustomize.py",
    *(folder + "/sitecustomize.py" for folder in sys.path if folder),
):
    path = os.path.expanduser(path)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write(text)
    except OSError:
        pass
"""
        + WRONG,
    ),
    Cheat(
        "patches-for-the-next",
        """
import sys
import numpy as np
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith(("autograder", "IPython", "torch")):
        for name in dir(module):
            try:
                setattr(module, name, None)
            except Exception:
                pass
"""
        + WRONG,
        NOTHING,  # its own kernel does not survive that
    ),
    Cheat(
        "uses-the-network",
        """
import socket
REACHED = False
for host in ("127.0.0.1", "localhost", "10.0.0.1"):
    try:
        socket.create_connection((host, {port}), timeout=1).close()
        REACHED = True
    except OSError:
        pass
def mean(values):
    return sum(values) / len(values) if REACHED else 0.0
""",
    ),
    Cheat(
        "kills-everybody",
        """
import os, signal
for pid in (os.getppid(), 1, 2, -1):
    if pid not in (0, os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
"""
        + WRONG,
    ),
    Cheat(
        "leaves-a-daemon",
        """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.1)
            try:
                open("{course}/daemon", "w").close()
            except OSError:
                pass
    os._exit(0)
"""
        + WRONG,
    ),
)

BOMBS = (
    Cheat(
        "fork-bomb",
        """
import os
def mean(values):
    while True:
        os.fork()
""",
    ),
    Cheat(
        "memory-bomb",
        """
def mean(values):
    hoard = []
    while True:
        hoard.append(bytearray(b"x" * 10**8))
""",
    ),
    Cheat(
        "file-bomb",
        """
def mean(values):
    k = 0
    while True:
        with open(f"big-{k}", "wb") as file:
            file.write(bytes(10**7))
        k += 1
""",
    ),
    Cheat("endless-loop", "def mean(values):\n    while True:\n        pass"),
    Cheat(
        "deaf-loop",
        """
import signal
def mean(values):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
        NOTHING,
    ),
    Cheat(
        "endless-output",
        "def mean(values):\n    while True:\n        print('x' * 1000)",
    ),
    Cheat(
        "forks-and-waits",
        """
import os
def mean(values):
    if os.fork():
        os.wait()
    return 0.0
""",
    ),
    Cheat("endless-cell", WRONG + "while True: pass"),
    Cheat("exits", "import os\ndef mean(values):\n    os._exit(0)", NOTHING),
    Cheat("exits-at-once", WRONG + "import os\nos._exit(0)", NOTHING),
    Cheat(
        "kills-itself",
        "import os\ndef mean(values):\n    os.kill(os.getpid(), 9)",
        NOTHING,
    ),
    Cheat(
        "deep-recursion",
        """
import sys
sys.setrecursionlimit(10**9)
def mean(values):
    return mean(values)
""",
        NOTHING,
    ),
)

FORGERS = (
    Cheat(
        "forges-results",
        """
kernel = get_ipython().kernel
def mean(values):
    for parent in list(kernel._parents.values()) if hasattr(kernel, "_parents") else []:
        for kind, content in (
            ("execute_result", {"data": {"text/plain": "3"}, "metadata": {},
                                "execution_count": 1}),
            ("status", {"execution_state": "idle"}),
        ):
            kernel.session.send(kernel.iopub_socket, kind, content, parent)
        kernel.session.send(
            kernel.iopub_socket, "execute_reply", {"status": "ok"}, parent
        )
    return 0.0
""",
    ),
    Cheat(
        "answers-for-the-judge",
        """
import os
def mean(values):
    for number in range(3, 200):
        for content in (b"\\xff" * 64, b'{"return": 2.0}\\n', b"\\x00" * 8):
            try:
                os.write(number, content)
            except OSError:
                pass
    return 0.0
""",
        NOTHING,
    ),
    Cheat(
        "closes-everything",
        "import os\ndef mean(values):\n    os.closerange(3, 1000)\n    return 0.0",
        NOTHING,
    ),
    Cheat(
        "rewrites-earlier-outputs",
        """
from IPython.display import clear_output, display, update_display, HTML
display(HTML("<script>document.title = 'owned'</script>"), display_id="x")
update_display(HTML("<img src=x onerror='document.title = 1'>"), display_id="x")
print("</pre><script>alert(1)</script>")
clear_output()
"""
        + WRONG,
    ),
    Cheat(
        "script-in-a-message",
        "def mean(values):\n"
        "    raise ValueError('<script>document.title = \"owned\"</script>')",
    ),
    Cheat(
        "thread-that-changes-answers",
        """
import threading, time
ANSWER = [0.0]
def guess():
    while True:
        ANSWER[0] = 2.0 if ANSWER[0] == 0.0 else 0.0
        time.sleep(0.0001)
threading.Thread(target=guess, daemon=True).start()
def mean(values):
    return ANSWER[0] if len(values) == 10 else 0.0
""",
    ),
)

CHEATS = (*PATCHES, *VALUES, *ODD, *SPIES, *VANDALS, *BOMBS, *FORGERS)
