"""What a demo is. One file of at most 150 lines defines one, called DEMO.

    plan            what is asked, turned and shown: `lecturekit.widgets.Plan`
    compute         one state of the controls -> what happened, as JSON; the real
                    runtime on real data, every draw from the seed
    show            that -> one to three figures, a sentence and a table: a `Scene`
    code            which function of which lab runs in it; nothing of it is copied.
                    What no lab asks for may be a function of the demo itself

`compute` may take its time: it runs before the lecture, once for every state, in a
process that may be stopped and go on (`lecturekit record`). `show` is quick; changing a
figure computes nothing again. Neither is called on stage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lecturekit.widgets import Plan, Scene

Values = dict[str, Any]  # the controls' values by name


class Answer(NamedTuple):
    """A function that a lab asks for.

    Parameters
    ----------
    lab, exercise : str
        Where: "lab01_first_round", "weighted-mean".
    function : str
        Its name; of a class, "FedAvgM.aggregate_train".
    """

    lab: str
    exercise: str
    function: str


@dataclass(frozen=True)
class Demo:
    """A demo; see the module.

    Parameters
    ----------
    plan : Plan
        Its name is the demo's.
    compute : callable
        `compute(values, seed)` returns what JSON can hold.
    show : callable
        `show(values, data)` returns a Scene.
    code : Answer or callable
        What the peek shows: a lab's function, or one of the demo's own.
    """

    plan: Plan
    compute: Callable[[Values, int], Any]
    show: Callable[[Values, Any], Scene]
    code: Answer | Callable[..., Any]
