"""A class votes over real HTTP: at once, anonymously, seen by the lecturer alone."""

import asyncio
import socket
from dataclasses import replace

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from lecturekit.demos import catalog
from lecturekit.demos.votes import Votes, serve, vote_app
from lecturekit.errors import UserError

PLAN = catalog.deck("client-drift").plan


def test_a_second_answer_replaces_the_first():
    """One voter, one vote."""
    votes = Votes(3)
    votes.cast("a", 0)
    votes.cast("b", 2)
    votes.cast("a", 2)
    assert votes.counts() == [0, 0, 2]
    with pytest.raises(ValueError, match=r"choice must be in \[0, 3\), got 3"):
        votes.cast("c", 3)


def on_a_server(visit):
    """Run `visit(address, votes)` while a server listens on a free port."""

    async def run():
        votes = Votes(len(PLAN.options))
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(vote_app(PLAN, votes, key="secret", prefix="/s/vote/"))
        server.add_sockets(sockets)
        try:
            port = sockets[0].getsockname()[1]
            return await visit(f"http://127.0.0.1:{port}/s/vote/", votes)
        finally:
            server.stop()
            await server.close_all_connections()

    return asyncio.run(run())


@pytest.mark.slow
def test_sixty_votes_at_once_are_all_counted():
    """Sixty devices, each its own; the histogram is whole."""

    async def vote(address, k):
        async with httpx.AsyncClient(verify=False) as client:
            page = await client.get(address)
            answer = await client.post(f"{address}vote", data={"choice": k % 4})
            return page.status_code, answer.status_code

    async def visit(address, votes):
        statuses = await asyncio.gather(*(vote(address, k) for k in range(60)))
        async with httpx.AsyncClient(verify=False) as client:
            counted = await client.get(f"{address}counts?key=secret")
        return statuses, counted.json()

    statuses, counts = on_a_server(visit)
    assert set(statuses) == {(200, 303)}
    assert counts == [15, 15, 15, 15]


@pytest.mark.slow
def test_a_voter_may_change_and_others_do_not_see_the_counts():
    """The cookie is a random number; without the key there is no histogram."""

    async def visit(address, votes):
        async with httpx.AsyncClient(follow_redirects=True) as client:
            page = (await client.post(f"{address}vote", data={"choice": 1})).text
            assert "Counted" in page
            assert 'value="1" aria-pressed="true"' in page
            await client.post(f"{address}vote", data={"choice": 2})
            (cookie,) = client.cookies.jar
            assert len(cookie.value) >= 20
            refused = await client.get(f"{address}counts?key=guess")
            wrong = [
                await client.post(f"{address}vote", data={"choice": choice})
                for choice in ("9", "-1", "x", "")
            ]
        assert refused.status_code == 403
        assert {answer.status_code for answer in wrong} == {400}
        assert "choice must be in [0, 4)" in wrong[0].text
        return votes.counts()

    assert on_a_server(visit) == [0, 0, 1, 0]


def test_a_port_that_is_taken_is_one_sentence():
    """And so is a demo that asks nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"expected port {port} of 127.0.0.1"):
            serve(PLAN, host="127.0.0.1", port=port, tell=print)
    silent = replace(PLAN, options=(), right=0)
    with pytest.raises(UserError, match="expected a demo with a question"):
        serve(silent, host="127.0.0.1", port=0, tell=print)
