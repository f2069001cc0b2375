"""Try to get out: what a submission could see and do from where its kernel runs.

This runs in the kernel's place, with the kernel's rights. It reports what *worked*, so
a wall that a new system made ineffective is noticed before anybody is graded behind it.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

from autograder.sandbox.layout import CODE, TEMPORARY

_ELSEWHERE = "203.0.113.1"  # an address that is reserved for documentation


def around(look_for: dict[str, Any]) -> list[str]:
    """Return what can be reached from here, as ends of "it does not protect from …".

    Parameters
    ----------
    look_for : dict
        `port`: where the grader listens on its loopback; `paths`: what must not be
        visible; `shown`: what may be visible below those; `command`: the grader's
        command line.
    """
    return [
        *_network(look_for["port"]),
        *_files(look_for["paths"], look_for["shown"]),
        *_writing(),
        *_processes(look_for["command"]),
        *_rights(),
    ]


def _network(port: int) -> Iterator[str]:
    with socket.socket() as stream, contextlib.suppress(OSError):
        stream.settimeout(2)
        stream.connect(("127.0.0.1", port))
        yield "connections to this machine's own services"
    with (
        socket.socket(type=socket.SOCK_DGRAM) as datagram,
        contextlib.suppress(OSError),
    ):
        datagram.connect((_ELSEWHERE, 9))  # sends nothing, but needs a route
        yield "connections to the network"


def _files(paths: list[str], shown: list[str]) -> Iterator[str]:
    for path in paths:
        with contextlib.suppress(OSError):
            if _has_content(path, shown):
                yield f"reading {path}"


def _has_content(path: str, shown: list[str]) -> bool:
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            return bool(file.read(1))
    entries = (f"{path}/{name}" for name in os.listdir(path))
    return any(
        not any(f"{place}/".startswith(f"{entry}/") for place in shown)
        for entry in entries
    )


def _writing() -> Iterator[str]:
    places = ("/", "/dev", "/etc", "/usr", "/run", "/tmp", "/var/tmp", CODE, sys.prefix)
    for folder in (place for place in places if place != TEMPORARY):
        path = os.path.join(folder, "written")
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            os.unlink(path)
            yield f"writing to {folder}"


def _processes(command: str) -> Iterator[str]:
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and _read(f"/proc/{name}/cmdline") == command:
                yield "seeing the grader's processes"
                return


def _rights() -> Iterator[str]:
    if os.getuid() == 0:
        yield "running as root"
    status = _read("/proc/self/status").splitlines()
    fields = dict(line.split(":", 1) for line in status if ":" in line)
    if int(fields["CapEff"], 16):
        yield "using rights beyond a user's own"
    if fields["NoNewPrivs"].strip() != "1":
        yield "gaining rights through setuid programs"


def _read(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read()
