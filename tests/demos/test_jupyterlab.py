"""A demo in a real JupyterLab: at once, from the keyboard, and without its kernel."""

import os
import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from lecturekit.demos import catalog

from tests.demos.shown import SIZE, Shown

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`lecturekit demo client-drift`, and the address it would open."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home)}
    environment |= {"JUPYTER_DATA_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "lecturekit", "demo", "client-drift", "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        address = None
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+/doc/\S+", line):
                address = found.group()
                break
        assert address, "JupyterLab has not started"
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def test_a_demo_is_presented_in_jupyterlab(lab, browser):
    """It covers the page, keys reach it, and it goes on when the kernel is gone."""
    deck = catalog.deck("client-drift")
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(120_000)
    shown = Shown(context.new_page())
    shown.page.goto(lab)
    shown.page.wait_for_selector(".lk-cover [data-ready=true]")
    box = shown.page.locator(".lk-demo").bounding_box()
    assert (box["width"], box["height"]) == (SIZE["width"], SIZE["height"])
    shown.press("3", " ")
    shown.wait_drawn(deck.plan.at(deck.plan.presets[0].values))
    base, _, token = lab.partition("?token=")
    server = httpx.Client(
        base_url=base.partition("/doc/")[0],
        headers={"Authorization": f"token {token}"},
    )
    for kernel in server.get("/api/kernels").json():
        server.delete(f"/api/kernels/{kernel['id']}").raise_for_status()
    shown.press("2", "ArrowLeft")
    at = list(deck.plan.at(deck.plan.presets[1].values))
    at[0] -= 1
    shown.wait_drawn(tuple(at))
    assert shown.text("says").startswith("After 40 rounds")
    outside = [url for url in shown.requests if "127.0.0.1" not in url]
    assert outside == []
    shown.press("Escape")
    shown.page.wait_for_selector(".lk-cover", state="detached")
    assert shown.page.locator(".jp-Notebook .lk-demo").count() == 1
    context.close()
