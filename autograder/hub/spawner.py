"""How JupyterHub starts the server of one person: behind the wall.

JupyterHub's own `LocalProcessSpawner` does the rest: ports, tokens, the state that lets
servers outlive a hub that was killed.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Unicode, default

from autograder.hub.enclosure import enclosed, environment, write_people
from autograder.hub.folders import HubFolders
from autograder.hub.limits import in_scope, process_limits
from autograder.hub.people import people, settings_of

SERVER = [sys.executable, "-P", "-m", "jupyterhub.singleuser"]


class ClassroomSpawner(LocalProcessSpawner):
    """Starts a server that sees its owner's home and the exchange, and no more."""

    course = Unicode(help="The course folder.").tag(config=True)
    root = Unicode(help="The folder that holds solutions/ and labs/.").tag(config=True)

    @default("env_keep")
    def _default_env_keep(self) -> list[str]:
        return ["LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ"]

    def make_preexec_fn(self, name: str) -> Callable[[], None] | None:
        """Change nothing before bubblewrap: rights are given up behind the wall."""
        return None

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return the server's variables: the hub's tokens, and ours."""
        return env | environment(people(Path(self.course))[self.user.name])

    async def start(self) -> Any:
        """Start the server behind the wall."""
        course = Path(self.course)
        everybody = people(course)
        person = everybody[self.user.name]
        folders = HubFolders(course)
        write_people(folders, everybody.values())
        folders.make_home(person.name, person.owner)
        wall = enclosed(
            SERVER,
            person,
            folders,
            settings_of(course).id,
            Path(self.root),
            process_limits(self.mem_limit),
        )
        self.cmd = [*in_scope(self.mem_limit, self.cpu_limit), *wall]
        with folders.log(person.name).open("ab") as log:
            self.popen_kwargs = {"stdout": log, "stderr": log}
            return await super().start()

    async def _signal(self, sig: int) -> bool:
        """Signal the first process behind the wall, which passes it on."""
        if sig == 0:
            return bool(await super()._signal(sig))
        try:
            outside = psutil.Process(self.pid)
            for process in outside.children() or [outside]:
                process.send_signal(signal.Signals(sig))
        except psutil.NoSuchProcess:
            return False
        return True
