"""A deck on stage, in JupyterLab: everything that moves, moves in the browser.

    Presenter(Deck.load("client-drift.json.gz"))

The deck and plotly.js travel to the browser once, with the widget's state, and are kept
in a saved notebook. So a key is answered without the kernel, and a kernel that dies
takes nothing away.
"""

import anywidget
import traitlets

from .deck import Deck
from .script import plotly_packed, script, style
from .stage import Stage

_ENTRY = """
export default {
  async render({ model, el }) {
    const bytes = (name) => new Uint8Array(model.get(name).buffer);
    const shown = mount(el, {
      deck: JSON.parse(await inflated(bytes("deck"))),
      plotly: plotlyFrom(bytes("plotly")),
      code: model.get("code"),
      text: model.get("text"),
      votes: model.get("votes"),
      onText(text) {
        model.set("text", text);
        try {
          model.save_changes();
        } catch {
          // The kernel is gone: the demo goes on without it.
        }
      },
    });
    const uncover = model.get("covers") ? cover(shown.root, el) : () => {};
    return () => {
      uncover(false);
      shown.stop();
    };
  },
};
"""


class Presenter(anywidget.AnyWidget):
    """A demo on stage.

    Parameters
    ----------
    deck : Deck
        What to show.
    code : str
        The lines that ran, or why they are not here.
    text : str
        The state to begin with; see `Stage.text`.
    covers : bool
        Whether it lies over the whole page until Escape is pressed.
    votes : str
        Where the class's votes are counted: an address that returns a list of numbers.

    Attributes
    ----------
    text : str
        The state that is on the screen now, as a string that restores it.

    Raises
    ------
    ValueError
        If `text` is not a state of this demo.
    """

    _esm = script() + _ENTRY
    _css = style()
    deck = traitlets.Bytes().tag(sync=True)
    plotly = traitlets.Bytes().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    covers = traitlets.Bool().tag(sync=True)
    votes = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        deck: Deck,
        *,
        code: str = "",
        text: str = "",
        covers: bool = False,
        votes: str = "",
    ) -> None:
        Stage(deck.plan).restore(text)
        super().__init__(
            deck=deck.pack(),
            plotly=plotly_packed(),
            code=code,
            text=text,
            covers=covers,
            votes=votes,
        )
