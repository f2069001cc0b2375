"""What formgrader shows of a hand-in: nothing in it runs or loads.

nbgrader's pages render a student's Markdown with whatever HTML stands in it, in the
browser of the staff, and ask a server on the internet for MathJax. Markdown goes
through our own renderer instead, which draws formulas without a script.
"""

from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config


def template_paths() -> list[str]:
    """Return where formgrader's exporter looks for templates: here first."""
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [template_path]
    paths = HTMLExporter(config=config).template_paths
    return [str(Path(__file__).parent), *map(str, paths)]
