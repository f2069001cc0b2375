"""The grader's end of a zygote: start it, ask it for forks, be rid of it.

A process that has one can hand out shares in it: a share is the end of a zygote that
has divided, and imports nothing anew.
"""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

_END_S = 1.0  # how long a zygote may take to end when it is asked to


class SandboxError(Exception):
    """The machine, and no submission, is at fault: it may be tried again."""


class Share:
    """A zygote that divided from another one. It can be sent to another process.

    Parameters
    ----------
    control : socket.socket
        Where it takes requests; it ends when no process has this open any more.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def is_alive(self) -> bool:
        """Return whether it can still be asked."""
        try:
            return bool(self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def warm(self, modules: Sequence[str]) -> None:
        """Have it import `modules` before what is asked later; do not wait for it."""
        self._send({"modules": list(modules)}, [])

    def fork(self, request: Mapping[str, Any], files: Mapping[str, int]) -> None:
        """Ask for a fork that gets these open files, by name.

        Raises
        ------
        SandboxError
            If the zygote has ended.
        """
        self._send({**request, "files": list(files)}, list(files.values()))

    def divided(self) -> "Share":
        """Return a share that can be handed to another process.

        Raises
        ------
        SandboxError
            If the zygote has ended.
        """
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            self._send({"divide": True}, [theirs.fileno()])
        return Share(ours)

    def last_words(self) -> str:
        """Return what it said last; only who started it knows that."""
        return ""

    def close(self) -> None:
        """End it and every fork, unless another process has it, too."""
        self._control.close()

    def _send(self, message: Mapping[str, Any], files: Sequence[int]) -> None:
        data = json.dumps(message, default=os.fspath).encode()
        try:
            socket.send_fds(self._control, [data], list(files))
        except OSError as error:
            raise SandboxError(
                f"the process that kernels are forked from has ended: "
                f"{self.last_words() or error}"
            ) from error


class Zygote(Share):
    """A process that has imported what notebooks need, and forks on request.

    Parameters
    ----------
    command : sequence of str
        How to start it; the number of its control socket takes the place of "CONTROL".
    environment : mapping of str to str
        Its environment variables.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        super().__init__(ours)
        with theirs:
            number = str(theirs.fileno())
            self._process = subprocess.Popen(
                [number if word == "CONTROL" else word for word in command],
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for the grader
            )

    @property
    def pid(self) -> int:
        """The process that, if killed, takes the zygote and all forks with it."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return whether it can still be asked."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Return the last line that it, or bubblewrap, wrote to its stderr."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "").strip()

    def close(self) -> None:
        """End it and every fork."""
        self._control.close()
        try:
            self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:  # it is importing something
            self._process.kill()
            self._process.wait()
        self._errors.close()
