"""The grader's end of one kernel's process: look after it, signal it, end it."""

import signal
import socket
import time

from autograder.sandbox.leash import (
    MAX_BYTES,
    Ended,
    Failed,
    Saying,
    Seen,
    understood,
)
from autograder.sandbox.zygote import SandboxError, Share

_END_S = 60.0  # how long all processes of a submission may take to be killed


class KernelProcess:
    """A kernel and everything that it starts: they live as long as this is open.

    Parameters
    ----------
    leash : socket
        Connected with the submission's supervisor. When it is closed, also because
        this process is killed, everything that the submission started is killed.
    channel : socket or None
        Connected with a socket that code in the kernel can use (`sandbox.channel`).
        What comes over it is written by the submission, whatever it claims to be.
    """

    def __init__(
        self, leash: socket.socket, channel: socket.socket | None = None
    ) -> None:
        self.channel = channel
        self.ended: Ended | None = None
        self.failure = ""
        self.seen: Seen | None = None
        self._leash = leash
        self._zygote: Share | None = None

    def owns(self, zygote: Share) -> None:
        """Close `zygote`, which was started for this kernel alone, with it."""
        self._zygote = zygote

    @property
    def reason(self) -> str:
        """Which bound was exceeded; empty if none was, or as long as it runs."""
        return self.ended.reason if self.ended else ""

    def poll(self) -> int | None:
        """Return the exit status, or None as long as it runs."""
        return self.wait(0)

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, or None if it still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        while self.ended is None:
            self._leash.settimeout(max(0.0, deadline - time.monotonic()))
            try:
                message = self._leash.recv(MAX_BYTES)
            except (TimeoutError, BlockingIOError):
                return None
            except OSError:
                message = b""
            self._take(understood(message) if message else None)
        return self.ended.status

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and the processes of its group."""
        if self.ended is None:
            try:
                self._leash.send(str(int(number)).encode())
            except OSError:
                self.poll()

    def close(self) -> None:
        """Kill everything that it started; return when it is gone.

        Raises
        ------
        SandboxError
            If it is not gone after some seconds.
        """
        if self._leash.fileno() < 0:
            return
        if self.ended is None:
            try:
                self._leash.shutdown(socket.SHUT_WR)
            except OSError:
                self.poll()
        status = self.wait(_END_S)
        self._leash.close()
        if self.channel is not None:
            self.channel.close()
        if self._zygote is not None:
            self._zygote.close()
        elif status is None:
            raise SandboxError(
                f"a submission's processes were not gone in {_END_S:g} s"
            )

    def _take(self, saying: Saying | None) -> None:
        if isinstance(saying, Failed):
            self.failure = saying.reason
        elif isinstance(saying, Seen):
            self.seen = saying
        else:  # the supervisor was killed, or the zygote never served the request
            self.ended = saying or Ended(-int(signal.SIGKILL), "", 0.0)
