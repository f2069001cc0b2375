"""A demo in a real JupyterLab: at once, from the keyboard, and without its kernel."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from tornado.httpserver import HTTPServer

from lecturekit.demos import catalog
from lecturekit.demos.votes import Votes, vote_app
from tests.demos.shown import SIZE, Shown

pytestmark = pytest.mark.slow
COMMAND = "-m lecturekit demo client-drift --no-browser"
ADDRESS = r"http://127\.0\.0\.1:\d+/doc/\S+"


@pytest.fixture(scope="module")
def counted():
    """Where the votes of a class of four are counted."""
    votes = Votes(4)
    for voter, choice in enumerate((2, 2, 2, 0)):
        votes.cast(str(voter), choice)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    port, ready = listening.getsockname()[1], threading.Event()
    stop: list = []

    async def run():
        app = vote_app(catalog.deck("client-drift").plan, votes, key="secret")
        server = HTTPServer(app)
        server.add_socket(listening)
        stop.extend((asyncio.get_running_loop(), asyncio.Event()))
        ready.set()
        await stop[1].wait()
        server.stop()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    ready.wait()
    yield f"http://127.0.0.1:{port}/counts?key=secret"
    stop[0].call_soon_threadsafe(stop[1].set)
    thread.join()


@pytest.fixture(scope="module")
def lab(tmp_path_factory, counted):
    """`lecturekit demo client-drift`, and the address it would open."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home)}
    environment |= {"JUPYTER_DATA_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home)}
    log = home / "log"
    command = [*COMMAND.split(), "--votes", counted]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
    try:
        while not (found := re.search(ADDRESS, log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield found.group()
    finally:
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
        process.wait(timeout=60)


def test_a_demo_is_presented_in_jupyterlab(lab, browser):
    """It covers the page, shows the votes, and goes on when the kernel is gone."""
    deck = catalog.deck("client-drift")
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(120_000)
    shown = Shown(context.new_page())
    shown.page.goto(lab)
    shown.page.wait_for_selector(".lk-cover [data-ready=true]")
    box = shown.page.locator(".lk-demo").bounding_box()
    assert (box["width"], box["height"]) == (SIZE["width"], SIZE["height"])
    shown.press("v")
    shown.page.wait_for_function(
        "document.querySelector('.lk-hint').textContent === '4 have voted.'"
    )
    counts = [vote.inner_text() for vote in shown.page.locator(".lk-votes").all()]
    assert counts == ["1 of 4", "0 of 4", "3 of 4", "0 of 4"]
    shown.press("3", " ")
    shown.wait_drawn(deck.plan.at(deck.plan.presets[0].values))
    base, _, token = lab.partition("?token=")
    with httpx.Client(
        base_url=base.partition("/doc/")[0],
        headers={"Authorization": f"token {token}"},
    ) as server:
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
