"""A class votes: how long until the answers of sixty devices are counted.

The server is `lecturekit votes` in a process of its own. Sixty devices open the page
and answer at the same moment; every one has its own connections and no cookie yet.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

DEMO, NUM_DEVICES, REPEATS = "client-drift", 60, 5


def results(device: str = "cpu") -> dict[str, float]:
    """Return the median seconds from the first request to the last answer."""
    with _server() as (vote_at, count_at):
        seconds = [asyncio.run(_class_votes(vote_at)) for _ in range(REPEATS)]
        counts = asyncio.run(_counts(count_at))
    assert sum(counts) == NUM_DEVICES * REPEATS, f"votes were lost: {counts}"
    return {"demo_60_votes_seconds": statistics.median(seconds)}


async def _class_votes(address: str) -> float:
    AsyncHTTPClient.configure(None, max_clients=NUM_DEVICES)
    began = time.perf_counter()
    await asyncio.gather(*(_vote(address, k % 3) for k in range(NUM_DEVICES)))
    return time.perf_counter() - began


async def _vote(address: str, choice: int) -> None:
    page = await _ask(address)
    body = f"choice={choice}"
    answer = await _ask(f"{address}vote", method="POST", body=body)
    assert (page.code, answer.code) == (200, 303), f"got {page.code}, {answer.code}"


async def _counts(address: str) -> list[int]:
    counts: list[int] = json.loads((await _ask(address)).body)
    return counts


async def _ask(address: str, **request: str) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(
        address, follow_redirects=False, raise_error=False, **request
    )


@contextmanager
def _server() -> Iterator[tuple[str, str]]:
    """Yield where to vote and where to count."""
    command = [sys.executable, "-m", "lecturekit", "votes", DEMO, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            lines = [server.stdout.readline() for _ in range(2)]
            vote_at, count_at = (re.findall(r"http://\S+", line)[0] for line in lines)
            yield vote_at, count_at
        finally:
            server.terminate()
