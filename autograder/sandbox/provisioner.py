"""Sandboxed kernels for any program that starts kernels through jupyter_client.

nbclient, nbgrader and Jupyter itself find this by its name among the entry points:

    JUPYTER_DEFAULT_PROVISIONER_NAME=lecturekit-sandbox nbgrader autograde …

The kernel that they get runs a copy of the data files of the folder that they wanted it
to run in, without its notebooks, and under the grader's environment variables.
"""

import asyncio
import atexit
import shutil
import signal
from pathlib import Path
from typing import Any

from jupyter_client import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Bool, List, Unicode

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.place import PORTS, Place, new_place
from autograder.sandbox.process import KernelProcess
from autograder.sandbox.protection import UNSAFE, WALLS
from autograder.sandbox.sandbox import Sandbox

_POLL_S = 0.02
_MAX_DATA_BYTES = 100_000_000  # the exchange refuses larger submissions

_sandboxes: dict[tuple[object, ...], Sandbox] = {}


class SandboxProvisioner(KernelProvisionerBase):
    """Starts the kernels of one `KernelManager` in a sandbox.

    All kernels of a program share one sandbox, which ends with the program.
    """

    modules = List(
        Unicode(),
        ["torch", "flwr.app", "flwr.clientapp", "flwr.serverapp", "lecturekit"],
        help="What is imported once for all kernels.",
    ).tag(config=True)
    unsafe = Bool(False, help="Do without a wall.").tag(config=True)

    _process: KernelProcess | None = None
    _place: Place | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to be looked after."""
        return self._process is not None

    async def poll(self) -> int | None:
        """Return None as long as the kernel runs, else its exit status."""
        return self._process.poll() if self._process is not None else 0

    async def wait(self) -> int | None:
        """Wait for the kernel's end; return its exit status."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(_POLL_S)
        self._close_process()
        return status

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process group."""
        if self._process is not None and signum:
            self._process.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel; its processes end with it."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose addresses that no other kernel has."""
        manager = self.parent
        assert manager is not None
        if self._place is None:
            self._place = new_place()
            addresses = self._place.connection()
            manager.transport, manager.ip = "ipc", addresses["ip"]
            manager.connection_file = str(self._place.root / "k.json")
            for name in PORTS:
                setattr(manager, f"{name}_port", addresses[f"{name}_port"])
            manager.write_connection_file()
        extra = kwargs.pop("extra_arguments", [])
        command = manager.format_kernel_cmd(extra_arguments=extra)
        return dict(await super().pre_launch(cmd=command, **kwargs))

    async def launch_kernel(
        self, cmd: list[str], **kwargs: Any
    ) -> KernelConnectionInfo:
        """Start the kernel; its command line is not needed."""
        assert self._place is not None
        assert self.parent is not None
        _copy_data_files(Path(kwargs.get("cwd") or "."), self._place.work)
        info = self.parent.get_connection_info()
        key = info["key"]
        connection = {
            **{f"{name}_port": info[f"{name}_port"] for name in PORTS},
            "transport": info["transport"],
            "ip": info["ip"],
            "key": key.decode() if isinstance(key, bytes) else key,
        }
        sandbox = _shared_sandbox(tuple(self.modules), self.unsafe)
        self._process = sandbox.start(self._place, connection, Bounds())
        self.connection_info = info
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """End what is left, and remove its folder."""
        self._close_process()
        if self._place is not None and not restart:
            shutil.rmtree(self._place.root, ignore_errors=True)
            self._place = None

    def _close_process(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


def _shared_sandbox(modules: tuple[str, ...], unsafe: bool) -> Sandbox:
    """Return this program's sandbox; start it if it is the first to be asked for."""
    key = (modules, unsafe)
    if key not in _sandboxes:
        sandbox = Sandbox(
            modules, hidden=[Path.cwd()], modes=UNSAFE if unsafe else WALLS
        )
        atexit.register(sandbox.close)
        _sandboxes[key] = sandbox
    return _sandboxes[key]


def _copy_data_files(source: Path, target: Path) -> None:
    """Copy ordinary files that are no notebooks, however deep they stand."""
    left = _MAX_DATA_BYTES
    for path in source.rglob("*"):
        is_data = path.is_file() and path.suffix != ".ipynb"
        if not is_data or any(part.is_symlink() for part in (path, *path.parents)):
            continue
        left -= path.stat().st_size
        if left < 0:
            raise ValueError(
                f"expected at most {_MAX_DATA_BYTES:,} bytes of data files beside "
                f"the notebook in {source}, got more: run it in a folder of its own"
            )
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
