"""Predict first: a question whose result shows only after an answer is locked.

Who has committed to an answer learns from being wrong; who has not, nods. In a notebook
one cell ends in the prediction and a later one in its `reveal`:

    prediction = Prediction("Which is larger?", ("2**10", "10**3"))
    prediction                     # draws the question, two choices and a button
    prediction.reveal(figure)      # one sentence now, the figure once locked

`Prediction` is the state and knows nothing of what is drawn. `_form` and `_curtain` are
two thin views of it, made of the browser's own controls, so that the Tab, arrow and
Enter keys do what they do everywhere. A notebook that is run without a reader (by a
grader, or as a script) never locks, and nothing is raised.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import ipywidgets
from plotly.graph_objects import Figure

ASK = "Choose an answer, then lock it. A locked answer stays."
CHOOSE_FIRST = "Nothing is locked yet: choose one of the answers first."
WAITING = "The result appears here once you lock your answer above."


@dataclass
class Prediction:
    """A question, its options, and at most one locked choice.

    Parameters
    ----------
    question : str
        What the reader is asked, as one sentence.
    options : sequence of str
        Two or more different answers.

    Attributes
    ----------
    choice : str or None
        The option chosen; None until there is one.
    locked : bool
        True once the choice can no longer change.
    """

    question: str
    options: Sequence[str]
    choice: str | None = field(default=None, init=False)
    locked: bool = field(default=False, init=False)
    _when_locked: list[Callable[[], None]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self.options = tuple(self.options)
        if len(set(self.options)) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(
                f"options must be two or more different answers, got {self.options!r}"
            )

    def choose(self, option: str) -> None:
        """Choose an option; it can be changed until it is locked."""
        if self.locked:
            raise ValueError(f"the answer is locked: {self.choice!r}")
        if option not in self.options:
            raise ValueError(f"option must be one of {self.options!r}, got {option!r}")
        self.choice = option

    def lock(self) -> None:
        """Keep the choice for good, and show what waits for it; again does nothing."""
        if self.choice is None:
            raise ValueError(f"an answer must be chosen first: {self.options!r}")
        if self.locked:
            return
        self.locked = True
        for show in self._when_locked:
            show()

    def commit(self, option: str) -> None:
        """Choose and lock in one step: the same without a mouse or a widget."""
        self.choose(option)
        self.lock()

    def when_locked(self, show: Callable[[], None]) -> None:
        """Call `show` when the choice is locked, or now if it is."""
        if self.locked:
            show()
        else:
            self._when_locked.append(show)

    def reveal(self, result: object) -> object:
        """Return what the cell shows: `result`, or a curtain that opens on locking.

        Parameters
        ----------
        result : object
            A figure, a text, or anything else a notebook can display.
        """
        return result if self.locked else _curtain(self, result)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return _form(self)._repr_mimebundle_()


def _form(prediction: Prediction) -> Any:
    """Draw the question as radio buttons, a button, and a line that is read aloud."""
    question = ipywidgets.HTML(f"<strong>{escape(prediction.question)}</strong>")
    radios = ipywidgets.RadioButtons(
        options=prediction.options,
        value=prediction.choice,
        layout=ipywidgets.Layout(width="auto"),
    )
    button = ipywidgets.Button(
        description="Lock my answer", button_style="primary", tooltip=ASK
    )
    status = ipywidgets.HTML(_spoken(ASK))

    def press(_: object) -> None:
        if prediction.choice is None:
            status.value = _spoken(CHOOSE_FIRST)
        else:
            prediction.lock()

    def show_locked() -> None:
        radios.value = prediction.choice
        radios.disabled = button.disabled = True
        status.value = _spoken(f"Locked: {prediction.choice}")

    def choose(change: dict[str, Any]) -> None:
        if not prediction.locked:
            prediction.choose(change["new"])

    radios.observe(choose, names="value")
    button.on_click(press)
    prediction.when_locked(show_locked)
    return ipywidgets.VBox([question, radios, button, status])


def _curtain(prediction: Prediction, result: object) -> Any:
    """Draw one sentence, and below it the result as soon as the answer is locked."""
    status = ipywidgets.HTML(_spoken(WAITING))
    stage = ipywidgets.Output()

    def open_curtain() -> None:
        status.value = _spoken(f"You predicted: {prediction.choice}")
        if isinstance(result, str):
            stage.append_stdout(result)
        elif isinstance(result, Figure):
            stage.outputs = (_drawn(result),)
        else:
            stage.append_display_data(result)

    prediction.when_locked(open_curtain)
    return ipywidgets.VBox([status, stage])


def _drawn(figure: Figure) -> dict[str, Any]:
    """Return a plotly figure as an output of a cell.

    Left to itself, a plotly figure draws where the running cell's output goes; while a
    button is pressed no cell is running.
    """
    bundle = {"application/vnd.plotly.v1+json": json.loads(figure.to_json())}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def _spoken(text: str) -> str:
    """Return `text` as a live region: a screen reader says it when it is drawn."""
    return f'<p role="alert">{escape(text)}</p>'
