"""Files out of a zip archive or a folder, whatever somebody has put into it.

Nothing is unpacked by name: a file is a list of plain path parts and a way to read it,
and the reader stops at a limit. So no entry can leave its folder, no small archive can
become a large one, and a link is never followed. What is refused is told in one
sentence, and the next file is read.
"""

import datetime
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_FILES = 50_000
MAX_FILE_BYTES = 100_000_000
MAX_TOTAL_BYTES = 4_000_000_000
_CHUNK = 1 << 20


class RefusedError(Exception):
    """A file that is not read; the message says why, in one sentence."""


@dataclass(frozen=True)
class File:
    """One file of an archive or a folder.

    Parameters
    ----------
    parts : tuple of str
        Its path below the archive or the folder; safe names, the last is the file's.
    changed : datetime
        When it was last changed. Without a time zone if the archive names none: then it
        is the local time of the machine that made the archive.
    open : callable
        Opens it for reading.
    """

    parts: tuple[str, ...]
    changed: datetime.datetime
    open: Callable[[], BinaryIO]

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """Return the content.

        Raises
        ------
        RefusedError
            If it has more than `limit` bytes or cannot be read.
        """
        content = bytearray()
        try:
            with self.open() as stream:
                while chunk := stream.read(_CHUNK):
                    content += chunk
                    if len(content) > limit:
                        raise RefusedError(
                            f"expected at most {limit / 1e6:g} MB, got more"
                        )
        except (OSError, RuntimeError, NotImplementedError, EOFError) as error:
            raise RefusedError(f"it cannot be read: {error}") from None
        except (zipfile.BadZipFile, zlib.error) as error:
            raise RefusedError(f"it is damaged: {error}") from None
        return bytes(content)


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why."""

    name: str
    reason: str


def open_zip(source: Path | bytes) -> zipfile.ZipFile:
    """Open a zip archive, a file or one that was itself a file of an archive.

    Raises
    ------
    RefusedError
        If it is none, or a damaged one.
    """
    try:
        return zipfile.ZipFile(
            io.BytesIO(source) if isinstance(source, bytes) else source
        )
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise RefusedError(f"expected a zip archive, got: {error}") from None


def files_of_zip(archive: zipfile.ZipFile) -> Iterator[File | Refused]:
    """Yield the files of an open archive."""
    total = 0
    for number, info in enumerate(archive.infolist()):
        name = _name(info)
        if info.is_dir() or name.endswith("/"):
            continue
        if number >= MAX_FILES:
            yield Refused(name, f"expected at most {MAX_FILES} files, got more")
            return
        total += info.file_size
        try:
            if total > MAX_TOTAL_BYTES:
                raise RefusedError(f"the archive has over {MAX_TOTAL_BYTES / 1e9:g} GB")
            if info.flag_bits & 0x1:
                raise RefusedError("it is encrypted")
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise RefusedError("expected a file, got a link or a special file")
            if info.file_size > MAX_FILE_BYTES:
                limit = MAX_FILE_BYTES / 1e6
                raise RefusedError(f"expected at most {limit:g} MB, got more")
            yield File(_safe_parts(name), _changed(info), _opener(archive, info))
        except RefusedError as refused:
            yield Refused(name, str(refused))


def files_of_folder(folder: Path) -> Iterator[File | Refused]:
    """Yield the files below a folder, sorted; links are refused."""
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number >= MAX_FILES:
            yield Refused(path.name, f"expected at most {MAX_FILES} files, got more")
            return
        if path.is_symlink() or not path.is_dir():
            yield file_at(path, folder)


def file_at(path: Path, folder: Path | None = None) -> File | Refused:
    """Return the file at `path`, named by its place below `folder`."""
    name = str(path.relative_to(folder or path.parent))
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("expected a file, got a link or a special file")
        if status.st_size > MAX_FILE_BYTES and path.suffix.lower() != ".zip":
            raise RefusedError(
                f"expected at most {MAX_FILE_BYTES / 1e6:g} MB, got more"
            )
        changed = datetime.datetime.fromtimestamp(status.st_mtime, datetime.UTC)
        return File(_safe_parts(name), changed, _path_opener(path))
    except (OSError, RefusedError) as refused:
        return Refused(name, str(refused))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: archive.open(info)  # type: ignore[return-value]  # IO[bytes]


def _path_opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _safe_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a path that stays below where it is put."""
    parts = [p for p in name.replace("\\", "/").split("/") if p not in ("", ".")]
    is_absolute = name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":")
    if is_absolute or ".." in parts or not parts:
        raise RefusedError("expected a path inside the archive, got one that leaves it")
    if any(len(part.encode("utf-8", "replace")) > 255 for part in parts):
        raise RefusedError("expected names of at most 255 bytes, got a longer one")
    if any(not c.isprintable() for part in parts for c in part):
        parts = ["".join(c if c.isprintable() else "_" for c in p) for p in parts]
    return tuple(parts)


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; zip's oldest encoding is often UTF-8 unannounced."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _changed(info: zipfile.ZipInfo) -> datetime.datetime:
    """Return when an entry was changed: in UTC where the archive says so."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field = extra[4 : 4 + size]
        if kind == 0x5455 and len(field) >= 5 and field[0] & 1:  # Info-ZIP's timestamp
            (seconds,) = struct.unpack("<i", field[1:5])
            return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        extra = extra[4 + size :]
    try:
        return datetime.datetime(*info.date_time)
    except ValueError:
        return datetime.datetime(1980, 1, 1)
