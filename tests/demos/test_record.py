"""Recording: every state once, going on where it stopped; and the committed decks."""

import json

import pytest

from lecturekit.demos import catalog
from lecturekit.demos.demo import Answer, Demo
from lecturekit.demos.figures import canvas, lines
from lecturekit.demos.record import record
from lecturekit.widgets import Control, Plan, Preset, Scene

PLAN = Plan(
    name="squares",
    title="What is a square?",
    lecture="Arithmetic",
    question="What is 3 * 3?",
    options=("6", "8", "9"),
    right=2,
    because="Count.",
    controls=(Control("x", "x", (1, 2, 3)),),
    presets=(Preset("three", (3,), "Three."),),
    script=("Say.",),
)
computed = []


def compute(values, seed):
    computed.append(values["x"])
    if values["x"] == 3 and compute.fails:
        raise KeyboardInterrupt
    return {"square": values["x"] ** 2, "pair": (1.0, seed)}


def show(values, data):
    figure = lines(canvas("Squares", "x", "x * x"), {"here": ([0, 1], [0, 1])})
    return Scene([figure], f"{data['square']}", ("x",), [data["pair"]])


DEMO = Demo(PLAN, compute, show, Answer("lab01_first_round", "local-sgd", "local_sgd"))


def test_a_recording_goes_on_where_it_stopped(tmp_path):
    """Nothing is computed twice, and the bytes are those of an undisturbed run."""
    computed.clear()
    compute.fails = True
    with pytest.raises(KeyboardInterrupt):
        record(DEMO, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text() + '[[2], {"squ')  # the power went
    compute.fails, seen = False, []
    deck = record(DEMO, tmp_path, lambda done, total: seen.append((done, total)))
    assert computed == [1, 2, 3, 3]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert deck.says((2,)) == "9"
    assert record(DEMO, tmp_path / "elsewhere").pack() == deck.pack()


# The texts of the last one come with Python and SciPy, and change with their versions.
SAME_EVERYWHERE = [name for name in catalog.NAMES if name != "photon-rounds"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SAME_EVERYWHERE)
def test_the_committed_deck_is_what_the_demo_computes(name):
    """A state computed now is that of the deck, to within what machines differ in."""
    demo, deck = catalog.demo(name), catalog.deck(name)
    assert deck.plan.to_json() == demo.plan.to_json()
    at = demo.plan.at(demo.plan.presets[0].values)
    values = demo.plan.values(at)
    data = json.loads(json.dumps(demo.compute(values, demo.plan.seed)))
    scene = demo.show(values, data)
    columns, rows = deck.table(at)
    assert list(scene.columns) == columns
    assert len(scene.rows) == len(rows)
    for now, then in zip(scene.rows, rows, strict=True):
        for mine, theirs in zip(now, then, strict=True):
            if isinstance(theirs, int | float):
                assert float(mine) == pytest.approx(theirs, rel=0.02, abs=0.02)
            else:
                assert mine == theirs


@pytest.mark.parametrize("name", catalog.NAMES)
def test_a_deck_is_small_and_complete(name):
    """Under 300 kB; every state has figures with a title and words for the blind."""
    path = catalog.deck_path(name)
    assert path.stat().st_size < 300_000
    deck = catalog.deck(name)
    assert deck.pack() == path.read_bytes()
    for at in deck.plan.states():
        assert deck.says(at)
        for figure in deck.figures(at):
            assert figure["layout"]["title"]["text"]
            assert figure["layout"]["meta"]["alt"]


@pytest.mark.parametrize("name", catalog.NAMES)
def test_a_demo_is_one_short_file(name):
    """At most 150 lines on the frame."""
    module = catalog.deck_path(name).parent.parent / f"{name.replace('-', '_')}.py"
    assert len(module.read_text().splitlines()) <= 150
