"""A YAML file whose every fault is named by its place, in one sentence each.

    course.yaml, line 4: labs.lab01.dedline is not known here, expected deadline or
    penalties: did you mean 'deadline'?

Scalars stay text, a key that stands twice is a fault (YAML keeps the last in silence),
and reading goes on after a fault, so that all of them are seen at once.
"""

import difflib
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import yaml

from autograder.errors import UserError

Parsed = TypeVar("Parsed")


class Node:
    """A part of the file: a mapping, a list, a text or nothing.

    Parameters
    ----------
    value : yaml.Node or None
        None if the file has nothing there.
    place : str
        Its path of keys, for instance "labs.lab01.deadline".
    faults : list of str
        Where faults are added; all parts of a file share it.
    """

    def __init__(
        self, value: yaml.Node | None, place: str, name: str, faults: list[str]
    ) -> None:
        self._value, self._place = value, place
        self._name, self._faults = name, faults

    @property
    def is_missing(self) -> bool:
        """True if the file has nothing there, or only a key."""
        value = self._value
        return value is None or (
            isinstance(value, yaml.ScalarNode) and value.value in ("", "~", "null")
        )

    def get(self, key: str, *, is_needed: bool = False) -> "Node":
        """Return the part under `key`; a fault if it is needed and missing."""
        found = dict(self.items()).get(key)
        part = found or self._part(None, key)
        if is_needed and part.is_missing:
            part._add("is missing", self._value)
        return part

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Yield the keys of a mapping and their parts, each key once."""
        if self.is_missing:
            return
        if not isinstance(self._value, yaml.MappingNode):
            return
        seen = set()
        for key, value in self._value.value:
            if key.value not in seen:
                seen.add(key.value)
                yield str(key.value), self._part(value, str(key.value))

    def only(self, known: Sequence[str] | None) -> None:
        """Add a fault for each key that is unknown (None knows all) or twice there."""
        if self.is_missing:
            return
        if not isinstance(self._value, yaml.MappingNode):
            self._add(f"should hold keys, got {self._shown()}")
            return
        seen = set()
        for key, _ in self._value.value:
            part = self._part(key, str(key.value))
            if key.value in seen:
                part._add("stands there twice")
            elif known is not None and key.value not in known:
                close = difflib.get_close_matches(str(key.value), known, n=1)
                hint = f": did you mean {close[0]!r}?" if close else ""
                part._add(f"is not known here, expected {_listed(known)}{hint}")
            seen.add(key.value)

    def parts(self) -> list["Node"]:
        """Return the parts of a list; a fault if it is something else."""
        if not isinstance(self._value, yaml.SequenceNode):
            self._add(f"should be a list, got {self._shown()}")
            return []
        return [
            Node(value, f"{self._place}[{number}]", self._name, self._faults)
            for number, value in enumerate(self._value.value)
        ]

    def parsed(
        self, parse: Callable[[str], Parsed], default: Parsed | None
    ) -> Parsed | None:
        """Return the text as `parse` reads it; its ValueError becomes a fault."""
        if self.is_missing:
            return default
        try:
            if not isinstance(self._value, yaml.ScalarNode):
                raise ValueError("expected a single value")
            return parse(self._value.value)
        except ValueError as fault:
            self._add(f"{fault}, got {self._shown()}", is_sentence=True)
            return default

    def number(self, low: float, high: float) -> float:
        """Return the number there; a fault if it is none from `low` to `high`."""

        def parse(text: str) -> float:
            try:
                number = float(text.removesuffix("%"))
            except ValueError:
                number = math.nan
            if not low <= number <= high:
                raise ValueError(f"expected a number from {low:g} to {high:g}")
            return number

        return self.parsed(parse, low) or low

    def whole(self, high: int) -> int:
        """Return the whole number there; a fault if it is none from 0 to `high`."""

        def parse(text: str) -> int:
            if not (text.isascii() and text.isdigit() and int(text) <= high):
                raise ValueError(f"expected a whole number from 0 to {high}")
            return int(text)

        return self.parsed(parse, 0) or 0

    def one_of(self, choices: Sequence[str], default: str) -> str:
        """Return the text there; a fault if it is not one of the choices."""

        def parse(text: str) -> str:
            if text not in choices:
                raise ValueError(f"expected {_listed(choices)}")
            return text

        return self.parsed(parse, default) or default

    def fault(self, text: str) -> None:
        """Add a fault that a single value does not show, such as two that clash."""
        self._add(text)

    def _part(self, value: yaml.Node | None, key: str) -> "Node":
        place = f"{self._place}.{key}" if self._place else key
        return Node(value, place, self._name, self._faults)

    def _add(
        self, fault: str, near: yaml.Node | None = None, *, is_sentence: bool = False
    ) -> None:
        where = self._value or near
        line = f", line {where.start_mark.line + 1}" if where is not None else ""
        colon = ":" if is_sentence else ""
        place = self._place or "the file"
        self._faults.append(f"{self._name}{line}: {place}{colon} {fault}")

    def _shown(self) -> str:
        if isinstance(self._value, yaml.ScalarNode):
            return repr(str(self._value.value)[:60])
        return "a list" if isinstance(self._value, yaml.SequenceNode) else "keys"


def read_yaml(path: Path, faults: list[str]) -> Node:
    """Read a file; later faults are added to `faults`.

    Raises
    ------
    UserError
        If the file is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        top = yaml.compose(text, Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        raise UserError(f"expected {path} to be UTF-8 text, got other bytes") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise UserError(f"expected YAML in {path}{line}, got: {problem}") from None
    except RecursionError:
        raise UserError(f"expected YAML in {path}, got brackets without end") from None
    return Node(top, "", path.name, faults)


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "nothing"
    return f"{', '.join(names[:-1])} or {names[-1]}"
