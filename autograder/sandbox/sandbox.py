"""Starts kernels behind the best wall that this machine allows, and tries the wall.

Before anything is graded, a fork looks around in a kernel's place
(`autograder.sandbox.inside.look`). A mode in which it gets out is not used.
"""

import os
import socket
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.sandbox.bounds import Bounds
from autograder.sandbox.bubblewrap import bubblewrap, is_installed
from autograder.sandbox.environment import kernel_environment
from autograder.sandbox.launch import be_allowed_to_send_files, launch
from autograder.sandbox.layout import CODE, HOME, TEMPORARY, UID, WORK
from autograder.sandbox.place import Place, remove_leftovers, temporary_place
from autograder.sandbox.process import KernelProcess
from autograder.sandbox.protection import WALLS, Mode, Protection
from autograder.sandbox.visible import package_folder, package_folders, python_paths
from autograder.sandbox.zygote import SandboxError, Share, Zygote

_NUM_UIDS = 3000  # below UID, for workers side by side
_LOOK_S = 30.0  # how long a look around may take


class Sandbox:
    """Starts kernels. Use as a context manager.

    Make it in a thread that lives as long as it is needed: bubblewrap ends with the
    thread that started it.

    Parameters
    ----------
    modules : sequence of str
        What notebooks import, so that it is imported once.
    hidden : iterable of Path
        What no submission may see, wherever it stands.
    modes : sequence of Mode
        Which to try, in this order; the first that holds is used.
    share : Share or None
        In another process's sandbox, whose walls were tried: see `share`.

    Raises
    ------
    UserError
        If none of them holds on this machine.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        *,
        hidden: Iterable[Path] = (),
        modes: Sequence[Mode] = WALLS,
        share: Share | None = None,
    ) -> None:
        self._modules = tuple(modules)
        self._hidden = tuple(path.resolve() for path in hidden)
        self._resources = ExitStack()
        remove_leftovers()
        be_allowed_to_send_files()
        self._place = self._resources.enter_context(temporary_place())
        self._zygote: Share | None = None
        if share is not None:
            self._zygote, self.protection = share, Protection("warm")
            return
        try:
            self.protection = self._protection(modes)
        except BaseException:
            self.close()
            raise
        if self._zygote is not None:
            self._zygote.warm(self._modules)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End every kernel, and remove what was written."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
        self._resources.close()

    def share(self) -> Share | None:
        """Return what another process needs to start kernels from the same imports.

        None if it has to have a sandbox of its own: because there is no second wall
        that keeps their kernels apart, or no zygote can be had now.
        """
        if self.protection.mode != "warm":
            return None
        try:
            self._zygote = self._living_zygote(Bounds())
            return self._zygote.divided()
        except SandboxError:
            return None

    def start(
        self,
        place: Place,
        connection: dict[str, Any],
        bounds: Bounds,
        *,
        has_channel: bool = False,
    ) -> KernelProcess:
        """Start a kernel that answers at the addresses of `connection`.

        Parameters
        ----------
        place : Place
            Its `work` folder holds the data files.
        connection : dict
            As in a connection file; ipc, with absolute and unique paths.
        has_channel : bool
            Whether code in the kernel and the grader get a socket to talk over.

        Raises
        ------
        SandboxError
            If no kernel can be started now, which is nobody's fault.
        """
        mode, zygote = self.protection.mode, self._living_zygote(bounds)
        request = _request(mode, place, bounds, connection)
        if mode == "unsafe":
            place.make_readable(self._other_uid(mode))
        else:
            place.make_readable(None)
        process = launch(zygote, request, place.work, has_channel=has_channel)
        if mode == "cold":
            process.owns(zygote)
        else:
            self._zygote = zygote
        return process

    def _living_zygote(self, bounds: Bounds) -> Share:
        """Return the zygote, or a new one if it has ended or there is none."""
        zygote = self._zygote
        if zygote is None or not zygote.is_alive():
            if zygote is not None:
                zygote.close()
            zygote = self._new_zygote(self.protection.mode, bounds)
            zygote.warm(self._modules)
        return zygote

    def _protection(self, modes: Sequence[Mode]) -> Protection:
        """Find the first mode that holds, and keep its zygote."""
        refused: list[str] = []
        for mode in modes:
            if mode != "unsafe" and not is_installed():
                continue
            zygote = self._new_zygote(mode, Bounds())
            try:
                escapes = self._look(zygote, mode)
            except SandboxError as error:
                zygote.close()
                refused.append(f"{mode}: {error}")
                continue
            if escapes and mode != "unsafe":
                zygote.close()
                refused.append(f"{mode}: does not prevent {', '.join(escapes)}")
                continue
            if mode == "cold":
                zygote.close()
            else:
                self._zygote = zygote
            return Protection(mode, tuple(escapes), tuple(refused))
        raise UserError(_nothing_holds(refused))

    @property
    def uid(self) -> int:
        """Who the submissions are, to the machine."""
        return self._other_uid(self.protection.mode) or os.getuid()

    def _other_uid(self, mode: Mode) -> int | None:
        """Return who root makes its submissions; None if they are who we are.

        The limit on processes counts a user's. In a second wall it counts those behind
        that wall; without one, workers side by side need users of their own, or one's
        fork bomb would keep another's submission from starting a thread.
        """
        if os.getuid() != 0:
            return None
        return UID if mode == "warm" else UID - 1 - os.getpid() % _NUM_UIDS

    def _new_zygote(self, mode: Mode, bounds: Bounds) -> Zygote:
        serve = [sys.executable, "-P", "-m", "autograder.sandbox.inside.serve"]
        uid = self._other_uid(mode) or os.getuid()
        serve += ["CONTROL", str(uid), mode]
        if mode == "unsafe":
            home = str(self._place.root / "home")
            return Zygote(serve, kernel_environment(home, home, _code(mode)))
        users = self._place.root / "passwd"
        users.write_text(_users(uid))
        scratch = bounds if mode == "cold" else None
        wall = bubblewrap([*self._hidden, self._place.root], users, scratch)
        return Zygote(
            [*wall, *serve], kernel_environment(TEMPORARY, TEMPORARY, _code(mode))
        )

    def _look(self, zygote: Zygote, mode: Mode) -> list[str]:
        """Return what a fork of the zygote was able to do."""
        secret = self._place.root / "secret"
        secret.write_text("not for submissions")
        command = Path("/proc/self/cmdline").read_text(errors="replace")
        with socket.create_server(("127.0.0.1", 0)) as server:
            look_for = {
                "port": server.getsockname()[1],
                "paths": [str(secret), *map(str, self._hidden)],
                "shown": list(python_paths()),
                "command": command,
            }
            if mode == "unsafe":
                self._place.make_readable(self._other_uid(mode))
            request = _request(mode, self._place, Bounds(), {}, look_for)
            process = launch(zygote, request, self._place.work)
            try:
                process.wait(_LOOK_S)
            finally:
                process.close()
        if process.seen is None:
            raise SandboxError(process.failure or zygote.last_words() or "no answer")
        return process.seen.escapes


def probe(hidden: Iterable[Path] = ()) -> Protection:
    """Return how submissions would be isolated on this machine, having tried it.

    Raises
    ------
    UserError
        If no wall holds.
    """
    with Sandbox(hidden=hidden) as sandbox:
        return sandbox.protection


def _request(
    mode: Mode,
    place: Place,
    bounds: Bounds,
    connection: dict[str, Any],
    look_for: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the fields of `autograder.sandbox.inside.fork.Request`."""
    home, temporary, work = HOME, TEMPORARY, WORK
    if mode == "unsafe":
        home, temporary = str(place.root / "home"), str(place.root / "tmp")
        work = str(place.work)
    return {
        "has_second_wall": mode == "warm",
        "has_filter": mode != "unsafe",
        "work": work,
        "environment": kernel_environment(home, temporary, _code(mode)),
        "bounds": vars(bounds),
        "connection": connection,
        "look_for": look_for,
    }


def _code(mode: Mode) -> str:
    """Return where a kernel finds our packages, and those not installed with Python."""
    own = str(package_folder("autograder").parent) if mode == "unsafe" else CODE
    return os.pathsep.join([own, *package_folders()])


def _users(uid: int) -> str:
    return f"student:x:{uid}:{uid}::{HOME}:/bin/sh\n"


def _nothing_holds(refused: Sequence[str]) -> str:
    found = "; ".join(refused) or "none"
    return (
        "expected bubblewrap to isolate submissions with, found "
        f"{found}: install it with `apt-get install bubblewrap` (or allow user "
        "namespaces), or say --unsafe, which lets submissions read and change "
        "everything that you can"
    )
