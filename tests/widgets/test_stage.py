"""A demo on stage without a browser: keys, presets, the lock, the ghost, the link."""

import random

import pytest

from lecturekit.widgets import Control, Plan, Preset, Stage


def plan_of(**more):
    settings = {
        "name": "sums",
        "title": "How large is the sum?",
        "lecture": "Arithmetic",
        "question": "What is 2 + 3?",
        "options": ("4", "5", "6"),
        "right": 1,
        "because": "Count.",
        "controls": (
            Control("left", "left number", (1, 2, 3)),
            Control("right", "right number", (0.5, 3), ("a half", "three")),
        ),
        "presets": (
            Preset("small", (1, 0.5), "Both small."),
            Preset("asked", (2, 3), "What was asked."),
            Preset("large", (3, 3), "Both large."),
        ),
        "script": ("Say the question.",),
        "seed": 7,
    }
    return Plan(**(settings | more))


@pytest.fixture
def stage():
    return Stage(plan_of())


def pressed(stage, *keys, state=None):
    state = state or stage.begin()
    for key in keys:
        state = stage.press(state, key)
    return state


def test_nothing_is_revealed_before_an_answer_is_locked(stage):
    """Space without a choice does nothing, nor do controls before the lock."""
    assert not pressed(stage, " ").locked
    assert not pressed(stage, "2").locked
    assert stage.turn(stage.begin(), 0, 2) == stage.begin()
    state = pressed(stage, "2", " ")
    assert state.locked
    assert state.choice == 1


def test_a_locked_answer_stays(stage):
    """After the lock number keys are presets, and the choice is what it was."""
    state = pressed(stage, "2", " ", "3", "ArrowUp", "PageUp")
    assert (state.choice, state.locked) == (1, True)


def test_a_clicker_alone_gets_through_the_demo(stage):
    """PageUp goes round the answers, PageDown locks and steps through the presets."""
    state = pressed(stage, "PageUp", "PageUp", "PageUp", "PageUp", "PageDown")
    assert (state.choice, state.locked) == (0, True)
    state = pressed(stage, "PageDown", "PageDown", "PageDown", state=state)
    assert (state.preset, state.at) == (2, (2, 1))
    assert pressed(stage, "PageUp", state=state).at == (1, 1)


def test_arrows_turn_the_control_in_focus_and_stop_at_its_ends(stage):
    """Left and right change values, up and down the focus."""
    state = pressed(stage, "1", " ", "ArrowLeft")
    assert state.at == (0, 0)
    state = pressed(stage, "ArrowRight", "ArrowDown", "ArrowRight", state=state)
    assert (state.at, state.focus) == ((1, 1), 1)
    assert pressed(stage, "ArrowRight", "ArrowDown", state=state) == state
    assert pressed(stage, "ArrowUp", "End", state=state).at == (2, 1)


def test_the_state_that_was_left_is_the_ghost(stage):
    """A change leaves a ghost; a key that changes nothing leaves it alone."""
    state = pressed(stage, "1", " ")
    assert state.ghost is None
    state = pressed(stage, "ArrowRight", state=state)
    assert state.ghost == (0, 0)
    state = pressed(stage, "2", state=state)
    assert (state.at, state.ghost) == ((1, 1), (1, 0))
    assert pressed(stage, "2", state=state).ghost == (1, 0)


@pytest.mark.parametrize("key, panel", [("?", "help"), ("n", "notes"), ("p", "code")])
def test_panels_open_and_close(stage, key, panel):
    """The same key again, or Escape, closes a panel."""
    assert pressed(stage, key).panel == panel
    assert pressed(stage, key, key).panel == ""
    assert pressed(stage, key, "Escape").panel == ""
    assert pressed(stage, key, "t").panel == "table"


def test_an_open_panel_is_scrolled_while_presets_go_on(stage):
    """Up and down are the panel's; a clicker still steps through the presets."""
    state = pressed(stage, "1", " ", "n")
    assert pressed(stage, "ArrowDown", state=state) == state
    assert pressed(stage, "PageDown", state=state).preset == 1


def test_r_begins_again(stage):
    """For the next class: nothing chosen, nothing locked."""
    assert pressed(stage, "1", " ", "3", "n", "r") == stage.begin()


def test_without_a_question_the_result_shows_at_once():
    """A replay has nothing to predict."""
    stage = Stage(plan_of(options=(), right=0))
    assert stage.begin().locked
    assert pressed(stage, "3").at == (2, 1)
    assert stage.restore("").locked


def test_every_state_is_restored_from_its_text(stage):
    """After any keys, the text gives back all but the panel and the focus."""
    rng = random.Random(1)
    keys = [*"123 ?npr", "ArrowRight", "ArrowLeft", "ArrowDown", "PageDown", "PageUp"]
    state = stage.begin()
    for _ in range(500):
        state = stage.press(state, rng.choice(keys))
        restored = stage.restore(f"#{stage.text(state)}")
        assert stage.text(restored) == stage.text(state)
        assert restored.at == state.at and restored.ghost == state.ghost
        assert restored.locked == state.locked


def test_a_text_may_leave_things_out(stage):
    """What it does not say is as at the beginning."""
    assert stage.restore("") == stage.begin()
    assert stage.restore("right=3").at == (0, 1)


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("seed=8", "expected seed 7.*got 8"),
        ("left=9", r"left must be one of \['1', '2', '3'\], got '9'"),
        ("middle=1", "has no .*middle"),
        ("preset=4", "preset must be a number from 1 to 3, got '4'"),
        ("predict=x", "predict must be a number from 1 to 3, got 'x'"),
        ("ghost=0", "ghost must be 2 positions, got '0'"),
        ("ghost=0,2", "ghost must be a number from 0 to 1, got '2'"),
    ],
)
def test_a_text_of_another_demo_is_refused_in_one_sentence(stage, text, sentence):
    """The sentence says what was expected and what was got."""
    with pytest.raises(ValueError, match=sentence):
        stage.restore(text)


@pytest.mark.parametrize(
    "more, sentence",
    [
        ({"options": ("4", "5")}, "3 to 5 different options"),
        ({"options": ("4", "5", "5")}, "3 to 5 different options"),
        ({"right": 3}, "right must be in"),
        ({"presets": ()}, "1 to 9 presets, got 0"),
        ({"presets": (Preset("p", (4, 3), ""),)}, "left must be one of"),
        ({"presets": (Preset("p", (1,), ""),)}, "a value for each of"),
        ({"controls": 4 * (Control("c", "c", (1, 2)),)}, "1 to 3 controls, got 4"),
    ],
)
def test_a_plan_that_cannot_be_shown_is_refused(more, sentence):
    """Before anything is recorded."""
    with pytest.raises(ValueError, match=sentence):
        plan_of(**more)


def test_a_control_needs_values_that_differ():
    """And a label for each."""
    with pytest.raises(ValueError, match="two or more different values"):
        Control("c", "c", (1, 1))
    with pytest.raises(ValueError, match="a label for each of 2 values, got 1"):
        Control("c", "c", (1, 2), ("one",))


def test_a_plan_survives_json():
    """What the browser gets is the whole plan."""
    plan = plan_of()
    again = Plan.from_json(plan.to_json())
    assert again.to_json() == plan.to_json()
    assert again.states() == plan.states()
