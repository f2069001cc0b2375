"""nbgrader's own formgrader, over HTTP, on a course that we graded.

The server is the one a TA starts with `jupyter lab` in the course folder.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time

import httpx
import pytest

pytestmark = pytest.mark.slow

TOKEN = "formgrader-test"
RULES = """\
penalties: [{after: 0h, percent: 10}]
labs: {means: {deadline: 2026-11-20 17:00 Z}}
"""


@pytest.fixture(scope="module")
def graded(course):
    """Three students: one with an answer to mark, one without, one unreadable."""
    (course.root / "course.yaml").write_text(RULES)
    course.submit("ada")
    (course.folder("ada") / "timestamp.txt").write_text("2026-11-20 18:00:00 UTC")
    course.submit("bob", course.released)
    course.submit("eve", text="{")
    course.grade()
    return course


@pytest.fixture(scope="module")
def formgrader(graded, tmp_path_factory):
    """A client of a running server with the formgrader."""
    home = tmp_path_factory.mktemp("jupyter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    extensions = {"nbgrader.server_extensions.formgrader": True}
    (home / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": extensions}})
    )
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser"),
                *("--allow-root", f"--port={port}", "--ServerApp.port_retries=0"),
                f"--IdentityProvider.token={TOKEN}",
            ],
            cwd=graded.root,
            stdout=log,
            stderr=log,
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(home), "HOME": str(home)},
        )
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"token {TOKEN}"},
            timeout=60,
        )
        try:
            wait_for(client, server, home / "log")
            yield client
        finally:
            client.close()
            server.terminate()
            server.wait(30)


def wait_for(client, server, log):
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            if client.get("/formgrader/api/assignments").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def fetched(formgrader, path):
    response = formgrader.get(path)
    response.raise_for_status()
    return response.json()


def test_the_lab_is_listed_with_its_counts(formgrader):
    """Three submissions, 12 points, the deadline of course.yaml."""
    (lab,) = fetched(formgrader, "/formgrader/api/assignments")

    assert (lab["name"], lab["num_submissions"], lab["max_score"]) == ("means", 3, 12)
    assert lab["duedate"].startswith("2026-11-20T17:00")


def test_submissions_are_listed_with_their_scores(formgrader):
    """Points before lateness; who has something to mark or to look at."""
    listed = fetched(formgrader, "/formgrader/api/submissions/means")
    by_name = {one["student"]: one for one in listed}

    assert {s: one["score"] for s, one in by_name.items()} == {
        "ada": 9,
        "bob": 0,
        "eve": 0,
    }
    assert all(one["autograded"] for one in listed)
    assert {s for s, one in by_name.items() if one["needs_manual_grade"]} == {
        "ada",
        "eve",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/formgrader/manage_assignments",
        "/formgrader/manage_submissions/means",
        "/formgrader/gradebook/means/means",
        "/formgrader/manage_students",
    ],
)
def test_its_pages_open(formgrader, path):
    """Those a TA goes through before marking."""
    response = formgrader.get(path)

    assert response.status_code == 200
    assert "nbgrader" in response.text.lower()


def submission_of(formgrader, student):
    path = "/formgrader/api/submitted_notebooks/means/means"
    (one,) = [s for s in fetched(formgrader, path) if s["student"] == student]
    return one


@pytest.mark.parametrize("student", ["ada", "bob", "eve"])
def test_every_submission_opens_for_marking(formgrader, student):
    """The notebook as it ran, with a box for points at each test and answer."""
    submission = submission_of(formgrader, student)
    page = formgrader.get(f"/formgrader/submissions/{submission['id']}/")

    assert page.status_code == 200
    assert "the largest of 1, 5, 2 is 5" in re.sub(r"<[^>]*>", "", page.text)
    boxes = re.findall(r'<input class="score tabbable" id="([^"]*)"', page.text)
    assert boxes == ["test-mean", "test-mean-many", "test-largest", "meaning"]


def test_a_mark_given_there_counts_here(formgrader, graded):
    """Pending before, marked after; grading again brings the penalty up to date."""
    submission = submission_of(formgrader, "ada")
    grades = fetched(
        formgrader, f"/formgrader/api/grades?submission_id={submission['id']}"
    )
    (open_,) = [grade for grade in grades if grade["needs_manual_grade"]]
    assert (open_["auto_score"], open_["max_score"]) == (None, 3)
    formgrader.get("/formgrader/manage_assignments")
    response = formgrader.put(
        f"/formgrader/api/grade/{open_['id']}",
        json={"manual_score": 2, "extra_credit": None},
        headers={"X-XSRFToken": formgrader.cookies.get("_xsrf", "")},
    )
    assert response.status_code == 200
    ada = graded.grade()["ada"]

    assert (ada.num_pending, ada.penalty, ada.total) == (0, 1.1, 9.9)
    assert not submission_of(formgrader, "ada")["needs_manual_grade"]
