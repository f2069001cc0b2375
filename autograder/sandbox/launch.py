"""Ask a zygote for one fork, with the open files that it is to have."""

import os
import resource
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from autograder.sandbox.place import PORTS
from autograder.sandbox.process import KernelProcess
from autograder.sandbox.zygote import Share

_BACKLOG = 16
_FILES_OF_OURS = 65_536


def be_allowed_to_send_files() -> None:
    """Stay able to hand over open files, whatever submissions of the same user do.

    The system counts a user's files that were sent and not yet received, and refuses
    more to a process whose own limit of open files they exceed. Submissions have a low
    limit: they can use up theirs, and must not use up ours.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_OF_OURS if hard == resource.RLIM_INFINITY else hard
    wanted = max(soft, min(wanted, _FILES_OF_OURS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def launch(
    zygote: Share, request: Mapping[str, Any], work: Path, *, has_channel: bool = False
) -> KernelProcess:
    """Return the process that the zygote forks.

    Parameters
    ----------
    request : mapping
        The fields of `autograder.sandbox.inside.fork.Request`.
    work : Path
        The folder of the data files.

    Raises
    ------
    SandboxError
        If the zygote has ended.
    """
    with ExitStack() as theirs:
        leash, far_leash = socket.socketpair(type=socket.SOCK_SEQPACKET)
        files = {"leash": theirs.enter_context(far_leash).fileno()}
        files["files"] = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
        theirs.callback(os.close, files["files"])
        channel = None
        if has_channel:
            channel, far_channel = socket.socketpair()
            files["channel"] = theirs.enter_context(far_channel).fileno()
        for name, listener in _listen(request["connection"]).items():
            files[name] = theirs.enter_context(listener).fileno()
        process = KernelProcess(leash, channel)
        try:
            zygote.fork(request, files)
        except BaseException:
            leash.close()
            process.close()
            raise
    return process


def _listen(connection: Mapping[str, Any]) -> dict[str, socket.socket]:
    """Listen at the kernel's addresses, if there are any."""
    listeners = {}
    for name in PORTS if connection else ():
        path = f"{connection['ip']}-{connection[f'{name}_port']}"
        Path(path).unlink(missing_ok=True)  # of a kernel that was restarted
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(_BACKLOG)
        listeners[name] = listener
    return listeners
