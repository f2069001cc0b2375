"""The start page on a real Jupyter server, with nbgrader's real exchange."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from autograder.course.inbound import feedback_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
LAB = "lab01_first_round"
STANDING = {
    "course": "fl101",
    "title": "Federated <Learning>",
    "labs": [
        {
            "lab": LAB,
            "deadline": "2126-11-20T17:00:00+00:00",
            "own_deadline": "2126-11-22T17:00:00+00:00",
        },
        {"lab": "lab02_later", "deadline": "2126-12-04T17:00:00+00:00"},
    ],
}


class Student:
    """A browser without a screen: it keeps cookies and presses buttons."""

    def __init__(self, url, exchange, home):
        self.url, self.exchange, self.home = url, exchange, home
        self.client = httpx.Client(base_url=url, timeout=60, follow_redirects=True)
        self.client.get("lab?token=secret")

    def page(self):
        answer = self.client.get("course")
        assert answer.status_code == 200
        return answer

    def press(self, action, lab=LAB, **changes):
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', self.page().text)[1]
        form = {"_xsrf": xsrf, "lab": lab, "action": action} | changes
        return self.client.post("course", data=form)


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """Start the server of a student in a course with one released lab."""
    root = tmp_path_factory.mktemp("hub")
    exchange, home, config = root / "exchange", root / "home", root / "config"
    course = exchange / "fl101"
    for name in ("outbound", "inbound", "feedback", "standing"):
        (course / name).mkdir(parents=True)
    released = course / "outbound" / LAB
    released.mkdir()
    notebook = ROOT / "labs" / LAB / f"{LAB}.ipynb"
    (released / notebook.name).write_bytes(notebook.read_bytes())
    (course / "standing" / "ada.json").write_text(json.dumps(STANDING))
    home.mkdir()
    config.mkdir()
    settings = {
        "ServerApp": {"jpserver_extensions": {"autograder.hub.start_page": True}}
    }
    (config / "jupyter_server_config.json").write_text(json.dumps(settings))
    nbgrader = {
        "CourseDirectory": {"course_id": "fl101"},
        "Exchange": {"root": str(exchange)},
    }
    (config / "nbgrader_config.json").write_text(json.dumps(nbgrader))
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_PATH": str(config),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "run"),
        "JUPYTERHUB_USER": "ada",
    }
    command = [sys.executable, "-m", "jupyter_server", "--allow-root"]
    command += ["--no-browser", "--ServerApp.port=0", "--ServerApp.token=secret"]
    log = (root / "log").open("w+")
    process = subprocess.Popen(command, env=environment, cwd=home, stderr=log)
    try:
        student = Student(_url(root / "run", process, root / "log"), course, home)
        with closing(student.client):
            yield student
    finally:
        process.terminate()
        process.wait()
        log.close()


def _url(folder, process, log):
    """Wait until the server says where it is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for file in folder.glob("jpserver-*.json"):
            text = file.read_text()
            if text.endswith("}"):
                url = json.loads(text)["url"]
                try:
                    httpx.get(f"{url}api")
                    return url
                except httpx.TransportError:
                    pass
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def test_from_the_first_login_to_feedback(student):
    """Fetch, hand in twice, read feedback: each step is one button of the page."""
    text = student.page().text
    assert "Federated &lt;Learning&gt;" in text
    assert "your own extended deadline" in text
    assert "Not fetched yet" in text
    assert "Not given out yet" in text

    assert "Fetched Lab 1" in student.press("fetch").text
    assert (student.home / LAB / f"{LAB}.ipynb").is_file()
    text = student.page().text
    assert "0 of 7 visible checks passed" in text
    link = re.search(r'href="([^"]*lab/tree/[^"]*)"', text)[1]
    assert link == f"/lab/tree/{LAB}/{LAB}.ipynb"

    for _ in range(2):
        assert "Handed in Lab 1" in student.press("submit").text
    assert "the last of 2 times" in student.page().text
    inbound = sorted((student.exchange / "inbound").iterdir())
    assert len(inbound) == 2

    secret = (inbound[-1] / "submission_secret.txt").read_text()
    page = student.exchange / "feedback" / feedback_name(secret, LAB)
    page.write_text("<p>You forgot the weights.</p>")
    assert "Feedback is there" in student.page().text
    assert "Fetched the feedback" in student.press("fetch_feedback").text
    link = re.search(r'href="/(files/[^"]*)"', student.page().text)[1]
    # A browser says which page of the server a link was on; the server insists.
    answer = student.client.get(link, headers={"Referer": f"{student.url}course"})
    assert "You forgot the weights" in answer.text


def test_what_does_not_work_is_one_sentence(student):
    """A lab that was not given out cannot be handed in; no trace of Python."""
    answer = student.press("submit", lab="lab02_later")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "changes",
    [{"action": "remove"}, {"lab": "../../etc"}, {"_xsrf": "wrong"}, {"_xsrf": ""}],
)
def test_only_its_own_buttons_are_obeyed(student, changes):
    """Another site's form, another action or another path change nothing."""
    before = sorted(student.home.rglob("*"))
    assert student.press(**{"action": "fetch"} | changes).status_code in (400, 403)
    assert sorted(student.home.rglob("*")) == before


def test_the_browser_is_told_to_load_nothing(student):
    """What the page's own script may do is said in its header, and it is not cached."""
    headers = student.page().headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"


def test_nobody_else_sees_it(student):
    """Without the server's token there is a login, no page."""
    answer = httpx.get(f"{student.url}course")
    assert answer.status_code in (302, 403)
    assert "Federated" not in answer.text
