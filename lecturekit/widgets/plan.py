"""What a demo on stage is made of, before anything moves: questions, controls, presets.

A plan is data. It travels in a deck, as JSON, from the one who records a demo to the
browser that shows it; `stage` says how keys move through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

At = tuple[int, ...]  # a state of the controls: the position of each one's value

MAX_CONTROLS, MAX_PRESETS = 3, 9


@dataclass(frozen=True)
class Control:
    """Something to turn, with a few values.

    Parameters
    ----------
    name : str
        What `compute` finds it under: "local_steps".
    label : str
        What the audience reads: "local steps".
    values : sequence of float or str
        Two or more, in the order in which arrows go through them.
    labels : sequence of str, optional
        How each value is written, with its unit; by default as it is.
    """

    name: str
    label: str
    values: Sequence[float | str]
    labels: Sequence[str] = ()

    def __post_init__(self) -> None:
        texts = tuple(str(value) for value in self.values)
        if len(set(texts)) < 2 or len(set(texts)) < len(texts):
            raise ValueError(
                f"control {self.name!r} must have two or more different values, "
                f"got {self.values!r}"
            )
        labels = tuple(self.labels) or texts
        if len(labels) != len(texts):
            raise ValueError(
                f"control {self.name!r} must have a label for each of {len(texts)} "
                f"values, got {len(labels)}"
            )
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "labels", labels)

    @property
    def keys(self) -> tuple[str, ...]:
        """How the values are written in a string that restores a state."""
        return tuple(str(value) for value in self.values)


@dataclass(frozen=True)
class Preset:
    """A state worth showing, and the sentence that goes with it.

    Parameters
    ----------
    title : str
        Two to five words for the button.
    values : sequence of float or str
        A value for every control, in their order.
    says : str
        What the audience should look at.
    """

    title: str
    values: Sequence[float | str]
    says: str


@dataclass(frozen=True)
class Plan:
    """A demo without its pictures.

    Parameters
    ----------
    name, title, lecture : str
        What the command line calls it; the one question it answers; where it belongs.
    question : str
        What the audience predicts.
    options : sequence of str
        Three to five concrete answers; none where there is nothing to predict.
    right : int
        The position of the right one, from 0.
    because : str
        Why, in a sentence or two: shown after the reveal.
    controls : sequence of Control
        One to three.
    presets : sequence of Preset
        One to nine; the first is what the reveal shows.
    script : sequence of str
        Speaker notes, a paragraph each: what to say, to click, to ask.
    seed : int
        What every random draw of the demo comes from.
    """

    name: str
    title: str
    lecture: str
    question: str
    options: Sequence[str]
    right: int
    because: str
    controls: Sequence[Control]
    presets: Sequence[Preset]
    script: Sequence[str]
    seed: int = 1
    minutes: int = field(default=8, kw_only=True)
    shows: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        options = len(set(self.options))
        if options not in (0, 3, 4, 5) or options != len(self.options):
            raise ValueError(f"expected 3 to 5 different options, got {self.options!r}")
        if options and not 0 <= self.right < options:
            raise ValueError(f"right must be in [0, {options}), got {self.right}")
        for what, found, most in (
            ("controls", len(self.controls), MAX_CONTROLS),
            ("presets", len(self.presets), MAX_PRESETS),
        ):
            if not 1 <= found <= most:
                raise ValueError(f"a demo has 1 to {most} {what}, got {found}")
        for preset in self.presets:
            self.at(preset.values)

    def states(self) -> list[At]:
        """Return every state of the controls, the last control changing fastest."""
        return list(product(*(range(len(c.values)) for c in self.controls)))

    def values(self, at: At) -> dict[str, Any]:
        """Return the controls' values by name."""
        return {c.name: c.values[i] for c, i in zip(self.controls, at, strict=True)}

    def at(self, values: Sequence[float | str]) -> At:
        """Return the position of these values, one for each control in their order.

        Raises
        ------
        ValueError
            If there are more or fewer, or a control does not have its value.
        """
        if len(values) != len(self.controls):
            raise ValueError(
                f"expected a value for each of {[c.name for c in self.controls]}, "
                f"got {values!r}"
            )
        for control, value in zip(self.controls, values, strict=True):
            if str(value) not in control.keys:
                raise ValueError(
                    f"{control.name} must be one of {list(control.keys)}, got {value!r}"
                )
        pairs = zip(self.controls, values, strict=True)
        return tuple(control.keys.index(str(value)) for control, value in pairs)

    def to_json(self) -> dict[str, Any]:
        """Return what a browser needs of it, and `from_json` reads."""
        return {
            "name": self.name,
            "title": self.title,
            "lecture": self.lecture,
            "minutes": self.minutes,
            "shows": self.shows,
            "question": self.question,
            "options": list(self.options),
            "right": self.right,
            "because": self.because,
            "seed": self.seed,
            "script": list(self.script),
            "controls": [
                {
                    "name": c.name,
                    "label": c.label,
                    "values": list(c.values),
                    "keys": list(c.keys),
                    "labels": list(c.labels),
                }
                for c in self.controls
            ],
            "presets": [
                {"title": p.title, "at": list(self.at(p.values)), "says": p.says}
                for p in self.presets
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Plan":
        """Return the plan that `to_json` wrote."""
        controls = [
            Control(c["name"], c["label"], c["values"], c["labels"])
            for c in data["controls"]
        ]
        presets = [
            Preset(
                p["title"],
                [c.values[i] for c, i in zip(controls, p["at"], strict=True)],
                p["says"],
            )
            for p in data["presets"]
        ]
        same = ("name", "title", "lecture", "question", "options", "right", "because")
        more = ("script", "seed", "minutes", "shows")
        return cls(
            **{name: data[name] for name in same + more},
            controls=controls,
            presets=presets,
        )
