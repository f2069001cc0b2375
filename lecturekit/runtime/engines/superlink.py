"""A SuperLink of our own, for as long as a block lasts.

A *SuperLink* is Flower's long-running server: apps are submitted to it by `flwr run`,
SuperNodes (or kernels, see `kernel_node.py`) connect to it and run the clients. With
`simulation=True` it runs the clients itself, on Ray.

    with SuperLink() as superlink:
        superlink.start_supernodes(2)
        superlink.run("digits_app", {"num-server-rounds": 3})

We start it instead of using the one that `flwr run . local` starts, because that one

    stays         detached, on port 39091, after the run, in the environment it was born
                  with; ours and all it started end with the block, also on Ctrl-C, an
                  exception or a restart of the kernel (`guard.py`)
    installs      the app's dependencies anew for every run, from the internet; ours
                  gets --disable-runtime-dependency-installation
    reports       usage and asks for updates; ours does neither

What is not isolated: connections are not encrypted and nobody is authenticated
(`--insecure`), so stay on loopback or on a network where you trust everybody. Whoever
can reach the port can run code on the SuperLink and on its SuperNodes, as you.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType

from lecturekit.runtime.nodes import ConfigValue

from .processes import ProcessFamily, free_port

_CONNECTION = """\
[superlink]
default = "here"

[superlink.here]
address = "{address}"
insecure = true
"""


class SuperLink:
    """Flower's server on this machine, and the processes that belong to it.

    Parameters
    ----------
    host : str
        The address to listen on. For a class whose kernels join from other machines,
        this machine's address in their network.
    port : int, optional
        A free one if not given.
    simulation : bool
        Run the clients on Ray (True) or on SuperNodes (False).
    environment : mapping, optional
        Added to the environment of its processes.
    wait_s : float
        How long it, and each SuperNode, may take to come up, s.

    Raises
    ------
    ValueError
        If the port is in use.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        simulation: bool = False,
        environment: Mapping[str, str] | None = None,
        wait_s: float = 120.0,
    ) -> None:
        self.port = free_port(host, port or 0)
        self.address = f"{host}:{self.port}"
        self.simulation = simulation
        self._environment = dict(environment or {})
        self._wait_s = wait_s
        self._family: ProcessFamily | None = None
        self._num_runs = 0

    def __repr__(self) -> str:
        kind = "simulation" if self.simulation else "deployment"
        state = "running" if self._family else "stopped"
        return f"SuperLink({self.address}, {kind}, {state}, {self._num_runs} runs)"

    def __enter__(self) -> "SuperLink":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> "SuperLink":
        """Start it and wait until it answers; RuntimeError if it does not."""
        if self._family:
            return self
        self._family = ProcessFamily(self._environment)
        try:
            connection = _CONNECTION.format(address=self.address)
            (self._family.home / "config.toml").write_text(connection)
            host, _, port = self.address.rpartition(":")
            command = [sys.executable, "-m", f"{__package__}.lean_superlink"]
            command += ["--insecure", "--host", host, "--port", port]
            command += ["--disable-runtime-dependency-installation"]
            command += ["--simulation"] if self.simulation else []
            self._family.start("superlink", *command)
            self._family.wait_until("superlink", self._is_healthy, self._wait_s)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End it and every process that it, its SuperNodes or its runs started."""
        if self._family:
            self._family.stop()
            self._family = None

    def start_supernodes(self, num_clients: int) -> None:
        """Start a SuperNode for each partition, 0 to `num_clients` - 1; wait for all.

        Each is a process that starts, for every message, a fresh Python for the client
        app: real isolation, and about three seconds per message.
        """
        family = self._running()
        names = [f"supernode-{k}" for k in range(num_clients)]
        for k, name in enumerate(names):
            config = f"partition-id={k} num-partitions={num_clients}"
            command = ["flower-supernode", "--insecure", "--superlink", self.address]
            command += ["--port", str(free_port("127.0.0.1"))]
            family.start(name, *command, "--node-config", config)
        for name in names:
            family.wait_until(name, partial(_registered, family, name), self._wait_s)

    def run(
        self,
        app_dir: str | Path,
        run_config: Mapping[str, ConfigValue] | None = None,
        *,
        federation_config: str = "",
        timeout_s: float = 600.0,
    ) -> str:
        """Run the app by `flwr run` until its server is done; return Flower's log.

        Parameters
        ----------
        app_dir : path
            A Flower app's folder.
        run_config : mapping, optional
            Overrides; every key must be in the app's [tool.flwr.app.config].
        federation_config : str
            Of a simulation: what `flwr run --federation-config` takes, such as
            "num-supernodes=10 client-resources-num-cpus=1".
        timeout_s : float
            How long the run may take, s; TimeoutError after that.
        """
        family = self._running()
        self._num_runs += 1
        name = f"run-{self._num_runs}"
        command = ["flwr", "run", str(Path(app_dir).resolve()), "here", "--stream"]
        if run_config:
            overrides = family.home / f"{name}.toml"
            overrides.write_text(_toml(run_config), encoding="utf-8")
            command += ["--run-config", str(overrides)]
        if federation_config:
            command += ["--federation-config", federation_config]
        process = family.start(name, *command)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            raise TimeoutError(
                f"expected the run to finish within {timeout_s:g} s, it goes on; the "
                f"last lines of its log: {family.last_lines(name)}"
            ) from None
        if process.returncode:
            lines = family.last_lines(name)
            raise RuntimeError(f"`flwr run` failed; the last lines of its log: {lines}")
        return family.log(name)

    @property
    def home(self) -> Path:
        """The private folder of its processes: FLWR_HOME and their log files."""
        return self._running().home

    def _running(self) -> ProcessFamily:
        if self._family is None:
            raise RuntimeError(
                "the SuperLink is not running: call start(), or use `with`"
            )
        return self._family

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/health", timeout=5):
                return True
        except OSError:
            return False


def _registered(family: ProcessFamily, supernode: str) -> bool:
    return "SuperNode ID" in family.log(supernode)


def _toml(config: Mapping[str, ConfigValue]) -> str:
    """Return `config` as TOML; a JSON string is a TOML string as well."""
    lines = [
        f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in config.items()
    ]
    return "".join(lines)
