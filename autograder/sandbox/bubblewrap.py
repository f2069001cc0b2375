"""The first wall: what bubblewrap shows to a zygote and its forks.

The file system is built up from nothing. Programs, libraries, this Python with its
packages, our two packages as far as a kernel needs them, and the data sets that
`lecturekit.data` has prepared are bound into it, read only; everything else (homes,
courses, submissions, gradebooks, solutions, mounted disks) does not exist. There is no
network but an own loopback, and no process is in sight but the zygote's.

Root runs bubblewrap as root, so that it can bind a Python that stands in root's home;
the zygote then becomes an unprivileged user before it does anything else.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.layout import CODE, DATA, HOME, SCRATCH, TEMPORARY
from lecturekit.data.cache import cache_folder

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = (
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/timezone",
    "/sys/devices/system/cpu",  # how many cores there are
)
# What of `autograder` a kernel needs; the rest stays outside.
_AUTOGRADER = ("__init__.py", "errors.py", "judging", "sandbox")


def is_installed() -> bool:
    """Return whether there is a `bwrap` to be run."""
    return shutil.which("bwrap") is not None


def bubblewrap(
    hidden: Iterable[Path], users: Path, scratch: Bounds | None
) -> list[str]:
    """Return the command line that is put before a zygote's own.

    Parameters
    ----------
    hidden : iterable of Path
        What must not be visible even where it stands below something that is.
    users : Path
        A file in the format of /etc/passwd that names the submission's user.
    scratch : Bounds or None
        If given, room for scratch files is made here, for a zygote whose forks cannot
        mount their own.
    """
    return [
        *(shutil.which("bwrap") or "bwrap", "--die-with-parent"),
        *("--hostname", "sandbox", "--unshare-uts"),
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-cgroup-try"),
        *(() if os.getuid() == 0 else ("--unshare-user",)),
        *("--proc", "/proc", "--dev", "/dev"),
        *_programs(),
        *_python(hidden),
        *_own_packages(),
        *_data(),
        *_shown(str(users), "/etc/passwd"),
        *("--dir", SCRATCH, "--dir", HOME),
        *_scratch(scratch),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"),
    ]


def _programs() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM:
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        elif os.path.isdir(name):
            yield from ("--ro-bind", name, name)
    for name in _SETTINGS:
        yield from _shown(name, name)


def _python(hidden: Iterable[Path]) -> Iterator[str]:
    """Show this Python; then hide, then show again what stands below the hidden."""
    shown = set(python_paths())
    below_shown = {
        path
        for path in map(str, hidden)
        if any(_is_below(path, parent) for parent in (*shown, "/usr"))
    }
    for path in sorted(shown | below_shown, key=lambda path: path.count("/")):
        if path in shown:
            yield from _shown(path, path)
        elif os.path.isdir(path):
            yield from ("--tmpfs", path, "--remount-ro", path)
        elif os.path.exists(path):
            yield from ("--ro-bind", os.devnull, path)


def python_paths() -> Iterator[str]:
    """Yield the folders, and the links to a file in them, that this Python needs."""
    folders = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    folders |= {os.path.realpath(folder) for folder in folders}
    folders |= set(package_folders())
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    home = str(Path.home())
    folders |= {
        path
        for path in libraries
        if os.path.isabs(path) and path != home and not _is_below(home, path)
    }
    folders = {f for f in folders if os.path.isdir(f) and f not in ("/", "/usr")}
    folders -= {f for f in folders if _is_below(f, "/usr")}
    yield from folders
    program = sys.executable
    while os.path.islink(program):
        program = os.path.join(os.path.dirname(program), os.readlink(program))
        program = os.path.normpath(program)
        if not any(_is_below(program, folder) for folder in (*folders, "/usr")):
            yield program


def package_folders() -> list[str]:
    """Return the folders of packages that this Python was told of from outside."""
    prefixes = ("/usr", sys.prefix, sys.base_prefix)
    return [
        path
        for path in sys.path
        if path.endswith("-packages")
        and not any(_is_below(path, prefix) for prefix in prefixes)
    ]


def _own_packages() -> Iterator[str]:
    for package, names in (("lecturekit", (".",)), ("autograder", _AUTOGRADER)):
        folder = package_folder(package)
        for path in (folder / name for name in names):
            if path.exists():
                target = Path(CODE, package, path.relative_to(folder))
                yield from _shown(str(path), str(target))


def _data() -> Iterator[str]:
    folder = cache_folder()
    if folder is not None:
        yield from _shown(str(folder.resolve()), DATA)


def _shown(path: str, target: str) -> Iterator[str]:
    """Bind one path, if it exists.

    What bubblewrap makes on the way to a file is root's only, so that is made first.
    """
    yield from ("--dir", os.path.dirname(target), "--ro-bind-try", path, target)


def _scratch(bounds: Bounds | None) -> Iterator[str]:
    places = [(TEMPORARY, "1777")]
    if bounds is not None:
        places += [(HOME, "0777"), ("/dev/shm", "1777")]
    for place, permissions in places:
        if bounds is not None:
            yield from ("--size", str(bounds.scratch_bytes))
        yield from ("--perms", permissions, "--tmpfs", place)


def package_folder(package: str) -> Path:
    """Return the folder of one of our packages."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]).resolve()


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
