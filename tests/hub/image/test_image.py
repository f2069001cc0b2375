"""The recipe of a cluster's images: linted, and true to the files that it copies.

No image is built here. What a build would trip over first is checked: files that are
not there or not let in, versions that differ from those that the tests run with.
"""

import fnmatch
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from autograder.hub.kubernetes.manifests import RAY_VERSION

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "autograder/hub/image"
RECIPE = (FOLDER / "Dockerfile").read_text()


def stages():
    """Return each stage's instructions by its name, in order."""
    text = re.sub(r"\\\n\s*(?:#.*\n\s*)*", " ", RECIPE)
    lines = [line.strip() for line in text.splitlines()]
    found = {}
    for line in lines:
        start = re.fullmatch(r"FROM (\S+) AS (\w+)", line)
        if start:
            current = found.setdefault(start[2], [])
        elif line and not line.startswith("#"):
            current.append(line)
    return found


def copied(stage):
    """Return the sources of a stage's COPY lines."""
    lines = [line.split()[1:-1] for line in stages()[stage] if line.startswith("COPY")]
    return [source for sources in lines for source in sources]


def constraints():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_the_linter_finds_nothing():
    """hadolint, with shellcheck for what RUN runs."""
    hadolint = shutil.which("hadolint")
    assert hadolint, "expected hadolint, which the extra `dev` installs"
    done = subprocess.run(
        [hadolint, str(FOLDER / "Dockerfile")], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("stage", stages())
def test_every_file_that_is_copied_is_there(stage):
    """And is let into the build by the ignore file."""
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().split("\n")
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    for source in copied(stage):
        assert (ROOT / source).exists(), source
        assert any(
            fnmatch.fnmatch(source, pattern) or source.startswith(f"{pattern}/")
            for pattern in allowed
        ), source


def test_students_get_no_answers():
    """Solutions stand in the staff's image alone; nor does . copy everything."""
    assert "solutions" in copied("staff")
    for stage in ("student", "exchange"):
        for source in copied(stage):
            assert not source.startswith(("solutions", "tests", "."))


def test_the_environment_is_the_one_of_environment_yml():
    """Less the project itself, which comes last: what `sed` takes out is that line."""
    run = next(line for line in stages()["student"] if "micromamba install" in line)
    pattern = re.search(r"sed --in-place '/(.*?)/d'", run)[1]
    text = (ROOT / "environment.yml").read_text()
    kept = [line for line in text.splitlines() if not re.search(pattern, line)]

    before, after = yaml.safe_load(text), yaml.safe_load("\n".join(kept))
    assert before["dependencies"][-1]["pip"].pop() == "-e ."
    assert after == before


@pytest.mark.parametrize(
    ("argument", "package"),
    [("JUPYTERHUB_VERSION", "jupyterhub"), ("RAY_VERSION", "ray")],
)
def test_versions_are_those_of_the_tests(argument, package):
    """The defaults of the recipe's arguments follow constraints.txt."""
    (value,) = re.findall(rf"ARG {argument}=(\S+)", RECIPE)
    assert value == constraints()[package]


def test_the_manifests_say_the_ray_of_the_image():
    """KubeRay asks for the version that the image has."""
    assert constraints()["ray"] == RAY_VERSION


@pytest.mark.parametrize("role", ["student", "staff"])
def test_jupyter_files_are_json_and_name_what_exists(role):
    """A server extension that cannot be imported is switched on by nobody."""
    folder = FOLDER / "jupyter" / role
    page = json.loads((folder / "labconfig/page_config.json").read_text())
    assert all(page["disabledExtensions"].values())
    text = (folder / "jupyter_server_config.d/course.json").read_text()
    extensions = json.loads(text)["ServerApp"]["jpserver_extensions"]
    for name in extensions:
        __import__(name)
    assert extensions["nbgrader.server_extensions.formgrader"] is (role == "staff")
