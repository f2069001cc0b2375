"""What a kernel finds done already: imports, and data sets that were prepared."""

from autograder.sandbox import Sandbox
from tests.sandbox.running import errors, run, text

DATA = """\
import os
from lecturekit.data.cache import cache_folder
print(sorted(os.listdir(cache_folder())))
(cache_folder() / "mine").write_text("x")
"""


def test_prepared_data_are_seen_and_cannot_be_changed(tmp_path, monkeypatch):
    """Those of the grader: nobody parses them again, and nobody spoils them."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "digits.arrays").write_text("arrays")
    monkeypatch.setenv("LECTUREKIT_CACHE", str(cache))

    with Sandbox(["numpy"]) as sandbox:
        (cell,), _ = run(sandbox, tmp_path / "in", DATA)

    assert text(cell) == "['digits.arrays']\n"
    assert "Read-only file system" in errors(cell)[0]
    assert [path.name for path in cache.iterdir()] == ["digits.arrays"]


def test_without_prepared_data_a_kernel_makes_its_own(tmp_path, monkeypatch):
    """The cache is a convenience, here as everywhere."""
    monkeypatch.setenv("LECTUREKIT_CACHE", str(tmp_path / "nowhere"))

    with Sandbox(["numpy"]) as sandbox:
        source = "from lecturekit.data import digits; print(len(digits()))"
        (cell,), _ = run(sandbox, tmp_path / "in", source, cell_s=60)

    assert (text(cell), errors(cell)) == ("1797\n", [])


def test_how_figures_are_shown_is_imported_once(tmp_path):
    """Plotly asks for it at a kernel's first figure, and imports a lot."""
    source = "import sys; print('plotly.io._renderers' in sys.modules)"
    with Sandbox(["plotly.graph_objects"]) as sandbox:
        (cell,), _ = run(sandbox, tmp_path, source)

    assert text(cell) == "True\n"


def test_a_figure_is_kept_as_a_figure(tmp_path):
    """As JupyterLab draws it, and not as the text that a terminal would show."""
    source = "import plotly.graph_objects as go; go.Figure(go.Bar(y=[1, 2]))"
    with Sandbox(["plotly.graph_objects"]) as sandbox:
        (cell,), _ = run(sandbox, tmp_path, source)

    (shown,) = cell.outputs
    (trace,) = shown.data["application/vnd.plotly.v1+json"]["data"]
    assert (trace["type"], trace["y"]) == ("bar", [1, 2])
