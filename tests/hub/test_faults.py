"""A hub where things go wrong: killed in the middle, filled up, lied to."""

import base64
import json
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import psutil
import pytest

from autograder.hub.demo_course import LAB

pytestmark = pytest.mark.slow

ASKED = {"course_id": "fl101", "assignment_id": LAB}
MB = 10**6


@pytest.fixture(scope="module")
def eve(inside):
    """She has fetched lab 1."""
    eve = inside("eve")
    assert eve.call("POST", "assignments/fetch", json=ASKED).is_success
    return eve


def hand_ins(hub, student):
    """Return the hand-ins of a student that are complete, oldest first."""
    inbound = hub.course / "hub" / "exchange" / "fl101" / "inbound"
    return [
        folder
        for folder in sorted(inbound.glob(f"{student}+*"))
        if (folder / "submission_secret.txt").exists()
        and (folder / f"{LAB}.ipynb").exists()
    ]


def write(visitor, path, size):
    """Make a file of `size` bytes in somebody's home, from a kernel; what it said."""
    return visitor.run(f"open({path!r}, 'wb').write(b'x' * {size}); print('written')")


@contextmanager
def started(hub, student):
    """Submit in a thread; go on as soon as something of it is in the exchange."""
    inbound = hub.course / "hub" / "exchange" / "fl101" / "inbound"
    before = set(inbound.iterdir())

    def submit():
        with suppress(httpx.TransportError):  # its server may be killed
            student.call("POST", "assignments/submit", json=ASKED)

    submitting = threading.Thread(target=submit)
    submitting.start()
    end = time.monotonic() + 60
    while set(inbound.iterdir()) == before and time.monotonic() < end:
        time.sleep(0.001)
    yield submitting
    submitting.join()


def server_of(name, hub):
    """Return the processes that take somebody's server with them when they end."""
    home = str(hub.course / "hub" / "homes" / name)
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "bwrap"
        and home in (process.info["cmdline"] or ())  # None: it has just ended
    ]


def test_a_hub_that_is_killed_during_a_submit_loses_nothing(hub, eve):
    """The hand-in arrives; the hub finds the server again; nobody logs in anew."""
    write(eve, f"{LAB}/weights.bin", 90 * MB)
    with started(hub, eve) as submitting:
        hub.kill()
        submitting.join(60)
    eve.call("DELETE", f"api/contents/{LAB}/weights.bin")
    hub.start()

    (hand_in,) = hand_ins(hub, "eve")
    assert (hand_in / "weights.bin").stat().st_size == 90 * MB
    listed = eve.get(eve.own("assignments"), params={"course_id": "fl101"}).json()
    assert [one["status"] for one in listed["value"]].count("submitted") == 1


def test_a_server_that_is_killed_during_a_submit_can_submit_again(hub, eve):
    """Half a hand-in stays in the exchange, and is not taken for one."""
    before = hand_ins(hub, "eve")
    write(eve, f"{LAB}/weights.bin", 90 * MB)
    server = server_of("eve", hub)  # looking for it takes as long as the submit
    with started(hub, eve) as submitting:
        for process in server:  # as a lack of memory would
            with suppress(psutil.NoSuchProcess):  # it went with the one before
                process.kill()
        submitting.join(60)
    left = hand_ins(hub, "eve")
    eve.start_server()
    assert left == before

    eve.call("DELETE", f"api/contents/{LAB}/weights.bin")
    assert eve.call("POST", "assignments/submit", json=ASKED).is_success
    assert len(hand_ins(hub, "eve")) == len(before) + 1


def test_an_upload_of_a_gigabyte_is_refused_with_a_sentence(hub, eve):
    """In pieces, as JupyterLab sends it; what came before is removed."""
    piece = base64.b64encode(bytes(50 * MB)).decode()
    for number in range(1, 21):
        model = {"type": "file", "format": "base64", "content": piece, "chunk": number}
        answer = eve.call("PUT", "api/contents/dataset.bin", json=model)
        if not answer.is_success:
            break

    assert (number, answer.status_code) == (7, 413)
    assert "expected a file of at most 300 MB" in answer.json()["message"]
    assert not (hub.course / "hub/homes/eve/dataset.bin").exists()


def test_a_kernel_cannot_write_a_larger_file_either(eve):
    """The system refuses what goes over the limit."""
    assert "File too large" in write(eve, "dataset.bin", 400 * MB)
    eve.call("DELETE", "api/contents/dataset.bin")


def test_a_lab_with_too_much_in_it_is_not_handed_in(hub, eve):
    """The dialog says how much is too much, and which file it is."""
    before = len(hand_ins(hub, "eve"))
    write(eve, f"{LAB}/dataset.bin", 150 * MB)
    answer = eve.call("POST", "assignments/submit", json=ASKED).json()
    eve.call("DELETE", f"api/contents/{LAB}/dataset.bin")

    assert not answer["success"]
    assert answer["value"].startswith(f"Expected at most 100 MB in {LAB}, got 150 MB")
    assert "dataset.bin" in answer["value"]
    assert len(hand_ins(hub, "eve")) == before


def test_validate_survives_what_students_write(eve):
    """A notebook that is none, and a cell that ends its kernel: a sentence each."""
    model = {"type": "file", "format": "text", "content": "{"}
    eve.call("PUT", "api/contents/broken.ipynb", json=model)
    notebook = json.loads((eve.get(eve.own(f"files/{LAB}/{LAB}.ipynb"))).text)
    first = next(c for c in notebook["cells"] if c["cell_type"] == "code")
    first["source"] = "import os; os._exit(1)"
    first["metadata"] = {}
    model["content"] = json.dumps(notebook)
    eve.call("PUT", "api/contents/dies.ipynb", json=model)

    said = eve.call(
        "POST", "assignments/validate", json={"path": "broken.ipynb"}
    ).json()
    assert (said["success"], "cannot be read" in said["value"]) == (False, True)
    said = eve.call("POST", "assignments/validate", json={"path": "dies.ipynb"}).json()
    assert all("the kernel died" in one["error"] for one in said["value"]["failed"])
