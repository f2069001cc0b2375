"""Lecture demos: from a key to the pixels, and how large an exported file is.

Every demo is exported and opened in Chromium at 1920 x 1080 without a network. Arrows
turn its controls, and the browser itself measures from the key's event to the frame in
which all views are painted. The first drawing after the reveal is not counted.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lecturekit.demos import catalog
from lecturekit.demos.export import export

KEYS = ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "Home", "ArrowDown")
KEYS += ("ArrowRight", "ArrowUp", "ArrowUp", "End")
REPEATS = 4
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
FLAGS += ("--disable-background-networking", "--disable-component-update")


def results(device: str) -> dict[str, float]:
    """Return how long changes take, the slowest start, and the largest file."""
    changes, starts, sizes = [], [], []
    with TemporaryDirectory() as folder, _page() as page:
        for name in catalog.NAMES:
            path = Path(folder, f"{name}.html")
            path.write_text(export(catalog.deck(name)), encoding="utf-8")
            sizes.append(path.stat().st_size / 1e6)
            page.goto("about:blank")
            page.goto(path.as_uri())
            page.wait_for_selector("[data-ready=true]")
            starts.append(page.evaluate("performance.now()") / 1000)
            changes += _changes(page)
    return {
        "demo_p95_ms": float(np.percentile(changes, 95)),
        "demo_median_ms": float(np.median(changes)),
        "demo_start_seconds": max(starts),
        "demo_export_megabytes": max(sizes),
    }


def _changes(page: Any) -> list[float]:
    """Turn the controls of the demo on the page; return milliseconds of each redraw."""
    page.keyboard.press("1")
    page.keyboard.press(" ")
    page.wait_for_selector("[data-drawn]")
    page.wait_for_timeout(500)
    page.evaluate("performance.clearMeasures()")
    for _ in range(REPEATS):
        for key in KEYS:
            page.keyboard.press(key)
            page.wait_for_timeout(150)
    durations: list[float] = page.evaluate(
        "performance.getEntriesByName('lecturekit-redraw').map((e) => e.duration)"
    )
    return durations


@contextmanager
def _page() -> Iterator[Any]:
    """Yield a page of a browser without a network."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("bench: expected Chromium, got none: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.set_offline(True)
        yield context.new_page()
        browser.close()
