"""The start page in a real browser, on a real hub: from login to the open lab."""

import re
import shutil

import pytest

from autograder.hub.demo_course import LAB, PASSWORD
from tests.hub.browser import ARGUMENTS, PATIENCE_MS, Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ada(hub):
    """A student in another time zone than the course's, who has just logged in."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=program, args=ARGUMENTS, env={"TZ": "Asia/Tokyo"}
        )
        ada = Person(browser, hub.address, "ada", set())
        ada.said = []
        ada.page.on("console", lambda message: ada.said.append(message.text))
        ada.page.on("pageerror", lambda error: ada.said.append(str(error)))
        page = ada.page
        page.goto(f"{hub.address}/hub/login")
        page.fill("#username_input", "ada")
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit")
        page.wait_for_url(re.compile("/user/ada/course"), timeout=2 * PATIENCE_MS)
        yield ada
        browser.close()


def test_it_is_the_first_page_after_login(ada):
    """The course's name, the lab, its deadline on the student's own clock."""
    ada.shoot("start-page")
    assert ada.page.locator("h1").inner_text() == "Federated learning (demo)"
    assert "Not fetched yet" in ada.page.locator("li.lab").inner_text()
    assert "GMT+9" in ada.page.locator("time").first.inner_text()


def test_two_clicks_lead_to_the_open_lab(ada):
    """Fetch, by keyboard; Open, by mouse; and back to hand it in."""
    ada.page.get_by_role("button", name="Fetch").press("Enter")
    ada.page.get_by_role("status").wait_for()
    assert "Fetched Lab 1" in ada.page.get_by_role("status").inner_text()
    ada.shoot("start-page-fetched")
    ada.page.get_by_role("link", name="Open").click()
    ada.page.wait_for_selector(f".jp-NotebookPanel, [title*='{LAB}']")

    ada.page.goto(f"{ada.address}/user/ada/course")
    ada.page.get_by_role("button", name="Hand in").click()
    assert "Handed in Lab 1" in ada.page.get_by_role("status").inner_text()
    ada.shoot("start-page-handed-in")


def test_the_browser_has_nothing_to_complain_about(ada):
    """No error in its console on this page, and no request to anywhere else."""
    ada.said.clear()
    ada.page.goto(f"{ada.address}/user/ada/course")
    assert ada.said == []
    assert ada._left == set()
