"""One IPython kernel: start it, run cells in it, be rid of it.

A kernel is reached over sockets in the file system (no ports to race for) at paths that
no other kernel has. It leads its own process group, so that what it starts is
interrupted and killed with it.

A cell is over when the kernel has *replied* and has said that it is *idle*: the reply
says how it went, and idle says that all of its outputs have been sent.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Literal

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from autograder.grading.workspace import Workspace

Message = dict[str, Any]
Ending = Literal["finished", "timeout", "stuck", "dead", "incomplete"]
"""How a cell ended.

finished    it ran to its end or raised
timeout     it was interrupted, and the kernel is usable again
stuck       it did not react to the interrupt
dead        the kernel's process ended
incomplete  it ended, but not all outputs arrived
"""

_NOTHING: Message = {"parent_header": {}, "content": {}, "msg_type": ""}
_TICK_S = 0.25  # how often to look whether the kernel still lives


class KernelStartError(Exception):
    """The kernel could not be started, which is not the submission's fault."""


class Kernel:
    """A running kernel. Use as a context manager.

    Parameters
    ----------
    place : Workspace
        Where it runs.
    start_s : float, seconds
        How long it may take to start.

    Raises
    ------
    KernelStartError
        If it does not answer in time.
    """

    def __init__(self, place: Workspace, start_s: float) -> None:
        path = str(place.connection_file)
        write_connection_file(
            path,
            ip=place.socket_prefix,
            transport="ipc",
            key=os.urandom(16).hex().encode(),
        )
        command = [
            *(sys.executable, "-m", "ipykernel_launcher", "-f", path),
            # A file of the student's must not stand in for a library, so the current
            # directory is the last place to import from, not the first.
            "--IPKernelApp.ignore_cwd=True",
            "--IPKernelApp.exec_lines=__import__('sys').path.append('')",
            "--HistoryManager.enabled=False",
        ]
        self._process = subprocess.Popen(
            command,
            cwd=place.work,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._client = BlockingKernelClient()
        self._client.load_connection_file(path)
        self._client.start_channels(stdin=False, hb=False)
        try:
            self._wait_until_ready(start_s)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(
        self,
        source: str,
        *,
        timeout_s: float,
        interrupt_s: float,
        in_history: bool,
        on_output: Callable[[Message], None],
    ) -> tuple[Ending, Message]:
        """Run one cell; return how it ended and the content of the kernel's reply.

        Parameters
        ----------
        timeout_s : float, seconds
            After this it is interrupted.
        interrupt_s : float, seconds
            How long it then has to react.
        in_history : bool
            False keeps the source out of IPython's `In`.
        on_output : callable
            Gets every message that the cell published, in order.
        """
        request = self._client.execute(
            source, store_history=in_history, allow_stdin=False, stop_on_error=False
        )
        ending, reply = self._follow(request, timeout_s, on_output)
        if ending != "timeout":
            return ending, reply
        if reply:  # it had finished, and only its outputs went on
            return "incomplete", reply
        self._signal(signal.SIGINT)
        ending, reply = self._follow(request, interrupt_s, on_output)
        after: dict[Ending, Ending] = {"finished": "timeout", "timeout": "stuck"}
        return after.get(ending, ending), reply

    def close(self) -> None:
        """Kill the kernel and its process group, and close the sockets."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._client.stop_channels()
        self._client.context.destroy(linger=0)

    def _wait_until_ready(self, start_s: float) -> None:
        deadline = time.monotonic() + start_s
        while time.monotonic() < deadline:
            # The first idle may be sent before we listen, so ask until one is heard.
            asked = self._client.kernel_info()
            ending, _ = self._follow(asked, _TICK_S, on_output=lambda message: None)
            if ending == "finished":
                return
            if ending == "dead":
                break
        raise KernelStartError(f"a kernel did not start within {start_s:g} s")

    def _follow(
        self, request: str, seconds: float, on_output: Callable[[Message], None]
    ) -> tuple[Ending, Message]:
        """Read messages about `request` until it is over or the time is."""
        shell, iopub = self._client.shell_channel, self._client.iopub_channel
        poller = zmq.Poller()
        poller.register(shell.socket, zmq.POLLIN)
        poller.register(iopub.socket, zmq.POLLIN)
        deadline = time.monotonic() + seconds
        reply: Message = {}
        is_idle = False
        while not (reply and is_idle):
            left = deadline - time.monotonic()
            if left <= 0:
                return "timeout", reply
            is_dead = self._process.poll() is not None
            ready = dict(
                poller.poll(0 if is_dead else int(1000 * min(left, _TICK_S)) + 1)
            )
            if is_dead and not ready:
                return "dead", reply
            for channel in (iopub, shell):
                if channel.socket not in ready:
                    continue
                message = _received(channel)
                if message["parent_header"].get("msg_id") != request:
                    continue
                content = message["content"]
                if channel is shell:
                    reply = content
                elif message["msg_type"] == "status":
                    is_idle |= content.get("execution_state") == "idle"
                else:
                    on_output(message)
        return "finished", reply

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _received(channel: Any) -> Message:
    """Return the next message, or an empty one if it makes no sense."""
    try:
        message: Message = channel.get_msg(timeout=0)
        parts = (message["parent_header"], message["content"])
        if all(isinstance(part, dict) for part in parts) and message["msg_type"]:
            return message
    except Exception:  # student code holds the key and can send anything
        return _NOTHING
    return _NOTHING
