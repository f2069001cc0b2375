"""An ordinary IPython kernel in a fork, on sockets that the grader opened.

The grader listens at the kernel's addresses before the fork exists and hands over the
listening sockets. So there is no port to race for, no folder that both sides can write
to, and a client that connects at once is served as soon as the kernel is ready.

A fork shares its parent's memory until it writes to it, and counting a reference is
writing. So what a kernel usually looks through when it starts, and a fork has no use
for, is left out here: that was more than half of its time.
"""

import logging
import os
import sys
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.heartbeat import Heartbeat
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

_getpid, _exit = os.getpid, os._exit
_TORCH_DEFAULT_SEED = 67280421310721  # of a process that has just imported torch


class _HandedHeartbeat(Heartbeat):
    """Answers on a socket that is already listening."""

    descriptor: int

    def _try_bind_socket(self) -> Any:
        self.socket.setsockopt(zmq.USE_FD, self.descriptor)
        return super()._try_bind_socket()  # type: ignore[no-untyped-call]


class _Kernel(IPythonKernel):
    """Has no list of all modules: only a debugger needs it, to step over them.

    A fork that comes back from a cell is no kernel: it ends.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._pid = _getpid()
        without = {**vars(sys), "modules": {}}
        vars(ipkernel)["sys"] = SimpleNamespace(**without)
        try:
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        finally:
            vars(ipkernel)["sys"] = sys

    async def do_execute(self, *args: Any, **kwargs: Any) -> Any:
        try:
            done = super().do_execute(*args, **kwargs)  # type: ignore[no-untyped-call]
            return await done
        finally:
            if _getpid() != self._pid:
                _exit(0)


class _OutStream(OutStream):
    """Wakes the thread that sends only if there is something to send.

    A kernel flushes its streams eight times per cell.
    """

    _was_written = False  # since the last flush

    def write(self, string: str) -> int | None:  # type: ignore[override]
        num_written = super().write(string)
        self._was_written = True
        return num_written

    def flush(self) -> None:
        if self._was_written:
            self._was_written = False
            super().flush()  # type: ignore[no-untyped-call]


class _ForkedKernel(IPKernelApp):
    """A kernel that was told its addresses instead of reading or choosing them.

    It has no command line, no configuration files and no log.
    """

    descriptors: dict[int, int]  # port: listening socket

    def parse_command_line(self, argv: Any = None) -> None:
        pass

    def init_control(self, context: Any) -> None:
        super().init_control(context)  # type: ignore[no-untyped-call]
        self.shell_channel_thread = None  # no cell runs beside another

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        pass

    def init_code(self) -> None:
        # Without the names of all modules, which an aggressive `%reset` asks for. A
        # file of the student's must not stand in for a library, so the current
        # directory is the last place to import from, not the first.
        sys.path.append("")
        assert self.shell is not None, "it is made before"
        self.shell.user_ns_hidden.update(self.shell.user_ns)

    def _configure_logging(self) -> None:
        logging.getLogger(type(self).__name__).disabled = True

    def init_connection_file(self) -> None:
        pass

    def write_connection_file(self, **kwargs: Any) -> None:
        pass

    def log_connection_info(self) -> None:
        self._ports = {
            name: getattr(self, f"{name}_port")
            for name in ("shell", "iopub", "stdin", "hb", "control")
        }

    def _try_bind_socket(self, s: Any, port: int) -> Any:
        s.setsockopt(zmq.USE_FD, self.descriptors[port])
        return super()._try_bind_socket(s, port)  # type: ignore[no-untyped-call]

    def init_heartbeat(self) -> None:
        address = (self.transport, self.ip, self.hb_port)
        self.heartbeat = _HandedHeartbeat(  # type: ignore[no-untyped-call]
            zmq.Context(), address
        )
        self.heartbeat.descriptor = self.descriptors[self.hb_port]
        self.heartbeat.start()


def new_kernel(connection: dict[str, Any], descriptors: dict[int, int]) -> IPKernelApp:
    """Return a kernel that is ready to be started with `start()`.

    Parameters
    ----------
    connection : dict
        As in a connection file: ip, transport, key and five ports.
    descriptors : dict of int to int
        Port -> the listening socket's file descriptor.
    """
    config = Config()
    config.Session.key = connection["key"].encode()
    config.HistoryManager.enabled = False
    config.InteractiveShell.enable_tip = False  # it would be drawn at random
    config.IPKernelApp.ignore_cwd = True
    config.IPKernelApp.outstream_class = f"{__name__}._OutStream"
    config.Kernel._execute_sleep = 0  # a client waits for what it needs
    addresses = {name: connection[name] for name in connection if name != "key"}
    kernel = _ForkedKernel.instance(config=config, kernel_class=_Kernel, **addresses)
    kernel.descriptors = descriptors
    kernel.initialize(argv=[])  # type: ignore[no-untyped-call]
    _seed_generators()
    return kernel


def _seed_generators() -> None:
    """Give every submission the same draws, also where it forgets to seed.

    So the same answer gets the same mark, and no fork draws what another has drawn.
    torch starts as in any new process.
    """
    import random

    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.manual_seed(_TORCH_DEFAULT_SEED)
