"""A deck: a demo, recorded. Every state of its controls, ready to be drawn.

Nothing may fail on stage, so nothing is computed there. A deck is one compressed file

    plan      the questions, controls and presets: see `plan`
    columns   of the table that says in numbers what the views draw
    bases     one plotly figure per view, as JSON
    frames    per state "0,2": what differs from the bases, the table's rows, and the
              sentence that says the result

and the same scenes give the same bytes. Figures of neighbouring states differ in a few
numbers only, and a *change* is a path and, unless it is a deletion, a value.
"""

import gzip
import json
import math
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from .plan import At, Plan

FORMAT = 1
_DIGITS = 4  # more than a screen resolves

Json = Any  # what json.loads returns
Change = list[Any]  # [path] or [path, value]


@dataclass(frozen=True)
class Scene:
    """What one state looks like.

    Parameters
    ----------
    figures : sequence of Figure
        One to three, the same number and order in every state of a demo. Each has a
        title, and in `layout.meta["alt"]` what it shows, for who does not see it.
    says : str
        The result, in a sentence that is spoken.
    columns : sequence of str
        Of the table; the same in every state.
    rows : sequence of sequence
        The numbers that the figures draw, or those that matter.
    """

    figures: Sequence[Figure]
    says: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Deck:
    """A recorded demo; made by `of`, read by `load`."""

    plan: Plan
    content: Mapping[str, Json]

    @classmethod
    def of(cls, plan: Plan, scenes: Mapping[At, Scene]) -> "Deck":
        """Put the scenes of all states of `plan` together.

        Raises
        ------
        ValueError
            If a state has no scene, or scenes differ in views or columns.
        """
        states = plan.states()
        if missing := [at for at in states if at not in scenes]:
            raise ValueError(f"{plan.name} lacks the scenes of the states {missing}")
        first = scenes[states[0]]
        for at in states:
            _check_alike(plan, first, at, scenes[at])
        bases = [plain(figure) for figure in first.figures]
        frames = {}
        for at in states:
            scene = scenes[at]
            figures = [plain(figure) for figure in scene.figures]
            frames[at] = {
                "changes": [
                    list(changes(base, figure))
                    for base, figure in zip(bases, figures, strict=True)
                ],
                "says": scene.says,
                "rows": _plain(scene.rows),
            }
        return cls.assembled(plan, first.columns, bases, frames)

    @classmethod
    def assembled(
        cls,
        plan: Plan,
        columns: Sequence[str],
        bases: Sequence[Json],
        frames: Mapping[At, Json],
    ) -> "Deck":
        """Return a deck of figures that are JSON already; see the module for frames."""
        content = {
            "format": FORMAT,
            "plan": plan.to_json(),
            "columns": list(columns),
            "bases": list(bases),
            "frames": {_key(at): frames[at] for at in plan.states()},
        }
        return cls(plan, content)

    def pack(self) -> bytes:
        """Return the file's bytes; equal decks have equal bytes."""
        text = json.dumps(
            self.content, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        return gzip.compress(text.encode(), 9, mtime=0)

    def save(self, path: str | Path) -> None:
        """Write the deck."""
        Path(path).write_bytes(self.pack())

    @classmethod
    def unpack(cls, data: bytes, name: str = "deck") -> "Deck":
        """Return the deck that `pack` made.

        Raises
        ------
        ValueError
            If it is damaged or of another format; the sentence begins with `name`.
        """
        try:
            content = json.loads(gzip.decompress(data))
            if content["format"] != FORMAT:
                raise ValueError(f"format {content['format']}")
            plan = Plan.from_json(content["plan"])
            whole = {_key(at) for at in plan.states()} == set(content["frames"])
            if not whole:
                raise ValueError("states are missing")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{name} must be a whole deck of format {FORMAT}, got one that cannot "
                f"be read ({error}): record it again"
            ) from error
        return cls(plan, content)

    @classmethod
    def load(cls, path: str | Path) -> "Deck":
        """Read what `save` wrote; raises ValueError as `unpack` does."""
        return cls.unpack(Path(path).read_bytes(), str(path))

    def figures(self, at: At) -> list[Json]:
        """Return the views of a state, as plotly's JSON."""
        frame = self.content["frames"][_key(at)]
        return [
            changed(base, found)
            for base, found in zip(self.content["bases"], frame["changes"], strict=True)
        ]

    def says(self, at: At) -> str:
        """Return the sentence of a state."""
        return str(self.content["frames"][_key(at)]["says"])

    def table(self, at: At) -> tuple[list[str], list[list[Json]]]:
        """Return the columns and the rows of a state's table."""
        return self.content["columns"], self.content["frames"][_key(at)]["rows"]


def plain(figure: Figure) -> Json:
    """Return a figure as JSON, its numbers rounded to what a screen resolves."""
    return _plain(figure.to_plotly_json())


def changes(base: Json, new: Json, path: tuple[Any, ...] = ()) -> Iterator[Change]:
    """Yield what turns `base` into `new`, change by change."""
    if isinstance(base, dict) and isinstance(new, dict):
        for key in base:
            if key not in new:
                yield [[*path, key]]
        for key, value in new.items():
            if key in base:
                yield from changes(base[key], value, (*path, key))
            else:
                yield [[*path, key], value]
    elif _are_alike(base, new):
        for position, pair in enumerate(zip(base, new, strict=True)):
            yield from changes(*pair, (*path, position))
    elif base != new:
        yield [list(path), new]


def changed(base: Json, found: Sequence[Change]) -> Json:
    """Return a copy of `base` with these changes."""
    whole = json.loads(json.dumps(base))
    for path, *value in found:
        *parents, last = path
        inner = whole
        for name in parents:
            inner = inner[name]
        if value:
            inner[last] = value[0]
        else:
            del inner[last]
    return whole


def _are_alike(base: Json, new: Json) -> bool:
    """Return whether these are two lists of as many objects."""
    return (
        isinstance(base, list)
        and isinstance(new, list)
        and len(base) == len(new) > 0
        and all(isinstance(item, dict) for item in [*base, *new])
    )


def _plain(value: Any) -> Json:
    """Return `value` as JSON has it: numbers rounded, None for what is not a number."""
    if isinstance(value, Mapping) and "bdata" in value:
        return _plain(_decoded(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        rounded = float(f"{value:.{_DIGITS}g}")
        return int(rounded) if rounded.is_integer() else rounded
    return value


def _decoded(packed: Mapping[str, Any]) -> Any:
    """Return the array that plotly has packed as its bytes."""
    array = np.frombuffer(b64decode(packed["bdata"]), dtype=packed["dtype"])
    if "shape" in packed:
        array = array.reshape([int(n) for n in str(packed["shape"]).split(",")])
    return array


def _check_alike(plan: Plan, first: Scene, at: At, scene: Scene) -> None:
    is_alike = list(scene.columns) == list(first.columns)
    if not is_alike or len(scene.figures) != len(first.figures):
        raise ValueError(
            f"the scenes of {plan.name} must have the same views and columns, "
            f"but {plan.values(at)} differs"
        )


def _key(at: At) -> str:
    return ",".join(str(position) for position in at)
