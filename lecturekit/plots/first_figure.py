"""The first figure of a notebook comes at once, not after seconds.

To show a figure, plotly imports nbformat, that jsonschema, and that, where the package
rfc3987_syntax is installed (Jupyter installs it), builds a grammar for every kind of
address, to check formats that no figure has. jsonschema does without the package if it
cannot be imported, so here it cannot.
"""

import sys

__all__: list[str] = []

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
