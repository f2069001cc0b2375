"""Turn what a kernel publishes into a cell's outputs, within a budget of bytes.

Prints are joined per stream. What exceeds the budget of the cell or the notebook is
dropped, with one line that says so. Errors and last values are kept, shortened, because
marks depend on them.

Live updates of earlier outputs (`clear_output`, display handles, widgets) are ignored:
they would let one cell change what another has shown.
"""

import json
import re
from typing import Any

from nbformat import NotebookNode

from autograder.grading.messages import Message
from autograder.judging.cell import Verdict

_MAX_OUTPUTS = 200  # per cell; each costs some bytes however short it is
_MAX_ESSENTIALS = 10  # errors and values beyond those
_MAX_ERROR_CHARS = 10_000
_MAX_LINES = 50  # of a traceback
_MAX_VALUE_CHARS = 1_000
_MAX_KINDS = 20  # representations of one output
_MAX_NESTED = 50  # of JSON: who reads it later may have little stack left
_KIND = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


class OutputBudget:
    """How many bytes of outputs a notebook may still keep."""

    def __init__(self, cell_bytes: int, notebook_bytes: int) -> None:
        self.cell_bytes = cell_bytes
        self.left = notebook_bytes


class CellOutputs:
    """The outputs of one cell, growing as messages arrive.

    Parameters
    ----------
    budget : OutputBudget
        Shared by the cells of a notebook; what this cell keeps is taken from it.
    """

    def __init__(self, budget: OutputBudget) -> None:
        self.outputs: list[NotebookNode] = []
        self._budget = budget
        self._left = budget.cell_bytes
        self._was_cut = False

    def add(self, message: Message) -> None:
        """Take in one message that the cell published, however odd it is."""
        content, kind = message["content"], message["msg_type"]
        num_outputs = len(self.outputs)
        if kind in ("error", "execute_result"):
            if num_outputs < _MAX_OUTPUTS + _MAX_ESSENTIALS:
                is_error = kind == "error"
                self.outputs.append(
                    error_output(content) if is_error else self._value(content)
                )
        elif kind in ("stream", "display_data") and num_outputs >= _MAX_OUTPUTS:
            self._say_cut()
        elif kind == "stream":
            self._print(_text(content, "name"), _text(content, "text"))
        elif kind == "display_data":
            data = self._kept(content.get("data"))
            if data:
                self.outputs.append(_output("display_data", data=data, metadata={}))

    def add_shown(self, message: Message) -> None:
        """Take in what was printed or shown; a verdict is made of nothing else."""
        if message["msg_type"] in ("stream", "display_data"):
            self.add(message)

    def _print(self, name: str, text: str) -> None:
        name = "stderr" if name == "stderr" else "stdout"
        content = text.encode("utf-8", "replace")
        kept = content[: max(0, min(self._left, self._budget.left))]
        self._spend(len(kept))
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.get("name") == name and not self._was_cut:
            last["text"] += kept.decode("utf-8", "ignore")
        elif kept:
            text = kept.decode("utf-8", "ignore")
            self.outputs.append(_output("stream", name=name, text=text))
        if len(kept) < len(content):
            self._say_cut()

    def _value(self, content: Message) -> NotebookNode:
        data = self._kept(content.get("data"))
        given = content.get("data")
        plain = given.get("text/plain") if isinstance(given, dict) else None
        if isinstance(plain, str):  # marks depend on it: never dropped
            data.setdefault("text/plain", _encodable(plain[:_MAX_VALUE_CHARS]))
        return _output("execute_result", data=data, metadata={}, execution_count=None)

    def _kept(self, data: Any) -> dict[str, Any]:
        """Return the representations in `data` that are sound and fit the budget."""
        kept: dict[str, Any] = {}
        given = list(data.items())[:_MAX_KINDS] if isinstance(data, dict) else []
        for kind, value in given:
            text = _written(kind, value)
            if text is None:
                continue
            size = len(kind) + len(text.encode())
            if size > min(self._left, self._budget.left):
                self._say_cut()
                continue
            self._spend(size)
            kept[kind] = text if isinstance(value, str) else json.loads(text)
        return kept

    def _spend(self, size: int) -> None:
        self._left -= size
        self._budget.left -= size

    def _say_cut(self) -> None:
        if self._was_cut:
            return
        self._was_cut = True
        note = "\n[the rest of this output was too long and was left out]\n"
        self.outputs.append(text_output(note))


def verdict_outputs(verdict: Verdict) -> list[NotebookNode]:
    """Return a verdict as outputs of its cell, from which nbgrader reads the same.

    An error is no points, a number as the last value is that many, neither is all.
    """
    if verdict.points >= verdict.maximum:
        return []
    if verdict.points > 0:
        data = {"text/plain": f"{verdict.points:g}"}
        return [_output("execute_result", data=data, metadata={}, execution_count=None)]
    said = verdict.message
    return [error_output({"ename": "Lost", "evalue": said, "traceback": [said]})]


def text_output(text: str) -> NotebookNode:
    """Return what a cell that prints `text` puts out."""
    return _output("stream", name="stdout", text=text)


def error_output(content: Message) -> NotebookNode:
    """Return the error that an error message or a failed reply describes."""
    given = content.get("traceback")
    traceback = given[:_MAX_LINES] if isinstance(given, list) else []
    lines = [_encodable(line) for line in traceback if isinstance(line, str)]
    return _output(
        "error",
        ename=_encodable(_text(content, "ename", "Error"))[:200],
        evalue=_encodable(_text(content, "evalue"))[:_MAX_ERROR_CHARS],
        traceback=[line[:_MAX_ERROR_CHARS] for line in lines],
    )


def _written(kind: str, value: Any) -> str | None:
    """Return a representation as text that a file can hold; None if it is unsound."""
    if not _KIND.fullmatch(kind):
        return None
    if isinstance(value, str):
        return _encodable(value)
    if not kind.endswith("json") or _is_deep(value):
        return None
    try:
        return _encodable(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except ValueError:  # it holds an infinity
        return None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_NESTED):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _text(content: Message, name: str, default: str = "") -> str:
    """Return a field that should be text, and need not be."""
    value = content.get(name)
    return value if isinstance(value, str) else default


def _output(output_type: str, **fields: Any) -> NotebookNode:
    return NotebookNode(output_type=output_type, **fields)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
