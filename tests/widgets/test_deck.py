"""Decks: figures that differ in a few numbers, packed, read, refused if damaged."""

import gzip
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from lecturekit.widgets import Control, Deck, Plan, Preset, Scene
from lecturekit.widgets.deck import changed, changes

PLAN = Plan(
    name="waves",
    title="What does a phase do?",
    lecture="Waves",
    question="Which way?",
    options=("left", "right", "nowhere"),
    right=0,
    because="x + phase.",
    controls=(Control("phase", "phase", (0, 1, 2)),),
    presets=(Preset("none", (0,), "No phase."),),
    script=("Say.",),
)


def scene_of(phase, columns=("x",)):
    x = np.linspace(0, 1, 5)
    wave = go.Figure(go.Scatter(x=x, y=np.sin(x + phase)))
    wave.update_layout(title=f"phase {phase}", meta={"alt": "A wave."})
    bars = go.Figure(go.Bar(x=["a", "b"], y=[phase, np.nan]))
    bars.update_layout(meta={"alt": "Bars."})
    return Scene([wave, bars], f"It is {phase}.", columns, [[phase, np.float32(0.1)]])


@pytest.fixture
def deck():
    return Deck.of(PLAN, {at: scene_of(at[0]) for at in PLAN.states()})


def test_every_state_has_its_own_figures_sentence_and_table(deck):
    """Numbers are rounded to four digits, and what is no number is null."""
    wave, bars = deck.figures((2,))
    assert wave["data"][0]["y"] == [0.9093, 0.7781, 0.5985, 0.3817, 0.1411]
    assert wave["layout"]["title"]["text"] == "phase 2"
    assert bars["data"][0]["y"] == [2, None]
    assert deck.says((1,)) == "It is 1."
    assert deck.table((1,)) == (["x"], [[1, 0.1]])


def test_the_same_scenes_give_the_same_bytes(deck):
    """And what was saved reads as it was."""
    again = Deck.of(PLAN, {at: scene_of(at[0]) for at in reversed(PLAN.states())})
    assert again.pack() == deck.pack()
    assert Deck.unpack(deck.pack()).pack() == deck.pack()


def test_scenes_must_be_alike_and_complete():
    """A missing state or another table is noticed before the lecture."""
    with pytest.raises(ValueError, match=r"lacks the scenes of the states \[\(2,\)\]"):
        Deck.of(PLAN, {(0,): scene_of(0), (1,): scene_of(1)})
    scenes = {at: scene_of(at[0]) for at in PLAN.states()}
    with pytest.raises(ValueError, match="same views and columns"):
        Deck.of(PLAN, scenes | {(1,): scene_of(1, columns=("y",))})


@pytest.mark.parametrize("cut", [0, 10, 400])
def test_a_truncated_deck_is_refused_in_one_sentence(deck, tmp_path, cut):
    """The file's name, and what to do."""
    path = tmp_path / "waves.json.gz"
    path.write_bytes(deck.pack()[:cut])
    with pytest.raises(ValueError, match=r"waves\.json\.gz must be a whole deck"):
        Deck.load(path)


@pytest.mark.parametrize("content", [{"format": 99}, {"format": 1}, [], {}])
def test_another_format_is_refused(content):
    """A deck of another version is not half understood."""
    with pytest.raises(ValueError, match="record it again"):
        Deck.unpack(gzip.compress(json.dumps(content).encode()))


@pytest.mark.parametrize(
    "base, new",
    [
        ({"a": 1, "b": {"c": [1, 2]}}, {"a": 2, "b": {"c": [1, 3]}}),
        ({"a": 1}, {"b": 1}),
        ({"l": [{"a": 1}, {"a": 2}]}, {"l": [{"a": 1}, {"a": 3, "b": None}]}),
        ({"l": [{"a": 1}]}, {"l": [{"a": 1}, {"a": 2}]}),
        ({"l": []}, {"l": [1]}),
        ({"l": [{}]}, {"l": []}),
        ({"a": {"b": 1}}, {"a": 5}),
    ],
)
def test_changes_turn_the_one_into_the_other(base, new):
    """And leave the base as it was."""
    before = json.dumps(base)
    assert changed(base, list(changes(base, new))) == new
    assert json.dumps(base) == before


def test_equal_figures_need_no_changes():
    """Most of a deck is said once."""
    assert list(changes({"a": [{"b": [1]}]}, {"a": [{"b": [1]}]})) == []
