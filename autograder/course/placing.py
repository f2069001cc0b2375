"""A student's folder in `submitted/`: written complete, compared, set aside.

What stands there is never deleted: a newer hand-in takes its place in one step, and the
old one moves to `replaced/<student>/<lab>/<number>/`.
"""

import datetime
import hashlib
import os
import shutil
from pathlib import Path
from typing import Literal

Placed = Literal["taken", "replaced", "unchanged", "older"]

TIMESTAMP = "timestamp.txt"
_TICK = datetime.timedelta(seconds=2)  # a zip archive's clock


def place_files(
    place: Path,
    content: dict[Path, bytes],
    changed: datetime.datetime,
    handed_in: datetime.datetime | None,
    *,
    is_sure: bool,
) -> Placed:
    """Write a student's files to `place`, unless what is there is the same or newer.

    Parameters
    ----------
    content : dict of Path to bytes
        The notebook and the files beside it, by their path below `place`.
    changed : datetime
        When the notebook was changed, as far as the download tells.
    handed_in : datetime or None
        What nbgrader shall take for the time of handing in.
    is_sure : bool
        True if `handed_in` beats what is written there.
    """
    status: Placed = "taken"
    if os.path.lexists(place):
        if _digest_of_folder(place) == _digest(content):
            if handed_in is not None and (is_sure or read_timestamp(place) is None):
                write_timestamp(place, handed_in)
            return "unchanged"
        if changed <= _changed(place) + _TICK:
            return "older"
        status = "replaced"
    prepared = place.with_name(f".{place.name}.taken")
    shutil.rmtree(prepared, ignore_errors=True)
    for path, text in content.items():
        target = prepared / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
    if handed_in is not None:
        write_timestamp(prepared, handed_in)
    os.utime(prepared / f"{place.name}.ipynb", (changed.timestamp(),) * 2)
    if status == "replaced":
        set_aside(place)
    prepared.rename(place)
    return status


def set_aside(place: Path) -> None:
    """Move what stands at submitted/<student>/<lab> to replaced/<student>/<lab>/<n>."""
    course = place.parents[2]
    aside = course / "replaced" / place.parent.name / place.name
    aside.mkdir(parents=True, exist_ok=True)
    number = 1 + max(
        (int(p.name) for p in aside.iterdir() if p.name.isdigit()), default=0
    )
    place.rename(aside / f"{number}")


def _changed(place: Path) -> datetime.datetime:
    """Return when what stands at `place` was made, as far as files tell."""
    notebooks = [p for p in place.glob("*.ipynb") if p.is_file()] or [place]
    newest = max(path.lstat().st_mtime for path in notebooks)
    return datetime.datetime.fromtimestamp(newest, datetime.UTC)


def _digest(content: dict[Path, bytes]) -> str:
    parts = sorted((str(path), hashlib.sha256(text)) for path, text in content.items())
    return repr([(name, digest.hexdigest()) for name, digest in parts])


def _digest_of_folder(place: Path) -> str:
    found = {
        path.relative_to(place): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name != TIMESTAMP
    }
    return _digest(found)


def read_timestamp(place: Path) -> datetime.datetime | None:
    """Return what timestamp.txt says, None if there is none that can be read."""
    try:
        text = (place / TIMESTAMP).read_text(encoding="utf-8")[:100].strip()
        stamp = datetime.datetime.fromisoformat(text.removesuffix(" UTC"))
    except (OSError, ValueError):
        return None
    return stamp.replace(tzinfo=stamp.tzinfo or datetime.UTC)


def write_timestamp(place: Path, handed_in: datetime.datetime) -> None:
    """Write the time as nbgrader's exchange does."""
    moment = handed_in.astimezone(datetime.UTC).replace(tzinfo=None)
    (place / TIMESTAMP).write_text(f"{moment} UTC\n", encoding="utf-8")
