"""One fork of the zygote: the second wall, the supervisor, the kernel.

    zygote ── waits ── supervisor ── kernel ── whatever the submission starts
              │        └ process 1 of its own namespaces
              └ leaves the zygote's namespaces, which only its children notice

Without a second wall (each submission has its own bubblewrap, or none is to be had) the
first of them is the supervisor.
"""

import os
import socket
from dataclasses import dataclass
from typing import Any

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.channel import open_channel
from autograder.sandbox.inside import look, rights, seccomp, system, wall
from autograder.sandbox.inside.supervisor import supervise
from autograder.sandbox.leash import Failed, Seen, say

PORTS = ("shell", "iopub", "stdin", "control", "hb")


@dataclass(frozen=True)
class Request:
    """What the grader asks of the zygote.

    Parameters
    ----------
    has_second_wall, has_filter : bool
        What to put around this fork.
    work : str
        The kernel's current directory.
    environment : dict of str to str
        All the variables that the kernel sees.
    connection : dict
        As in a connection file.
    look_for : dict or None
        If given, no kernel is started; instead `look.around` tries to get out.
    """

    has_second_wall: bool
    has_filter: bool
    work: str
    environment: dict[str, str]
    bounds: Bounds
    connection: dict[str, Any]
    look_for: dict[str, Any] | None = None

    @classmethod
    def read(cls, fields: dict[str, Any]) -> "Request":
        """Return the request that the grader's message describes."""
        return cls(**{**fields, "bounds": Bounds(**fields["bounds"])})


def run(request: Request, files: dict[str, int]) -> None:
    """Be the fork: return when everything has ended.

    Parameters
    ----------
    files : dict of str to int
        The open files that came with the request: `leash`, `files` (the folder of data
        files), `channel` if there is one, and one listening socket per port.
    """
    leash = socket.socket(fileno=files["leash"])
    system.die_with_parent()
    try:
        if request.has_second_wall:
            wall.leave_namespaces()
            first = os.fork()
            if first:
                leash.close()
                rights.close_all_but(())
                os.waitpid(first, 0)
                return
            wall.build(request.bounds.scratch_bytes)
        wall.copy_files(files["files"], request.work)
        if request.has_second_wall:
            system.set_capabilities(0)
        system.set_dumpable(False)
        system.adopt_orphans()
        kernel = os.fork()
    except Exception as error:
        say(leash, Failed(f"{type(error).__name__}: {error}"))
        return
    if not kernel:
        _be_kernel(request, files, leash)
    rights.close_all_but({leash.fileno()})
    supervise(leash, kernel, request.bounds)


def _be_kernel(request: Request, files: dict[str, int], leash: socket.socket) -> None:
    """Become the kernel, and end with it."""
    try:
        keep = {number for name, number in files.items() if name != "files"}
        rights.detach(keep)
        rights.renounce()
        if request.has_filter:
            seccomp.refuse_system_calls()
        rights.limit(request.bounds, shares_user=not request.has_second_wall)
        os.chdir(request.work)
        os.environ.clear()
        os.environ.update(request.environment)
        if "channel" in files:
            open_channel(files["channel"])
        if request.look_for is not None:
            say(leash, Seen(look.around(request.look_for)))
            os._exit(0)
        from autograder.sandbox.inside.kernel import new_kernel

        ports = {request.connection[f"{name}_port"]: files[name] for name in PORTS}
        kernel = new_kernel(request.connection, ports)
    except BaseException as error:
        say(leash, Failed(f"{type(error).__name__}: {error}"))
        os._exit(70)
    leash.close()
    kernel.start()
    os._exit(0)
