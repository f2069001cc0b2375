"""The browser's side as one script, one style sheet and one library, all from disk.

The files of `browser/` are modules that import each other. A page that is a single file
has no addresses to import from, and anywidget takes one module: so they are put one
after another, without their imports.
"""

import gzip
import re
from functools import cache
from pathlib import Path

from plotly.offline import get_plotlyjs

_FOLDER = Path(__file__).parent / "browser"
# Whoever is imported comes first.
_PARTS = ("moves.js", "pictures.js", "packed.js", "page.js", "presenter.js", "cover.js")
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const) )", re.MULTILINE)


@cache
def script() -> str:
    """Return all of the presenter as JavaScript that imports and exports nothing."""
    parts = []
    for name in _PARTS:
        source = (_FOLDER / name).read_text(encoding="utf-8")
        parts.append(f"// {name}\n{_EXPORT.sub('', _IMPORT.sub('', source))}")
    return "\n".join(parts)


@cache
def style() -> str:
    """Return the style sheet."""
    return (_FOLDER / "style.css").read_text(encoding="utf-8")


@cache
def plotly_packed() -> bytes:
    """Return plotly.js, compressed: 1.5 MB instead of 5."""
    return gzip.compress(get_plotlyjs().encode(), 9, mtime=0)
