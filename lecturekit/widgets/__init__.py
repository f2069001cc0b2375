"""Interactive views for notebooks: state apart from what is drawn.

    prediction.py   predict first, in a cell of a lab

and for demos on a lecture's screen

    plan.py         what there is to ask, to turn and to show
    stage.py        how keys move through it
    deck.py         all its states, recorded
    presenter.py    the view in JupyterLab; presenter.js draws, there and in an export
"""

from lecturekit.widgets.deck import Deck, Scene
from lecturekit.widgets.plan import Control, Plan, Preset
from lecturekit.widgets.prediction import Prediction
from lecturekit.widgets.stage import Stage, State

__all__ = [
    "Control",
    "Deck",
    "Plan",
    "Prediction",
    "Preset",
    "Scene",
    "Stage",
    "State",
]
