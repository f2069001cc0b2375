"""A real browser without a network: what a demo has on a stage."""

import shutil

import pytest

from lecturekit.demos.export import export
from lecturekit.widgets import Deck
from tests.demos.shown import SIZE, Shown

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    """Chromium, if this machine has one."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs a Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def shown(browser):
    """A page whose network is off."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_offline(True)
    context.set_default_timeout(60_000)
    page = Shown(context.new_page())
    yield page
    context.close()


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Writes the page of a deck, once."""
    folder, pages = tmp_path_factory.mktemp("exported"), {}

    def write(deck: Deck, code="def answer(): ..."):
        name = deck.plan.name
        if name not in pages:
            pages[name] = folder / f"{name}.html"
            pages[name].write_text(export(deck, code=code), encoding="utf-8")
        return pages[name]

    return write
