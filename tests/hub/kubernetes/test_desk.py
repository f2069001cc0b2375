"""The staff's server as desk.yaml starts it, on a real hub: open to staff alone."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from autograder.errors import UserError
from autograder.hub.kubernetes import Images, manifests
from autograder.hub.proxy import find_proxy
from tests.hub.kubernetes.test_exchange import HUB, ROOT, free_ports, wait_for
from tests.hub.visitor import Visitor

pytestmark = pytest.mark.slow

COURSE = "id: fl101\nstaff: {instructors: [grace], assistants: [alan]}\n"
TOKEN = "desk-token-0123456789"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Return the pod of desk.yaml and the roles of values.yaml, of one course."""
    course = tmp_path_factory.mktemp("course")
    (course / "course.yaml").write_text(COURSE)
    made = manifests(course, Images("registry.example.org", "1"))
    roles = yaml.safe_load(made["values.yaml"])["hub"]["loadRoles"]
    (deployment,) = (
        thing
        for thing in yaml.safe_load_all(made["desk.yaml"])
        if thing["kind"] == "Deployment"
    )
    (pod,) = deployment["spec"]["template"]["spec"]["containers"]
    return pod, [{"name": name, **role} for name, role in roles.items()]


@pytest.fixture(scope="module")
def address(desk, tmp_path_factory):
    """Start a hub and the desk; return the hub's address."""
    try:
        proxy = find_proxy(ROOT)
    except UserError as missing:
        pytest.skip(str(missing))
    pod, roles = desk
    folder = tmp_path_factory.mktemp("hub")
    public, hub, proxy_api, port = free_ports(4)
    service = {"name": "desk", "url": f"http://127.0.0.1:{port}", "api_token": TOKEN}
    said = {
        "url": f"http://127.0.0.1:{public}",
        "hub_port": hub,
        "proxy": proxy,
        "proxy_api": f"http://127.0.0.1:{proxy_api}",
        "services": [{**service, "oauth_no_confirm": True}],
        # The exchange is another test's.
        "roles": [role for role in roles if role["name"] == "staff"],
    }
    (folder / "hub.py").write_text(HUB.format(said=json.dumps(said)))
    (folder / "course").mkdir()
    # Other addresses than a cluster's, and a token that is no secret; the rest as is.
    environment = {v["name"]: v.get("value", TOKEN) for v in pod["env"]} | {
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub}/hub/api",
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
        "JUPYTER_CONFIG_PATH": str(ROOT / "autograder/hub/image/jupyter/staff"),
        "HOME": str(folder),
    }
    program, root_dir = pod["args"]
    assert program == "jupyterhub-singleuser"
    root_dir = root_dir.replace("/course", str(folder / "course"))
    server = [sys.executable, "-m", "jupyterhub.singleuser", root_dir, "--allow-root"]
    with (folder / "log").open("w") as log:
        options = {"cwd": folder, "stdout": log, "stderr": log}
        command = [sys.executable, "-m", "jupyterhub", "--config", "hub.py"]
        running = [subprocess.Popen(command, **options)]
        try:
            wait_for(f"{said['url']}/hub/health", running)
            running.append(
                subprocess.Popen(server, env=os.environ | environment, **options)
            )
            wait_for(f"http://127.0.0.1:{port}/services/desk/api", running)
            yield said["url"]
        finally:
            for process in running[::-1]:
                process.terminate()
            for process in running:
                process.wait()


@pytest.mark.parametrize("name", ["grace", "alan"])
def test_staff_have_the_course_and_formgrader(address, name):
    """One login, no questions; both pages answer."""
    with Visitor(address, name) as visitor:
        visitor.log_in("demo")
        answer = visitor.get("/services/desk/formgrader")
        assert answer.status_code == 200
        assert answer.url.path.startswith("/services/desk/formgrader")
        assert "formgrade" in answer.text
        assert visitor.get("/services/desk/lab").status_code == 200


@pytest.mark.parametrize(
    "path", ["", "lab", "formgrader", "api/contents", "terminals/1"]
)
def test_a_student_is_not_let_in(address, path):
    """Nor is somebody who is not logged in."""
    with Visitor(address, "ada") as visitor:
        visitor.log_in("demo")
        assert visitor.get(f"/services/desk/{path}").status_code == 403
    with Visitor(address, "nobody") as visitor:
        answer = visitor.get(f"/services/desk/{path}")
        assert answer.status_code == 403 or answer.url.path == "/hub/login"
