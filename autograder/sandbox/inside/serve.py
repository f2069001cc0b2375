"""The zygote: a process that imports what notebooks need, once, and forks on request.

    python -m autograder.sandbox.inside.serve CONTROL UID MODE

CONTROL is the number of the socket on which requests come, each with the open files
that belong to it; when it is closed, the zygote ends. UID is who to become if this is
root, MODE one of `autograder.sandbox.protection.Mode`. The zygote has one thread, or
its forks could inherit a lock that nobody releases. It divides on request, so that
several graders share what it has imported: each asks a zygote of its own.
"""

import contextlib
import importlib
import io
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence

from autograder.sandbox.forking import prepare_to_fork
from autograder.sandbox.inside import fork, system

_MAX_BYTES = 1_000_000
_MAX_FILES = 16
# What a kernel would import on its own when it starts, or when its first cell runs.
_KERNEL_MODULES = (
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "autograder.sandbox.inside.kernel",
    "comm",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "tornado.platform.asyncio",
    "tornado.queues",
    "zmq.asyncio",
)


def main() -> None:
    """Serve until the grader closes the control socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    if os.getuid() == 0:
        _leave_root(int(sys.argv[2]), is_walled=sys.argv[3] != "unsafe")
    system.gain_no_privileges()
    system.set_dumpable(False)  # no fork may trace this process or read its memory
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are not waited for
    while True:
        message, files = _receive(control)
        if not message:
            if sys.argv[3] == "unsafe":
                _wait_for_supervisors()
            return
        request = json.loads(message)
        if "modules" in request:
            warm(request["modules"])
            continue
        if "divide" in request:
            if os.fork() == 0:
                system.die_with_parent()
                control.close()
                control = socket.socket(fileno=files[0])
            else:
                os.close(files[0])
            continue
        if os.fork() == 0:
            control.close()
            _serve_one(request, files)
        for number in files:
            os.close(number)


def _leave_root(uid: int, *, is_walled: bool) -> None:
    """Become an ordinary user.

    bubblewrap covers parts of /proc for root; the forks may mount a /proc of their own
    only where an uncovered one is in sight, so mount that first.
    """
    if is_walled:
        flags = system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC
        system.mount("proc", "/proc", "proc", flags)
    system.become(uid, may_read_all=not is_walled)


def _wait_for_supervisors() -> None:
    """Let them end what they look after: without a wall, nothing else does.

    They die with their parent, which is this process, and notice as it did that the
    grader is gone. As they are not waited for, this returns when all have ended.
    """
    with contextlib.suppress(ChildProcessError):
        os.wait()


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    message, files, _, _ = socket.recv_fds(control, _MAX_BYTES, _MAX_FILES)
    return message, files


def _serve_one(fields: dict[str, object], files: Sequence[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    names = fields.pop("files")
    assert isinstance(names, list)
    try:
        fork.run(fork.Request.read(fields), dict(zip(names, files, strict=True)))
    finally:
        os._exit(0)


def warm(modules: Sequence[str]) -> None:
    """Import what a kernel and the notebooks need, and do what is slow at first."""
    for name in (*_KERNEL_MODULES, *modules):
        with contextlib.suppress(Exception):  # a notebook that needs it will say so
            importlib.import_module(name)
    if "torch" in sys.modules:
        _warm_torch()
    if "plotly" in sys.modules:
        _warm_plotly()
    prepare_to_fork()


def _warm_torch() -> None:
    """Make one optimizer and take one step: the first one imports for a second.

    No gradient is computed, because the engine that does it may start threads.
    """
    torch = sys.modules["torch"]
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    torch.optim.SGD([parameter], lr=0.1).step()


def _warm_plotly() -> None:
    """Show a figure with the traces that labs use: the first of each imports a lot."""
    nowhere = contextlib.redirect_stdout(io.StringIO())
    with contextlib.suppress(Exception), nowhere:
        graph = importlib.import_module("plotly.graph_objects")
        numbers = importlib.import_module("numpy").zeros(1)
        figure = graph.Figure()
        figure.add_scatter(x=numbers, y=numbers, line={"width": 1})
        figure.add_bar(y=numbers, marker={"line": {"width": 1}})
        figure.add_box(y=numbers, marker={"size": 1})
        figure.add_heatmap(z=[numbers], colorbar={"title": {"text": "z"}})
        figure.add_annotation(text="x", font={"size": 9})
        figure.update_layout(title={"text": "x", "subtitle": {"text": "y"}})
        figure.show()


if __name__ == "__main__":
    main()
