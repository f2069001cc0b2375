"""One HTML file that is a whole demo: no kernel, no network, nothing beside it.

The presenter's script and style stand in it as they are, the deck and plotly.js
compressed. A policy in its head forbids every request, so that a mistake of ours could
not make one either. Where scripts do not run, the presets stand there as figures and
tables, drawn beforehand.
"""

import json
from base64 import b64encode
from html import escape

from lecturekit.widgets import Deck, Stage
from lecturekit.widgets.plan import Preset
from lecturekit.widgets.script import plotly_packed, script, style

from .paper import svg

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)

_MOST_STILL = 6  # presets that are drawn for who has no scripts: they take space

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; font-family: Arial, Helvetica, sans-serif; color: #222; }}
#stage .lk-demo {{ aspect-ratio: auto; min-height: 100vh; height: 100vh; }}
#still {{ max-width: 70em; margin: auto; padding: 1em; line-height: 1.4; }}
#still td, #still th {{ text-align: left; padding-right: 1em; }}
#still figure {{ display: inline-block; margin: 0; }}
{style}
</style>
</head>
<body>
<div id="stage"></div>
<main id="still">
{still}
</main>
<script type="text/plain" id="deck">{deck}</script>
<script type="text/plain" id="plotly">{plotly}</script>
<script type="text/plain" id="code">{code}</script>
<script type="module">
{script}
{start}
</script>
</body>
</html>
"""

_START = """
const contents = (id) => document.getElementById(id).textContent;
// Browsers stop a page that changes its address too often.
let later = 0;
const remember = (text) => {
  clearTimeout(later);
  later = setTimeout(() => history.replaceState(null, "", `#${text}`), 200);
};
const start = async () => {
  const deck = JSON.parse(await inflated(fromBase64(contents("deck"))));
  const shown = mount(document.getElementById("stage"), {
    deck,
    plotly: plotlyFrom(fromBase64(contents("plotly"))),
    code: JSON.parse(contents("code")),
    text: location.hash || TEXT,
    onText: remember,
  });
  document.getElementById("still").remove();
  return shown;
};
globalThis.demo = start();
"""


def export(deck: Deck, *, code: str = "", text: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    deck : Deck
        What it shows.
    code : str
        What the peek shows; students may get the file, so by default nothing.
    text : str
        The state to begin with.

    Raises
    ------
    ValueError
        If `text` is not a state of this demo.
    """
    Stage(deck.plan).restore(text)
    shown = code or "Ask your lecturer: these lines are an exercise of a lab."
    return _PAGE.format(
        policy=_POLICY,
        title=escape(deck.plan.title),
        style=style(),
        still=_still(deck),
        deck=b64encode(deck.pack()).decode(),
        plotly=b64encode(plotly_packed()).decode(),
        code=_quoted(shown),
        script=script(),
        start=_START.replace("TEXT", _quoted(text)),
    )


def _quoted(text: str) -> str:
    """Return a text as JSON that cannot end the script it stands in."""
    return json.dumps(text).replace("<", "\\u003c")


def _still(deck: Deck) -> str:
    """Return the demo for who has no scripts: presets, in words, figures and tables."""
    plan = deck.plan
    presets = "\n".join(_preset(deck, preset) for preset in plan.presets[:_MOST_STILL])
    title = f"<h1>{escape(plan.title)}</h1>\n<p>{escape(plan.question)}</p>"
    if not plan.options:
        return f"{title}\n{presets}"
    options = "".join(f"<li>{escape(option)}</li>" for option in plan.options)
    answer = escape(f"{plan.options[plan.right]}. {plan.because}")
    return (
        f"{title}\n<ol>{options}</ol>\n<details><summary>The answer</summary>"
        f"<p>{answer}</p>\n{presets}</details>"
    )


def _preset(deck: Deck, preset: Preset) -> str:
    at = deck.plan.at(preset.values)
    columns, rows = deck.table(at)
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(_cell(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    figures = "\n".join(
        f'<figure role="img" aria-label="{escape(f["layout"]["meta"]["alt"])}">'
        f"{svg(f)}</figure>"
        for f in deck.figures(at)
    )
    says = escape(f"{deck.says(at)} {preset.says}")
    return (
        f"<section><h2>{escape(preset.title)}</h2>\n<p>{says}</p>\n{figures}\n"
        f"<table><tr>{head}</tr>\n{body}</table></section>"
    )


def _cell(value: object) -> str:
    return "-" if value is None else str(value)
