"""What a walled-in process may read: programs, this Python, our packages, data sets.

Each function yields bubblewrap's options that bind it, read only. Everything that no
option binds does not exist behind the wall.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from autograder.sandbox.layout import CODE, DATA
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


def programs() -> Iterator[str]:
    """Show what the system has installed, and how it is set up."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM:
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        elif os.path.isdir(name):
            yield from ("--ro-bind", name, name)
    for name in _SETTINGS:
        yield from shown(name, name)


def python(hidden: Iterable[Path]) -> Iterator[str]:
    """Show this Python; then hide, then show again what stands below the hidden."""
    visible = set(python_paths())
    below_visible = {
        path
        for path in map(str, hidden)
        if any(_is_below(path, parent) for parent in (*visible, "/usr"))
    }
    for path in sorted(visible | below_visible, key=lambda path: path.count("/")):
        if path in visible:
            yield from shown(path, path)
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


def own_packages(autograder: Iterable[str]) -> Iterator[str]:
    """Show `lecturekit`, and of `autograder` the files and folders of these names."""
    for package, names in (("lecturekit", (".",)), ("autograder", autograder)):
        folder = package_folder(package)
        for path in (folder / name for name in names):
            if path.exists():
                target = Path(CODE, package, path.relative_to(folder))
                yield from shown(str(path), str(target))


def data() -> Iterator[str]:
    """Show the data sets that `lecturekit.data` has prepared, if there are any."""
    folder = cache_folder()
    if folder is not None:
        yield from shown(str(folder.resolve()), DATA)


def shown(path: str, target: str) -> Iterator[str]:
    """Bind one path, if it exists.

    What bubblewrap makes on the way to a file is root's only, so that is made first.
    """
    yield from ("--dir", os.path.dirname(target), "--ro-bind-try", path, target)


def package_folder(package: str) -> Path:
    """Return the folder of one of our packages."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]).resolve()


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
