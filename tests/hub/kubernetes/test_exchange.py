"""ngshare as a cluster runs it, on one machine: hub, exchange and clients are real.

The exchange has the versions of the images' recipe, in an environment of its own;
nbgrader reads the images' own configuration; roles are those of values.yaml. What is
missing is Kubernetes alone.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import yaml

from autograder.authoring.catalog import find_lab
from autograder.course.place import place_of
from autograder.course.roster import Student
from autograder.errors import UserError
from autograder.hub.kubernetes import (
    Images,
    connected,
    manifests,
    release_feedback,
    release_lab,
    update_roster,
)
from autograder.hub.proxy import find_proxy

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
IMAGE = ROOT / "autograder/hub/image"
LAB = "lab01_first_round"
COURSE = f"id: fl101\nlabs:\n  {LAB}: {{deadline: 2126-11-20 17:00 UTC}}\n"
CLASS = [Student("Ada", "Ada Lovelace", email="ada@example.org"), Student("bob")]
TOKENS = {
    name: f"{name}-token-0123456789abcdef" for name in ("ngshare", "desk", "boss")
}

HUB = """\
import json
c = get_config()
said = json.loads({said!r})
c.JupyterHub.bind_url = said["url"]
c.JupyterHub.hub_port = said["hub_port"]
c.ConfigurableHTTPProxy.command = [said["proxy"]]
c.ConfigurableHTTPProxy.api_url = said["proxy_api"]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = said["services"]
c.JupyterHub.load_roles = said["roles"]
"""

# nbgrader takes seconds to import, and one process runs one command.
COMMANDS = """\
import os, sys
from nbgrader.apps.nbgraderapp import NbGraderApp
for command in sys.argv[1:]:
    child = os.fork()
    if not child:
        sys.exit(NbGraderApp.launch_instance(command.split()))
    if os.waitpid(child, 0)[1]:
        sys.exit(f"failed: {command}")
"""


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def pip(python, *arguments):
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *arguments],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"ngshare could not be installed: {done.stderr[-300:]}")


@pytest.fixture(scope="session")
def ngshare():
    """Install server and client as the recipe does; return python and client folder."""
    recipe = (IMAGE / "Dockerfile").read_text()
    server = re.search(r"(ngshare==\S+ SQLAlchemy==\S+ jupyterhub==\S+)", recipe)[1]
    client = re.search(r"NGSHARE_EXCHANGE_VERSION=(\S+)", recipe)[1]
    folder = ROOT / "build" / "ngshare"
    python, made = folder / "bin" / "python", folder / "made"
    if not made.exists() or made.read_text() != f"{server} {client}":
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip(python, *server.split())
        target = ["--no-deps", "--target", str(folder / "client")]
        pip(python, *target, f"ngshare-exchange=={client}")
        made.write_text(f"{server} {client}")
    return python, folder / "client"


@pytest.fixture(scope="module")
def roles(tmp_path_factory):
    """Return values.yaml's roles, as JupyterHub spells them."""
    course = tmp_path_factory.mktemp("course")
    (course / "course.yaml").write_text("id: fl101\nstaff: {instructors: [grace]}\n")
    text = manifests(course, Images("registry.example.org", "1"))["values.yaml"]
    found = yaml.safe_load(text)["hub"]["loadRoles"]
    return [{"name": name, **role} for name, role in found.items()]


@pytest.fixture(scope="module")
def urls(tmp_path_factory, ngshare, roles):
    """Start hub, proxy and ngshare; return the hub's address and ngshare's."""
    try:
        proxy = find_proxy(ROOT)
    except UserError as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("hub")
    public, hub, proxy_api, exchange = free_ports(4)
    services = [
        {"name": "ngshare", "url": f"http://127.0.0.1:{exchange}"},
        {"name": "desk"},
        {"name": "boss", "admin": True},
    ]
    said = {
        "url": f"http://127.0.0.1:{public}",
        "hub_port": hub,
        "proxy": proxy,
        "proxy_api": f"http://127.0.0.1:{proxy_api}",
        "services": [{**s, "api_token": TOKENS[s["name"]]} for s in services],
        "roles": roles,
    }
    (folder / "hub.py").write_text(HUB.format(said=json.dumps(said)))
    settings = {
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub}/hub/api",
        "JUPYTERHUB_API_TOKEN": TOKENS["ngshare"],
        "JUPYTERHUB_SERVICE_PREFIX": "/services/ngshare/",
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{exchange}",
        "JUPYTERHUB_CLIENT_ID": "service-ngshare",
    }
    python, _ = ngshare
    server = [python, "-m", "ngshare", "--admins", "desk"]
    server += ["--database", f"sqlite:///{folder}/ngshare.db"]
    server += ["--storage", str(folder / "files")]
    with (folder / "log").open("w") as log:
        options = {"cwd": folder, "stdout": log, "stderr": log}
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "--config", "hub.py"], **options
            ),
            subprocess.Popen(server, env={**os.environ, **settings}, **options),
        ]
        try:
            wait_for(f"{said['url']}/hub/health", running)
            wait_for(f"http://127.0.0.1:{exchange}/healthz", running)
            yield said["url"], f"{said['url']}/services/ngshare"
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()


def wait_for(url, running):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert all(process.poll() is None for process in running)
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"nothing answers at {url}")


@pytest.fixture(scope="module")
def tokens(urls, roles):
    """Give each student what the hub gives a student's server, and no more."""
    (server,) = (role["scopes"] for role in roles if role["name"] == "server")
    # There is no server here; its owner's may be named instead.
    scopes = [s.replace("access:servers!server", "access:servers!user") for s in server]
    boss = {"Authorization": f"token {TOKENS['boss']}"}
    given = {"desk": TOKENS["desk"]}
    with httpx.Client(base_url=f"{urls[0]}/hub/api/users/", headers=boss) as client:
        for name in ("ada", "bob"):
            client.post(name).raise_for_status()
            answer = client.post(f"{name}/tokens", json={"scopes": scopes})
            given[name] = answer.raise_for_status().json()["token"]
    return given


@pytest.fixture(scope="module")
def nbgrader(urls, tokens, ngshare, tmp_path_factory):
    """Run nbgrader's commands as one person, in this person's home."""
    root = tmp_path_factory.mktemp("people")
    config = root / "config"
    config.mkdir()
    (config / "nbgrader_config.py").write_bytes(
        (IMAGE / "nbgrader_config.py").read_bytes()
    )

    def run(person, *commands):
        home = root / person
        home.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(config),
            "JUPYTERHUB_API_TOKEN": tokens[person],
            "JUPYTERHUB_USER": person,
            "PYTHONPATH": str(ngshare[1]),
            "NGSHARE_URL": urls[1],
            "COURSE_ID": "fl101",
            "COURSE_ROOT": str(root / "course") if person == "desk" else "",
        }
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS, *commands],
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return home, done.stdout + done.stderr

    run.root = root
    return run


def roster(url, token, students):
    with connected(url, token) as ngshare:
        return update_roster(ngshare, "fl101", students)


def asked(urls, token, path, **options):
    headers = {"Authorization": f"token {token}"}
    return httpx.request(
        options.pop("method", "GET"), f"{urls[1]}/{path}", headers=headers, **options
    )


@pytest.fixture(scope="module")
def course(urls, nbgrader):
    """Make the course in ngshare and give out lab 1."""
    done = roster(urls[1], TOKENS["desk"], CLASS)
    assert done.added == ("ada", "bob")
    folder = nbgrader.root / "course"
    folder.mkdir()
    (folder / "course.yaml").write_text(COURSE)
    assert release(urls, folder) == "released"
    return folder


def release(urls, folder):
    with connected(urls[1], TOKENS["desk"]) as ngshare:
        return release_lab(ngshare, place_of(folder), find_lab(ROOT, LAB))


def test_a_lab_is_given_out_once(urls, course):
    """ngshare would lose the hand-ins with the old version, so that one stays."""
    assert release(urls, course) == "already released"
    text = (course / "course.yaml").read_text()
    (course / "course.yaml").write_text(text.replace("11-20", "11-21"))
    try:
        with pytest.raises(UserError, match="got another version"):
            release(urls, course)
    finally:
        (course / "course.yaml").write_text(text)


def graded(course, student, timestamp):
    """Write what our grader leaves of a hand-in; return the page."""
    for name in ("autograded", "feedback"):
        (course / name / student / LAB).mkdir(parents=True)
    (course / "autograded" / student / LAB / "timestamp.txt").write_text(timestamp)
    page = course / "feedback" / student / LAB / f"{LAB}.html"
    page.write_text(f"<p>{student}, you forgot the weights.</p>")
    return page


def test_a_lab_goes_out_and_comes_back(urls, nbgrader, course):
    """Release, list, fetch, submit, collect, feedback: the ways of the labs."""
    home, said = nbgrader("ada", "list", f"fetch_assignment {LAB}", f"submit {LAB}")
    assert LAB in said
    assert (home / LAB / f"{LAB}.ipynb").is_file()

    nbgrader("desk", f"collect {LAB}")
    collected = course / "submitted" / "ada" / LAB
    assert {path.name for path in collected.iterdir()} == {
        f"{LAB}.ipynb",
        "timestamp.txt",
    }
    assert not (course / "submitted" / "bob").exists()

    page = graded(course, "ada", (collected / "timestamp.txt").read_text())
    graded(course, "bob", "2026-11-20 17:00:00.000000")  # ngshare has no such hand-in
    with connected(urls[1], TOKENS["desk"]) as ngshare:
        released = release_feedback(ngshare, "fl101", course, LAB)
    assert released.given == ("ada",)
    assert [student for student, _ in released.left_out] == ["bob"]
    home, _ = nbgrader("ada", f"fetch_feedback {LAB}")
    (fetched,) = (home / LAB / "feedback").rglob("*.html")
    assert fetched.read_text() == page.read_text()


def test_a_student_sees_their_own_only(urls, tokens, course):
    """Neither another's hand-in nor the list of all, and nothing of the staff's."""
    mine = asked(urls, tokens["ada"], f"assignment/fl101/{LAB}")
    assert mine.json()["success"]
    refused = [
        asked(urls, tokens["bob"], f"submission/fl101/{LAB}/ada"),
        asked(urls, tokens["bob"], f"submissions/fl101/{LAB}"),
        asked(urls, tokens["bob"], f"submissions/fl101/{LAB}/ada"),
        asked(urls, tokens["bob"], "students/fl101"),
        asked(urls, tokens["bob"], f"assignment/fl101/{LAB}", method="DELETE"),
        asked(urls, tokens["bob"], "course/own", method="POST"),
        asked(urls, tokens["bob"], f"feedback/fl101/{LAB}/ada", method="POST"),
        asked(urls, "nobody", "courses"),
    ]
    for answer in refused:
        assert answer.status_code in (302, 403), answer.url


def test_a_hand_in_is_whose_token_it_is(urls, tokens, course):
    """Whatever name the client writes into it."""
    files = json.dumps([{"path": f"{LAB}.ipynb", "content": "e30="}])
    answer = asked(
        urls,
        tokens["bob"],
        f"submission/fl101/{LAB}",
        method="POST",
        data={"user": "ada", "files": files},
    )
    assert answer.json()["success"]
    handed_in = asked(urls, tokens["desk"], f"submissions/fl101/{LAB}").json()
    newest = max(handed_in["submissions"], key=lambda one: one["timestamp"])
    assert newest["student_id"] == "bob"


def test_the_roster_can_be_entered_again(urls, course):
    """Nobody is added twice; who left is named, and keeps what was handed in."""
    again = roster(urls[1], TOKENS["desk"], CLASS)
    assert (again.added, again.left) == ((), ())
    fewer = roster(urls[1], TOKENS["desk"], CLASS[:1])
    assert (fewer.added, fewer.left) == ((), ("bob",))


def test_the_roster_needs_an_admins_token(urls, tokens, course):
    """One sentence, for somebody who runs it in the wrong terminal."""
    with pytest.raises(UserError, match="is the token that of an admin"):
        roster(urls[1], tokens["ada"], CLASS)


def test_an_exchange_that_is_not_there_is_one_sentence():
    """Outside of the cluster its name means nothing."""
    with pytest.raises(UserError, match="expected ngshare at http://127"):
        roster("http://127.0.0.1:9/services/ngshare", "x", CLASS)
