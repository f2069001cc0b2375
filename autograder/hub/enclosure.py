"""The wall around every server of the hub, built with bubblewrap.

A server sees programs, libraries and our packages, read only; its own home; the part of
the exchange that concerns it; and nothing else. Other homes, the course folder, the
solutions, the gradebook and the hub's database are not there, for kernels and terminals
no more than for the server itself. It has its own processes and its own /tmp.

The network is shared, because the proxy has to reach the server: ports of other
servers can be connected to, and ask for a token. Kernels listen on sockets in a folder
that only their own server sees, not on ports.

As root every server runs as a user of its own. Without root all are the same user to
the machine: homes stay invisible to each other, but everybody can list and read the
others' hand-ins and feedback in the exchange, and change hand-ins.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from autograder.hub.folders import HubFolders
from autograder.hub.layout import COURSE, EXCHANGE, JUPYTER, home_of
from autograder.hub.limits import Limits
from autograder.hub.people import Person
from autograder.sandbox.layout import CODE, TEMPORARY
from autograder.sandbox.visible import (
    data,
    own_packages,
    package_folders,
    programs,
    python,
    shown,
)

_SETTINGS = (
    "/etc/bash.bashrc",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/hosts",
    "/etc/inputrc",
    "/etc/profile",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/terminfo",
)
_TEMPORARY_BYTES = 2_000_000_000  # of /tmp and of /dev/shm, in memory


def enclosed(
    command: Sequence[str],
    person: Person,
    folders: HubFolders,
    course_id: str,
    root: Path,
    limits: Limits | None = None,
    *,
    ends_with_hub: bool = False,
) -> list[str]:
    """Return the command line that runs `command` behind the wall, as `person`.

    Parameters
    ----------
    root : Path
        The folder that holds solutions/ and labs/, for the staff's shared server.
    ends_with_hub : bool
        Whether it is killed with the process that starts it.
    """
    limits = limits or Limits()
    hidden = [folders.course, root / "solutions"]
    return [
        shutil.which("bwrap") or "bwrap",
        *(["--die-with-parent"] if ends_with_hub else []),
        *("--unshare-ipc", "--unshare-pid", "--unshare-cgroup-try", "--as-pid-1"),
        *_as_user(person),
        *("--proc", "/proc", "--dev", "/dev"),
        *programs(),
        *(word for name in _SETTINGS for word in shown(name, name)),
        *python(hidden),
        *_without_node(),
        *own_packages(["."]),
        *data(),
        *_people(folders),
        *_scratch(),
        *_bound(folders.home(person.name), home_of(person.name)),
        *shown(str(folders.jupyter / person.role), str(JUPYTER)),
        *_rooms(person, folders, course_id, root),
        *("--remount-ro", "/", "--chdir", str(start_folder(person)), "--"),
        *(sys.executable, "-P", "-m", "autograder.hub.inside"),
        *(str(person.uid), str(person.gid), str(limits.address_bytes)),
        *(str(limits.num_processes), str(limits.file_bytes), *command),
    ]


def exchange_of_grader(folders: HubFolders) -> PurePosixPath:
    """Return where the staff's server has the exchange: where course.yaml says."""
    if folders.exchange == folders.hub / "exchange":
        return COURSE / "hub" / "exchange"
    return PurePosixPath(folders.exchange)


def start_folder(person: Person) -> PurePosixPath:
    """Return where a server starts, and what its file browser shows."""
    return COURSE if person.role == "grader" else home_of(person.name)


def environment(person: Person) -> dict[str, str]:
    """Return the variables that every server has; nothing of the hub's own."""
    programs_of_python = str(Path(sys.executable).parent)
    path = [programs_of_python, "/usr/local/bin", "/usr/bin", "/bin"]
    own = {
        "HOME": str(home_of(person.name)),
        "USER": person.name,
        "LOGNAME": person.name,
        "SHELL": "/bin/bash",
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": os.pathsep.join([CODE, *package_folders()]),
        "TMPDIR": TEMPORARY,
        "JUPYTER_CONFIG_PATH": str(JUPYTER),
        "JUPYTER_RUNTIME_DIR": f"{TEMPORARY}/jupyter",
        "LECTUREKIT_CACHE": "/opt/data",
        "FLWR_TELEMETRY_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    if person.role == "grader":
        own |= {
            # Whatever starts a kernel here runs it as a submission is run.
            "JUPYTER_DEFAULT_PROVISIONER_NAME": "lecturekit-sandbox",
            "AUTOGRADER_COURSE": str(COURSE),
            "AUTOGRADER_ROOT": CODE,
        }
    return own


def _as_user(person: Person) -> Iterator[str]:
    if os.getuid() != 0:
        yield from ("--unshare-user", "--uid", str(person.uid))
        yield from ("--gid", str(person.gid))


def _without_node() -> Iterator[str]:
    """Cover Node.js: JupyterLab would ask it for a setting, a second of every start."""
    for name in ("node", "npm"):
        path = shutil.which(name)
        if path is not None and os.path.realpath(path).startswith("/usr/"):
            yield from ("--ro-bind", os.devnull, os.path.realpath(path))


def _people(folders: HubFolders) -> Iterator[str]:
    for name in ("passwd", "group"):
        yield from shown(str(folders.etc / name), f"/etc/{name}")


def _scratch() -> Iterator[str]:
    for place in (TEMPORARY, "/dev/shm"):
        yield from ("--size", str(_TEMPORARY_BYTES), "--perms", "1777")
        yield from ("--tmpfs", place)


def _rooms(
    person: Person, folders: HubFolders, course_id: str, root: Path
) -> Iterator[str]:
    """Bind what this person works with."""
    if person.role == "grader":
        yield from _bound(folders.course, COURSE)
        for name in ("course.yaml", "students.csv"):  # who may do what: root decides
            yield from shown(str(folders.course / name), f"{COURSE}/{name}")
        yield from ("--tmpfs", f"{COURSE}/hub")
        yield from _bound(folders.exchange, exchange_of_grader(folders))
        yield from shown(str(folders.users), f"{COURSE}/hub/users.json")
        yield from ("--remount-ro", f"{COURSE}/hub")
        for name in ("solutions", "labs"):
            yield from shown(str(root / name), f"{CODE}/{name}")
        return
    # nbgrader asks for an exchange that can be written to; there is nothing in it but
    # the course, of which only `inbound` can be.
    course = folders.exchange / course_id
    yield from ("--perms", "0777", "--size", "1000000", "--tmpfs", str(EXCHANGE))
    yield from shown(str(course), str(EXCHANGE / course_id))
    yield from _bound(course / "inbound", EXCHANGE / course_id / "inbound")


def _bound(path: Path, target: PurePosixPath) -> Iterator[str]:
    yield from ("--dir", str(target.parent), "--bind", str(path), str(target))


def write_people(folders: HubFolders, everybody: Iterable[Person]) -> None:
    """Write the lists of users that servers see: nbgrader asks whose a file is."""
    everybody = sorted(everybody, key=lambda person: person.name)
    passwd = ["root:x:0:0:root:/root:/usr/sbin/nologin"]
    passwd += [
        f"{p.name}:x:{p.uid}:{p.gid}::{home_of(p.name)}:/bin/bash" for p in everybody
    ]
    passwd += ["nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin"]
    groups = ["root:x:0:", *(f"{p.name}:x:{p.gid}:" for p in everybody)]
    groups += ["nogroup:x:65534:"]
    for name, lines in (("passwd", passwd), ("group", groups)):
        path = folders.etc / name
        text = "\n".join(lines) + "\n"
        if not path.exists() or path.read_text() != text:
            # Written in place: what running servers have bound is this very file.
            path.write_text(text)
            path.chmod(0o644)
