r"""Checkpoints: a run that was killed goes on as if it had not been.

After a round, all that the next round depends on goes into one file:

    the round and the model               rounds.RunState
    the metrics so far, the configs       rounds.RunState
    what the strategy remembers           checkpoint_objects
    what the clients and the grid do      checkpoint_grid
    the server's random generators        Python's, NumPy's, and torch's if it is there

The file is written beside the old one and then takes its place: there is a whole one at
any time. Its first line has the SHA-256 of the rest, so that one that was cut short is
not taken for whole; the rest is an `.npz` (see `checkpoint_values`):

    _, body = open("run.checkpoint", "rb").read().split(b"\n", 1)
    np.load(io.BytesIO(body))

Who goes on must call with the same arguments. A few of them are checked: the class of
the strategy, its numbers and strings that had not changed since the first round (such
as learning rates), those of the configs, the seed, the number of clients and the shapes
of the model.
"""

import json
import os
import random
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord
from flwr.serverapp.strategy import Result, Strategy

from .checkpoint_grid import decode_grid, encode_grid
from .checkpoint_objects import decode_object, encode_object, settings_of
from .checkpoint_values import Blobs, Tree, decode, encode
from .grid import LocalGrid

_FIRST_LINE = b"lecturekit checkpoint 1, sha256 of the rest: "


@dataclass
class RunState:
    """Where a run stands after a round.

    Parameters
    ----------
    arrays : ArrayRecord
        The global model.
    train_config, evaluate_config : ConfigRecord
        What clients are sent; a strategy may change them.
    server_round : int
        The round; 0 is the initial model.
    result : Result
        Metrics of the rounds so far.
    """

    arrays: ArrayRecord
    train_config: ConfigRecord
    evaluate_config: ConfigRecord
    server_round: int = 0
    result: Result = field(default_factory=Result)


class Checkpoint:
    """The file that a run is saved to, and goes on from.

    Parameters
    ----------
    path : str or Path
        In a folder that exists.
    strategy, grid, run
        All of the run; changed by `resume`.

    Raises
    ------
    TypeError
        If the strategy remembers something that cannot be saved.
    ValueError
        If no file can be written at `path`.
    """

    def __init__(
        self, path: str | Path, strategy: Strategy, grid: LocalGrid, run: RunState
    ) -> None:
        self.path = Path(path)
        folder = self.path.parent
        if self.path.is_dir() or not folder.is_dir():
            raise ValueError(
                f"checkpoint must be a file in a folder that exists, got {path}: "
                + ("name a file in it" if folder.is_dir() else f"make {folder} first")
            )
        self._strategy = strategy
        self._grid = grid
        self._run = run
        self._settings = self._settings_in(encode_object(strategy, Blobs(), "strategy"))

    def save(self) -> None:
        """Write the run as it stands, in place of what was there."""
        blobs, run = Blobs(), self._run
        whole = encode(vars(run) | {"result": vars(run.result)}, blobs, "the run")
        strategy = encode_object(self._strategy, blobs, "strategy")
        now = self._settings_in(strategy)
        self._settings = {  # without those that turned out to be no settings
            name: value
            for name, value in self._settings.items()
            if now.get(name) == value
        }
        tree = {
            "settings": self._settings,
            "run": whole,
            "strategy": strategy,
            "grid": encode_grid(self._grid, blobs),
            "generators": encode(_generator_states(), blobs, "the generators"),
        }
        _write(self.path, tree, blobs)

    def resume(self) -> bool:
        """Go back to what was saved, or return False if nothing was.

        Raises
        ------
        ValueError
            If the file is not whole, or of another run.
        """
        if not self.path.exists():
            return False
        tree, blobs = _read(self.path)
        self._check(tree["settings"])
        self._settings = tree["settings"]
        saved = decode(tree["run"], blobs)  # in the order of `save`: they may share
        for name in ("train_config", "evaluate_config"):  # the caller has these, too
            config: ConfigRecord = getattr(self._run, name)
            config.clear()
            config.update(saved[name])
            blobs.replace(saved.pop(name), config)
        vars(self._run).update(saved, result=Result(**saved["result"]))
        decode_object(self._strategy, tree["strategy"], blobs, "strategy")
        decode_grid(self._grid, tree["grid"], blobs)
        _restore_generators(decode(tree["generators"], blobs))
        return True

    def _settings_in(self, strategy: Tree) -> dict[str, str]:
        """Return what must not be different when a run goes on, as text."""
        run, grid = self._run, self._grid
        shapes = {name: array.shape for name, array in run.arrays.items()}
        settings = {
            "the strategy": type(self._strategy).__qualname__,
            "the seed of the grid": str(grid.seed),
            "the number of clients": str(len(grid._nodes)),
            "the model": str(shapes),
        }
        for name in ("train_config", "evaluate_config"):
            for key, value in getattr(run, name).items():
                settings[f"{name}[{key!r}]"] = repr(value)
        return settings | settings_of(strategy, "strategy")

    def _check(self, saved: dict[str, str]) -> None:
        for name, value in saved.items():
            if self._settings.get(name) != value:
                raise ValueError(
                    f"{self.path} is of a run in which {name} was {value}, got "
                    f"{self._settings.get(name)}: call with the same arguments to go "
                    "on, or with another `checkpoint` to start anew"
                )


def _generator_states() -> dict[str, Any]:
    torch = sys.modules.get("torch")
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.default_generator.get_state() if torch else None,
    }


def _restore_generators(states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    if states["torch"] is not None:
        sys.modules["torch"].default_generator.set_state(states["torch"])


def _write(path: Path, tree: Tree, blobs: Blobs) -> None:
    members: dict[str, Any] = {str(k): a for k, a in enumerate(blobs.arrays)}
    members["tree"] = np.frombuffer(json.dumps(tree).encode(), np.uint8)
    body = BytesIO()
    np.savez(body, **members)
    data = body.getbuffer()
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(_FIRST_LINE + sha256(data).hexdigest().encode() + b"\n")
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # on the disk before it takes the old one's place
    os.replace(unfinished, path)


def _read(path: Path) -> tuple[Tree, Blobs]:
    first_line, _, body = path.read_bytes().partition(b"\n")
    if not first_line.startswith(_FIRST_LINE.strip()):
        raise ValueError(f"{path} is not a checkpoint: move it away, or name another")
    if first_line != _FIRST_LINE + sha256(body).hexdigest().encode():
        raise ValueError(
            f"{path} is damaged, cut short or changed: delete it to start anew"
        )
    with np.load(BytesIO(body), allow_pickle=False) as members:
        tree = json.loads(members["tree"].tobytes())
        arrays = [members[str(k)] for k in range(len(members.files) - 1)]
    return tree, Blobs(arrays)
