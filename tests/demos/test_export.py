"""One file: small enough, closed, the same bytes; figures on paper; the notebook."""

import gzip
import re
import subprocess
import sys
import zlib

import nbformat
import plotly.graph_objects as go
import pytest
from nbformat.sign import NotebookNotary

from lecturekit.demos import catalog, figures
from lecturekit.demos.export import export
from lecturekit.demos.handout import handout
from lecturekit.demos.notebook import present, write_notebook
from lecturekit.demos.paper import svg
from lecturekit.widgets.deck import plain
from lecturekit.widgets.script import script


@pytest.fixture(params=catalog.NAMES)
def deck(request):
    return catalog.deck(request.param)


@pytest.mark.slow
def test_an_export_is_one_small_closed_file(deck):
    """At most 3 MB; no address in it but that of a namespace; no answer unasked."""
    page = export(deck)
    assert len(page.encode()) <= 3_000_000
    assert "default-src 'none'" in page
    visible = re.sub(r'<script type="text/plain".*?</script>', "", page, flags=re.S)
    addresses = set(re.findall(r"https?://[\w./-]+", visible))
    assert all(address.startswith("http://www.w3.org/") for address in addresses)
    assert "these lines are an exercise of a lab" in page
    assert "an &lt;answer&gt;" not in export(deck, code="an <answer>")
    assert "an \\u003canswer>" in export(deck, code="an <answer>")


@pytest.mark.slow
def test_the_same_deck_gives_the_same_bytes():
    """Page and handout do not say when they were made."""
    deck = catalog.deck("one-round")
    assert export(deck) == export(deck)
    paper = handout(deck)
    assert paper == handout(deck)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", paper)) == 2  # six presets, three a page


def test_a_state_of_another_demo_is_refused():
    """Before a file is written."""
    with pytest.raises(ValueError, match="has no"):
        export(catalog.deck("one-round"), text="nothing=1")


def test_the_parts_of_the_script_do_not_clash():
    """They stand in one scope: a name is declared once."""
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", script(), re.M)
    assert len(names) == len(set(names))
    assert not re.findall(r"^(import|export) ", script(), re.M)


def test_paper_draws_what_the_screen_draws():
    """Lines with dashes, words, bars with patterns, cells, straight lines, log axes."""
    figure = figures.lines(
        figures.canvas("Lines", "x", "y"), {"a": ([1, 2], [3, 4]), "b": ([1], [2])}
    )
    figure.add_hline(y=3)
    figure.update_xaxes(type="log", range=[0, 1])
    drawn = svg(plain(figure))
    assert drawn.startswith("<svg")
    assert "stroke-dasharray" in drawn
    assert ">Lines<" in drawn
    bars = figures.bars(
        figures.canvas("Bars", "who", "y"), {"0": 1, "all": 2}, y_range=(0, 3)
    )
    assert ">all<" in svg(plain(bars))
    shades = [[0, "#FFFFFF"], [1, "#0072B2"]]
    cells = figures.canvas("Cells", "x", "y").add_heatmap(
        z=[[1, 2]], x=["c", "d"], y=["r"], zmin=0, zmax=2, colorscale=shades
    )
    assert ">d<" in svg(plain(cells))
    with pytest.raises(ValueError, match="got 'pie'"):
        svg(plain(go.Figure(go.Pie(values=[1]))))


def test_a_demo_stands_in_a_trusted_notebook_without_being_run(tmp_path):
    """Its state is saved with it: JupyterLab shows it before a kernel is up."""
    path = tmp_path / "one-round.ipynb"
    write_notebook(catalog.deck("one-round"), path, code="lines")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert NotebookNotary().check_signature(notebook)
    (cell,) = notebook.cells
    view = cell.outputs[0].data["application/vnd.jupyter.widget-view+json"]
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    state = states["state"][view["model_id"]]
    assert state["state"]["covers"] is True
    packed = {buffer["path"][0] for buffer in state["buffers"]}
    assert packed == {"deck", "plotly"}
    scope = {}
    exec(cell.source.replace("\n\npresent", "\n\nshown = present"), scope)
    assert gzip.decompress(scope["shown"].deck)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_demo_without_its_deck_is_a_sentence(tmp_path, monkeypatch, damage):
    """In a notebook, on stage, there is no traceback."""
    monkeypatch.setattr(catalog, "RECORDED", tmp_path)
    if damage == "truncated":
        whole = catalog.deck_path("one-round")
        whole.write_bytes(b"\x1f\x8b\x08\x00" + zlib.compress(b"{}"))
    shown = repr(present("one-round"))
    assert "one-round" in shown
    assert "\n" not in shown


def test_a_demo_without_its_packages_is_shown_from_its_deck(monkeypatch):
    """What it was recorded with is missing here; the peek says so."""
    monkeypatch.delitem(sys.modules, "lecturekit.demos.client_drift", raising=False)
    monkeypatch.setitem(sys.modules, "lecturekit.demos.classroom", None)
    shown = present("client-drift")
    assert gzip.decompress(shown.deck)
    assert shown.code.startswith("# These lines cannot be shown here: import of")


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "lecturekit", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_command_lists_and_exports(tmp_path):
    """Every demo with its title; a page and a handout where they are asked for."""
    listed = command("demo")
    assert listed.returncode == 0
    for name in catalog.NAMES:
        assert name[:6] in listed.stdout
    out = tmp_path / "new" / "round.html"
    done = command("export", "one-round", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 1e6
    assert out.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("demo", "nothing"), "expected one of the demos"),
        (("export", "one-round", "--state", "seed=9"), "--state: expected seed 1"),
        (("export", "one-round", "--out", "/proc/no/x.html"), "expected to write"),
        (("replay", "/nowhere.jsonl"), "expected the trace /nowhere.jsonl"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, sentence):
    """No traceback for a user."""
    done = command(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
