"""One IPython kernel: start it, run cells in it, be rid of it.

A kernel is reached over sockets in the file system (no ports to race for) at paths that
no other kernel has. It and what it starts run in a sandbox (`autograder.sandbox`) and
are killed together.

A cell is over when the kernel has *replied* and has said that it is *idle*: the reply
says how it went, and idle says that all of its outputs have been sent.
"""

import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Literal, cast

import zmq
from jupyter_client import KernelConnectionInfo
from jupyter_client.blocking.client import BlockingKernelClient

from autograder.grading.messages import Message, Pile, received
from autograder.judging.cell import Verdict
from autograder.judging.judge import Judge
from autograder.judging.offers import offer
from autograder.sandbox import Bounds, Place, Sandbox, SandboxError

Ending = Literal["finished", "timeout", "stuck", "dead", "incomplete"]
"""How a cell ended.

finished    it ran to its end or raised
timeout     it was interrupted, and the kernel is usable again
stuck       it did not react to the interrupt
dead        the kernel's process ended
incomplete  it ended, but not all outputs arrived
"""

_SERVE = '__import__("autograder.judging.kernel_side", fromlist=["serve"]).serve()'
_TIDY_UP_S = 10.0  # for a kernel to be ready again when the judge has its verdict
_FLOOD = "it sent more at once than can be read"
_TICK_S = 0.25  # how often to look whether the kernel still lives


class KernelStartError(Exception):
    """The kernel could not be started, which is not the submission's fault."""


class Kernel:
    """A running kernel. Use as a context manager.

    Parameters
    ----------
    sandbox : Sandbox
        Starts it.
    place : Place
        Where its data files and its sockets are.
    bounds : Bounds
        What it may use of the machine.
    start_s : float, seconds
        How long it may take to start.

    Raises
    ------
    KernelStartError
        If it does not answer in time.
    """

    def __init__(
        self, sandbox: Sandbox, place: Place, bounds: Bounds, start_s: float
    ) -> None:
        connection = place.connection()
        self._pile, self._flood, self._next_look = Pile(), "", 0.0
        try:
            self._process = sandbox.start(place, connection, bounds, has_channel=True)
        except SandboxError as error:
            raise KernelStartError(str(error)) from error
        self._client = BlockingKernelClient()
        self._client.load_connection_info(cast(KernelConnectionInfo, connection))
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
        is_over: Callable[[], bool] = lambda: False,
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
        is_over : callable
            Once it returns True nothing more is asked of the cell, which is
            interrupted if it does not end soon.
        """
        request = self._client.execute(
            source, store_history=in_history, allow_stdin=False, stop_on_error=False
        )
        ending, reply = self._follow(request, timeout_s, on_output, is_over)
        if ending != "timeout":
            return ending, reply
        if reply:  # it had finished, and only its outputs went on
            return "incomplete", reply
        self._process.send_signal(signal.SIGINT)
        ending, reply = self._follow(request, interrupt_s, on_output)
        after: dict[Ending, Ending] = {"finished": "timeout", "timeout": "stuck"}
        return after.get(ending, ending), reply

    def judged(
        self,
        judge: Judge,
        source: str,
        maximum: float,
        *,
        sitting: int,
        on_output: Callable[[Message], None],
    ) -> tuple[Verdict, Ending]:
        """Have one test cell run by the judge, with this kernel's names.

        Parameters
        ----------
        source : str
            The test cell, which the kernel never sees.
        maximum : float
            Its points.
        sitting : int
            What the judge gave for this kernel.
        on_output : callable
            Gets every message that student code published meanwhile.
        """
        assert self._process.channel is not None
        try:
            channel = offer(self._process.channel)
        except OSError:  # nobody is at its other end, as the judge will find
            channel, theirs = socket.socketpair()
            theirs.close()
        with ThreadPoolExecutor(1) as beside, channel.dup() as line:
            verdict = beside.submit(self._ask, judge, source, maximum, channel, sitting)
            verdict.add_done_callback(lambda _: _hang_up(line))
            ending, _ = self.run(
                _SERVE,
                timeout_s=judge.longest_s + _TIDY_UP_S,
                interrupt_s=judge.limits.interrupt_s,
                in_history=False,
                on_output=on_output,
                is_over=verdict.done,
            )
            if ending == "stuck":
                self._process.send_signal(signal.SIGKILL)
            _hang_up(line)  # nobody answers the judge any more
            while not wait([verdict], _TICK_S).done:
                self._stop_a_flood()
            return verdict.result(), ending

    def _ask(
        self,
        judge: Judge,
        source: str,
        maximum: float,
        channel: socket.socket,
        sitting: int,
    ) -> Verdict:
        verdict = judge.run(source, maximum, channel, self._interrupt, sitting)
        if verdict.stuck:
            self._process.send_signal(signal.SIGKILL)
        return verdict

    def _interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    @property
    def cpu_s(self) -> float:
        """Processor time of all that ran in the kernel; 0 before it is closed."""
        return self._process.ended.cpu_s if self._process.ended else 0.0

    @property
    def cause_of_death(self) -> str:
        """Why it died: which bound was exceeded; empty if that was not the cause."""
        return self._flood or self._process.reason

    def _stop_a_flood(self) -> None:
        """Kill the kernel if more of its messages pile up here than may."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _TICK_S
        if not self._flood and self._pile.is_too_high():
            self._flood = _FLOOD
            self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Kill the kernel and all that it started, and close the sockets."""
        try:
            self._process.close()
        finally:
            self._client.stop_channels()
            self._client.context.destroy(linger=0)

    def _wait_until_ready(self, start_s: float) -> None:
        deadline = time.monotonic() + start_s
        asked = self._client.kernel_info()
        while time.monotonic() < deadline:
            ending, reply = self._follow(asked, _TICK_S, on_output=lambda message: None)
            if ending == "finished":
                return
            if reply:  # but its idle was sent before we listened: ask once more
                asked = self._client.kernel_info()
            if ending == "dead":
                reason = self._process.failure or "its process ended"
                raise KernelStartError(f"a kernel did not start: {reason}")
        raise KernelStartError(f"a kernel did not start within {start_s:g} s")

    def _follow(
        self,
        request: str,
        seconds: float,
        on_output: Callable[[Message], None],
        is_over: Callable[[], bool] = lambda: False,
    ) -> tuple[Ending, Message]:
        """Read messages about `request` until it is over or the time is."""
        shell, iopub = self._client.shell_channel, self._client.iopub_channel
        poller = zmq.Poller()
        poller.register(shell.socket, zmq.POLLIN)
        poller.register(iopub.socket, zmq.POLLIN)
        deadline = time.monotonic() + seconds
        reply: Message = {}
        is_idle = is_last = False
        while not (reply and is_idle):
            if not is_last and is_over():
                is_last, deadline = True, min(deadline, time.monotonic() + _TIDY_UP_S)
            left = deadline - time.monotonic()
            if left <= 0:
                return "timeout", reply
            self._stop_a_flood()
            is_dead = self._process.poll() is not None
            ready = dict(
                poller.poll(0 if is_dead else int(1000 * min(left, _TICK_S)) + 1)
            )
            if is_dead and not ready:
                return "dead", reply
            for channel in (iopub, shell):
                if channel.socket not in ready:
                    continue
                message = received(channel)
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


def _hang_up(line: socket.socket) -> None:
    """Let both ends of a conversation know that it is over."""
    with suppress(OSError):  # they do
        line.shutdown(socket.SHUT_RDWR)
