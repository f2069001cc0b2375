"""Turn what a kernel publishes into a cell's outputs, within a budget of bytes.

Prints are joined per stream. What exceeds the budget of the cell or the notebook is
dropped, with one line that says so. Errors and last values are kept, shortened, because
marks depend on them.

Live updates of earlier outputs (`clear_output`, display handles, widgets) are ignored:
they would let one cell change what another has shown.
"""

import json
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.grading.kernel import Message
from autograder.judging.cell import Verdict

_MAX_OUTPUTS = 200  # per cell; each costs some bytes however short it is
_MAX_ESSENTIALS = 10  # errors and values beyond those
_MAX_ERROR_CHARS = 10_000
_MAX_VALUE_CHARS = 1_000


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
            self._print(str(content.get("name")), str(content.get("text", "")))
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
        for kind, value in data.items() if isinstance(data, dict) else ():
            try:
                if not isinstance(value, str):
                    if not kind.endswith("json"):
                        continue
                    nbformat.from_dict({kind: value})  # fails if nested too deeply
                text = value if isinstance(value, str) else json.dumps(value)
            except RecursionError:
                continue
            size = len(text.encode("utf-8", "replace"))
            if size > min(self._left, self._budget.left):
                self._say_cut()
                continue
            self._spend(size)
            kept[kind] = _encodable(value) if isinstance(value, str) else value
        return kept

    def _spend(self, size: int) -> None:
        self._left -= size
        self._budget.left -= size

    def _say_cut(self) -> None:
        if self._was_cut:
            return
        self._was_cut = True
        note = "\n[the rest of this output was too long and was left out]\n"
        self.outputs.append(_output("stream", name="stdout", text=note))


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


def error_output(content: Message) -> NotebookNode:
    """Return the error that an error message or a failed reply describes."""
    traceback = content.get("traceback")
    lines = [str(line) for line in traceback] if isinstance(traceback, list) else []
    return _output(
        "error",
        ename=_encodable(str(content.get("ename", "Error")))[:200],
        evalue=_encodable(str(content.get("evalue", "")))[:_MAX_ERROR_CHARS],
        traceback=[_encodable(line)[:_MAX_ERROR_CHARS] for line in lines[:50]],
    )


def _output(output_type: str, **fields: Any) -> NotebookNode:
    return NotebookNode(output_type=output_type, **fields)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
