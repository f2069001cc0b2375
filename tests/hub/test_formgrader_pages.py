"""What formgrader shows of a notebook that was written to run in it."""

import re

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import PyFileConfigLoader

from autograder.hub.folders import HubFolders
from autograder.hub.jupyter_files import write_jupyter_files

SCRIPTS = """\
what eve wrote, $x^2$
<script>pwned(1)</script> <img src="x" onerror="pwned(2)"> <svg onload="pwned(3)"/>
<a href="javascript:pwned(4)">here</a> <iframe srcdoc="<b>pwned</b>"></iframe>
"""
# What a page is about; formgrader's own handler gives the same.
ABOUT = {"base_url": "/b", "assignment_id": "lab", "notebook_id": "lab", "index": 0}
ABOUT |= {"submission_id": "s", "total": 1, "student": "eve", "notebook_path": "p"}
ABOUT |= {"first_name": "", "last_name": ""}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Formgrader's page, made with the settings of the staff's server."""
    folders = HubFolders(tmp_path_factory.mktemp("course"))
    write_jupyter_files(folders, "fl101")
    settings = folders.jupyter / "grader" / "nbgrader_config.py"
    config = PyFileConfigLoader(str(settings)).load_config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [template_path]
    answer = {"grade": True, "solution": True, "locked": False, "grade_id": "q"}
    answer |= {"points": 5, "schema_version": 3, "task": False}
    drawing = "<svg xmlns='http://www.w3.org/2000/svg' onload='pwned(5)'/>"
    shown = {
        "text/html": SCRIPTS,
        "text/markdown": SCRIPTS,
        "application/javascript": "pwned(6)",
        "image/svg+xml": drawing,
    }
    outputs = [new_output("display_data", {kind: shown[kind]}) for kind in shown]
    cells = [
        new_markdown_cell(SCRIPTS),
        new_markdown_cell(SCRIPTS, metadata={"nbgrader": answer}),
        new_code_cell("1", outputs=[*outputs, new_output("stream", text=SCRIPTS)]),
    ]
    exporter = HTMLExporter(config=config)
    return exporter.from_notebook_node(new_notebook(cells=cells), resources=ABOUT)[0]


def test_nothing_that_eve_wrote_is_a_tag_that_runs(page):
    """Neither in her answers nor in what her cells display."""
    tags = [tag for tag in re.findall(r"<[^>]*>", page) if "pwned" in tag]

    assert tags == []
    assert not re.search(r"<script[^>]*>\s*pwned", page)
    assert page.count("what eve wrote") == 5


def test_formulas_are_drawn_without_a_script_from_the_internet(page):
    """As MathML, which browsers know."""
    assert "<msup>" in page
    assert not re.search(r"(src|href)=\"https?:", page)
