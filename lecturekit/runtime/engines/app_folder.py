"""A Flower app on disk: a folder with a pyproject.toml that names two objects.

    [tool.flwr.app.components]
    serverapp = "digits.app:server_app"     module:name, seen from the folder
    clientapp = "digits.app:client_app"

    [tool.flwr.app.config]                  what a caller may override, with defaults
    seed = 0
    result-path = ""

Flower packs the folder into an archive (its .py, .toml, .md, .json and .yaml files, at
most 10 MB; no data, no notebooks, no test_*.py) and unpacks it on every node. So an app
takes its data from an installed package, `lecturekit.data` say. Dependencies stay
empty: every node runs in an environment that has them already.
"""

import importlib
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

from lecturekit.runtime.nodes import ConfigValue

_NEEDED = {"seed": "seed = 0", "result-path": 'result-path = ""'}


@dataclass(frozen=True)
class AppFolder:
    """A Flower app as its pyproject.toml describes it.

    Parameters
    ----------
    path : Path
        The folder, absolute.
    serverapp, clientapp : str
        Where the two objects are: "module:name".
    config : dict
        [tool.flwr.app.config], nested tables flattened with dots, as Flower does.
    """

    path: Path
    serverapp: str
    clientapp: str
    config: dict[str, ConfigValue]

    @classmethod
    def read(cls, folder: str | Path) -> "AppFolder":
        """Read what `folder` says of itself; ValueError if it is no app."""
        path = Path(folder).resolve()
        try:
            text = (path / "pyproject.toml").read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(
                f"expected a Flower app, a folder with a pyproject.toml, got {folder}: "
                f"{error.strerror}"
            ) from error
        try:
            app = tomllib.loads(text)["tool"]["flwr"]["app"]
            components = app["components"]
            serverapp, clientapp = components["serverapp"], components["clientapp"]
        except tomllib.TOMLDecodeError as error:
            raise ValueError(
                f"{path / 'pyproject.toml'} is not TOML: {error}"
            ) from error
        except KeyError as error:
            raise ValueError(
                f"{path / 'pyproject.toml'} must name the app's two objects, serverapp "
                f"and clientapp, under [tool.flwr.app.components]; {error} is missing"
            ) from error
        return cls(path, serverapp, clientapp, _flat(app.get("config", {})))

    def run_config(
        self, overrides: Mapping[str, ConfigValue]
    ) -> dict[str, ConfigValue]:
        """Return the app's config with `overrides`; ValueError for an unknown key."""
        if unknown := sorted(set(overrides) - set(self.config)):
            lines = ", ".join(_NEEDED.get(key, f"{key} = ...") for key in unknown)
            raise ValueError(
                f"run_config has keys that the app does not know: {unknown}; write "
                f"`{lines}` under [tool.flwr.app.config] in "
                f"{self.path / 'pyproject.toml'}"
            )
        return self.config | dict(overrides)

    @contextmanager
    def loaded(self) -> Iterator[tuple[ServerApp, ClientApp]]:
        """Import the two objects anew; forget the app's modules when the block ends.

        So a changed file is seen by the next run, and two apps may both have a module
        `task`.
        """
        own = {spec.partition(":")[0].partition(".")[0] for spec in self._specs()}
        own |= {child.stem for child in self.path.glob("*.py")}
        hidden = _take_modules(own)
        sys.path.insert(0, str(self.path))
        importlib.invalidate_caches()
        try:
            server_app, client_app = (self._object(spec) for spec in self._specs())
            yield server_app, client_app
        finally:
            sys.path.remove(str(self.path))
            _take_modules(own)
            sys.modules.update(hidden)

    def _specs(self) -> tuple[str, str]:
        return self.serverapp, self.clientapp

    def _object(self, spec: str) -> Any:
        module, _, name = spec.partition(":")
        try:
            return attrgetter(name)(importlib.import_module(module))
        except AttributeError as error:
            raise ValueError(
                f"{self.path / 'pyproject.toml'} names {spec!r}: {error}"
            ) from error


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, ConfigValue]:
    """Return nested tables as one, their keys joined with dots."""
    flat: dict[str, ConfigValue] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _take_modules(packages: set[str]) -> dict[str, ModuleType]:
    """Remove these packages and their modules from `sys.modules`; return them."""
    names = [name for name in sys.modules if name.partition(".")[0] in packages]
    return {name: sys.modules.pop(name) for name in names}
