"""What is checked before a hub starts, and first passwords."""

import os
import socket

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.errors import UserError
from autograder.hub import start
from autograder.hub.first_passwords import first_password
from autograder.hub.limits import in_scope, not_limited, process_limits
from autograder.hub.people import settings_of
from autograder.hub.proxy import find_proxy
from autograder.hub.running import refuse_second, require_free

COURSE = "id: fl101\nstaff: {instructors: [grace]}\n"


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course.yaml").write_text(COURSE)
    (tmp_path / "students.csv").write_text("id,name,email\nada,Ada L,ada@x.org\n")
    return tmp_path


def test_a_demo_is_reached_from_this_machine_only(course):
    """Where anybody can log in as anybody."""
    (course / "course.yaml").write_text(COURSE + "hub: {authenticator: dummy}\n")
    with pytest.raises(UserError, match=r"on 127\.0\.0\.1, got 0\.0\.0\.0"):
        start.check(course, course, "0.0.0.0", 8000)


def test_a_proxy_that_is_missing_is_named(tmp_path, monkeypatch):
    """With what installs it."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="npm install"):
        find_proxy(tmp_path)


def test_a_port_that_is_taken_is_named(tmp_path, monkeypatch):
    """After waiting for what the last hub may have left."""
    monkeypatch.setattr("autograder.hub.running._PATIENCE_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} of this machine"):
            require_free(range(port, port + 1), tmp_path)


def test_a_second_hub_of_the_same_course_is_refused(tmp_path):
    """A file that names another process, or none, does not count."""
    pid_file = tmp_path / "jupyterhub.pid"
    for text in ("", "x", "999999999", str(os.getpid())):
        pid_file.write_text(text)
        refuse_second(tmp_path)


def test_first_passwords_stay_and_differ(tmp_path):
    """For another person, and on another hub."""
    other = tmp_path / "other"
    other.mkdir()
    ada = first_password(tmp_path, "ada")

    assert first_password(tmp_path, "ada") == ada
    assert (
        len({ada, first_password(tmp_path, "bob"), first_password(other, "ada")}) == 3
    )
    assert (tmp_path / "first_passwords.key").stat().st_mode & 0o077 == 0


def test_the_list_of_first_passwords_names_everybody(course):
    """As CSV; or those who are asked for."""
    command = ["hub-passwords", "--course", str(course)]
    everybody = CliRunner().invoke(app, command).stdout.splitlines()
    ada = CliRunner().invoke(app, [*command, "ada"]).stdout.splitlines()

    assert everybody[0] == "id,name,email,first password"
    assert {line.split(",")[0] for line in everybody[1:]} == {"grace", "ada"}
    assert ada[1] == f"ada,Ada L,ada@x.org,{first_password(course / 'hub', 'ada')}"


def test_what_is_not_limited_is_said(course, monkeypatch):
    """Without systemd, hub.memory bounds one process and hub.cpus nothing."""
    monkeypatch.setattr("autograder.hub.limits.has_systemd", lambda: False)
    text = COURSE + "hub: {memory: 2G, cpus: 1}\n"
    (course / "course.yaml").write_text(text)
    hub = settings_of(course).hub
    sentences = " ".join(not_limited(hub))

    assert "hub.memory bounds each process" in sentences
    assert "hub.cpus is not held to" in sentences
    assert in_scope(hub.memory_bytes, hub.cpus) == []
    assert process_limits(hub.memory_bytes).address_bytes == 2 * 2**30 + 4 * 10**9


def test_systemd_limits_the_whole_server(monkeypatch):
    """A scope with all that the server starts."""
    monkeypatch.setattr("autograder.hub.limits.has_systemd", lambda: True)
    words = in_scope(2**30, 0.5)

    assert words[:2] == ["systemd-run", "--scope"]
    assert f"MemoryMax={2**30}" in words
    assert "CPUQuota=50%" in words
