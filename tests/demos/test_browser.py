"""Exported demos in a browser without a network: keys, presets, access, fallbacks."""

import random
import re

import pytest

from lecturekit.demos import catalog
from lecturekit.widgets import Stage

pytestmark = pytest.mark.slow

KEYS = [*"12345 ?nptrx", "Enter", "Escape", "Home", "End", "PageUp", "PageDown"]
KEYS += ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]
NAMES = catalog.NAMES


@pytest.fixture(params=NAMES)
def deck(request):
    return catalog.deck(request.param)


@pytest.fixture
def drift():
    return catalog.deck("client-drift")


def test_every_preset_works_from_the_keyboard(shown, exported, deck):
    """Each is drawn and said; nothing asks the network."""
    shown.open(exported(deck))
    assert shown.page.locator(".lk-show").is_hidden()
    shown.press("1", " ")
    for number, preset in enumerate(deck.plan.presets, start=1):
        shown.press(str(number))
        at = deck.plan.at(preset.values)
        shown.wait_drawn(at)
        assert shown.text("says") == f"{deck.says(at)} {preset.says}"
        assert f"preset={number}" in shown.state
        svgs = shown.page.locator(".lk-plot .main-svg").count()
        assert svgs >= len(deck.figures(at))
    assert shown.requests == []
    assert shown.errors == []


def test_the_browser_moves_as_the_stage_does(shown, exported, drift):
    """The same keys, the same state after each: moves.js is stage.py."""
    stage, rng = Stage(drift.plan), random.Random(3)
    shown.open(exported(drift))
    state = stage.begin()
    for _ in range(250):
        key = rng.choice(KEYS)
        state = stage.press(state, key)
        shown.press("Space" if key == " " else key)
        assert shown.state == stage.text(state), key
        panel = shown.page.locator(".lk-panel")
        assert panel.is_visible() == bool(state.panel), key


def test_a_link_restores_a_state(shown, exported, drift):
    """Locked, turned, with a ghost; a link of another demo says so in one sentence."""
    text = "seed=1&local_steps=16&alpha=0.1&round=5&preset=2&predict=3&locked=1"
    shown.open(exported(drift), text + "&ghost=0%2C0%2C0")
    shown.wait_drawn((2, 2, 1))
    assert shown.text("verdict").startswith("As you predicted: It rises, but")
    assert shown.page.locator(".lk-was").count() == 3
    shown.press("ArrowLeft")
    shown.page.wait_for_url("**local_steps=4&alpha=0.1&round=5**")
    shown.page.goto("about:blank")
    shown.open(exported(drift), "seed=5")
    assert shown.text("trouble").startswith("expected seed 1")
    assert shown.page.locator(".lk-ask").is_visible()


def test_focus_is_seen_and_controls_speak(shown, exported, drift):
    """A slider says its value in words; the outline of the focus is thick."""
    shown.open(exported(drift))
    shown.press("3", " ", "ArrowDown", "ArrowLeft")
    slider = shown.page.locator('[role="slider"]:focus')
    assert slider.get_attribute("aria-label") == "label skew"
    assert slider.get_attribute("aria-valuetext") == "strong"
    width = slider.evaluate("e => parseFloat(getComputedStyle(e).outlineWidth)")
    assert width >= 4
    live = shown.page.locator(".lk-says")
    assert live.get_attribute("aria-live") == "polite"
    for plot in shown.page.locator('.lk-plot[role="img"]').all():
        assert plot.get_attribute("aria-label")


def test_text_is_large_and_fits_the_screen(shown, exported, deck):
    """At 1080p no text is below 24 pixels, and nothing has to be scrolled."""
    shown.open(exported(deck))
    shown.press("1", " ")
    shown.wait_drawn(deck.plan.at(deck.plan.presets[0].values))
    small = shown.page.evaluate(
        """() => [...document.querySelectorAll(".lk-demo *")]
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3
            && n.textContent.trim()) && e.getClientRects().length
            && !e.closest("style"))
          .map((e) => [e.textContent.slice(0, 30),
            parseFloat(getComputedStyle(e).fontSize)])
          .filter(([, size]) => size < 23.9)"""
    )
    assert small == []
    overflow = shown.page.evaluate(
        """() => { const e = document.querySelector(".lk-demo");
          return [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]; }"""
    )
    assert max(overflow) <= 1


def test_nothing_moves_for_who_asked_for_less_motion(shown, exported, drift):
    """With prefers-reduced-motion there is no transition."""
    shown.open(exported(drift))
    durations = shown.page.evaluate(
        """() => [...document.querySelectorAll(".lk-demo *")].map(
          (e) => getComputedStyle(e).transitionDuration)"""
    )
    assert set(durations) <= {"0s"}


def test_without_scripts_the_presets_are_there(browser, exported, drift):
    """Figures as SVG with words beside them, and a table."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{exported(drift)}")
    page.locator("summary").click()
    assert page.locator("figure svg").count() == 3 * len(drift.plan.presets)
    assert page.locator("table").count() == len(drift.plan.presets)
    for figure in page.locator("figure").all():
        assert re.search(r"\w+: ", figure.get_attribute("aria-label"))
    context.close()


def test_without_plotly_the_tables_stand_in(shown, exported, drift, tmp_path):
    """What cannot be drawn is said in one sentence, and shown in numbers."""
    whole = exported(drift).read_text(encoding="utf-8")
    broken = re.sub(
        r'(id="plotly">)[^<]+', r"\1H4sIAAAAAAAAA0vMSSxKLQYAJx0TgQUAAAA=", whole
    )
    path = tmp_path / "broken.html"
    path.write_text(broken, encoding="utf-8")
    shown.page.goto(f"file://{path}")
    shown.page.wait_for_selector("[data-ready=false]")
    assert shown.text("trouble").startswith("The figures cannot be drawn")
    shown.press("1", " ")
    assert "distance walked" in shown.text("plot")
