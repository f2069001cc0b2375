"""A student who wants more than theirs: from a kernel, a terminal, the browser.

Two students of a real hub: bob attacks; ada has handed in lab 1, and her kernel runs.
"""

import json
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LAB = {"course_id": "fl101", "assignment_id": "lab01_first_round"}
SECRET = "what only ada knows"


@pytest.fixture(scope="module")
def ada(inside):
    """She has a file, a hand-in, and a kernel that runs."""
    ada = inside("ada")
    file = {"type": "file", "format": "text", "content": SECRET}
    assert ada.call("PUT", "api/contents/diary.txt", json=file).is_success
    for step in ("fetch", "submit"):
        assert ada.call("POST", f"assignments/{step}", json=LAB).json()["success"]
    ada.run("import os; print(os.getpid())")
    return ada


@pytest.fixture(scope="module")
def bob(inside, ada):
    return inside("bob")


def looked(visitor, code):
    """Run code that ends by printing JSON; return it."""
    return json.loads(visitor.run(f"import json, os, subprocess\n{code}"))


def test_other_folders_are_not_there(bob, hub):
    """Neither homes, nor the course, nor its solutions, by any of their names."""
    paths = [hub.course, hub.course / "hub", hub.course / "gradebook.db"]
    paths += [hub.course / "hub/homes/ada/diary.txt", ROOT / "solutions", "/home/ada"]
    paths += ["/srv/course", "/opt/lecturekit/solutions", "/root/.ssh", "/var/lib"]
    code = "print(json.dumps([path for path in PATHS if os.path.exists(path)]))"
    code = f"PATHS = {list(map(str, paths))}\n{code}"

    assert looked(bob, code) == []


def test_nothing_secret_is_anywhere_in_sight(bob):
    """A search of everything that can be read finds no gradebook and no answer."""
    code = """
names = ["gradebook.db", "jupyterhub.sqlite", "cookie_secret", "mutants.py"]
words = " -o ".join(f"-name {name}" for name in [*names, "diary.txt"])
pruned = "-path /proc -prune -o -name nbgrader -prune"  # the package has a sample
command = f"find / {pruned} -o '(' {words} ')' -print 2>/dev/null"
print(json.dumps(os.popen(command).read()))
"""
    assert looked(bob, code) == ""


def test_no_right_can_be_gained(bob):
    """No capabilities, none to be gained, and nothing of the system to be written."""
    code = """
lines = open("/proc/self/status").read().splitlines()
status = dict(line.split(":\\t") for line in lines if ":\\t" in line)
course = "/srv/exchange/fl101"
paths = ("/", "/usr", "/etc", "/etc/passwd", "/opt/lecturekit", "/home", course)
writable = [p for p in (*paths, f"{course}/outbound") if os.access(p, os.W_OK)]
print(json.dumps([status["CapEff"].strip("0"), status["NoNewPrivs"], writable]))
"""
    assert looked(bob, code) == ["", "1", []]


@pytest.mark.skipif(os.getuid() != 0, reason="without root all are one user")
def test_hand_ins_of_others_cannot_be_found(bob, hub):
    """Their names cannot be listed; feedback neither. Nobody's can be removed."""
    (hand_in,) = (hub.course / "hub/exchange/fl101/inbound").glob("ada+*")
    code = f"""
shared = "/srv/exchange/fl101"
def refused(action, *arguments):
    try:
        action(*arguments)
    except PermissionError:
        return True
known = f"{{shared}}/inbound/{hand_in.name}"
print(json.dumps([refused(os.listdir, f"{{shared}}/inbound"),
                  refused(os.listdir, f"{{shared}}/feedback"),
                  refused(os.rename, known, f"{{shared}}/inbound/gone"),
                  os.access(f"{{known}}/{LAB["assignment_id"]}.ipynb", os.W_OK)]))
"""
    assert looked(bob, code) == [True, True, True, False]


def test_processes_of_others_are_not_in_sight(bob, ada):
    """Ada's kernel runs; bob sees his own processes alone."""
    code = """
owners = {os.stat(f"/proc/{n}").st_uid for n in os.listdir("/proc") if n.isdigit()}
print(json.dumps(sorted(owners - {os.getuid()})))
"""
    assert looked(bob, code) in ([], [0])  # process 1, which holds no rights


def test_no_kernel_listens_on_a_port(bob, ada):
    """What ada's kernel prints cannot be listened to."""
    kernels = ada.get(ada.own("api/kernels")).json()
    code = "import ipykernel.connect as c; print(open(c.get_connection_file()).read())"

    assert kernels
    assert json.loads(ada.run(code))["transport"] == "ipc"


@pytest.mark.parametrize(
    "path",
    [
        "/user/ada/lab",
        "/user/ada/api/contents/diary.txt",
        "/user/ada/files/diary.txt",
        "/user/grace/lab",
        "/services/fl101/formgrader/",
        "/services/fl101/files/gradebook.db",
        "/services/fl101/api/contents/submitted",
        "/hub/admin",
        "/hub/api/users",
        "/user/bob/formgrader/manage_assignments",
        "/user/bob/files/..%2f..%2f..%2fetc%2fpasswd",
        "/user/bob/api/contents/../ada/diary.txt",
    ],
)
def test_addresses_of_others_are_refused(bob, path):
    """With bob's own cookies, whatever he types into the browser."""
    answer = bob.get(path)

    assert answer.status_code in (403, 404), answer.text[:300]
    assert SECRET not in answer.text


def test_the_tokens_in_a_kernel_open_nothing_else(bob, ada, hub):
    """The token of bob's server is refused by ada's, the staff's, and the hub's API."""
    door, machine = hub.address, "http://127.0.0.1"
    addresses = [f"{door}/user/ada/api/contents", f"{door}/services/fl101/api/contents"]
    addresses += [f"{door}/hub/api/{end}" for end in ("users/ada", "proxy", "groups/x")]
    addresses += [f"{machine}:{hub.port + 1}/api/routes"]
    addresses += [f"{machine}:{hub.port + 3}/services/fl101/api/contents"]
    code = """
import urllib.request, urllib.error
headers = {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}
found = {}
for address in ADDRESSES:
    request = urllib.request.Request(address, headers=headers)
    try:
        found[address] = urllib.request.urlopen(request, timeout=20).status
    except urllib.error.HTTPError as error:
        found[address] = error.code
print(json.dumps(found))
"""
    answers = looked(bob, f"ADDRESSES = {addresses}\n{code}")
    assert set(answers.values()) <= {403, 404}, answers


def test_someone_outside_the_course_stays_outside(hub):
    """Even with the right password; neither as the staff's own user."""
    for name in ("mallory", "grader-fl101", "root", "../ada"):
        with hub.visitor(name) as visitor:
            assert visitor.log_in().status_code == 403


def test_a_wrong_password_is_refused(hub):
    """For those in the course as well."""
    with hub.visitor("ada") as visitor:
        assert visitor.log_in("guess").status_code == 403
