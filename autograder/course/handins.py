"""The files of a download, sorted by who handed them in.

A download is an archive of a platform's, a folder with the same files, or a folder of
such archives.
"""

import datetime
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from autograder.course.archive import (
    File,
    Refused,
    RefusedError,
    file_at,
    files_of_folder,
    files_of_zip,
    open_zip,
)
from autograder.course.platforms import Source, source_of
from autograder.errors import UserError

_BUNCHED = datetime.timedelta(minutes=15)
_FRESH = datetime.timedelta(days=2)
_JUNK = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")


@dataclass
class HandIn:
    """What one student handed in, still in its archive.

    Parameters
    ----------
    origin : str
        The archive's name.
    source : Source
        Whose it is, by the path of its first file.
    files : list of File
        Its files, each with its path below what the student handed in.
    has_times : bool
        True if the files' times are when they were handed in, not when somebody
        downloaded them.
    """

    origin: str
    source: Source
    files: list[File] = field(default_factory=list)
    has_times: bool = True


def read_download(
    path: Path, lab: str, stack: ExitStack
) -> tuple[list[HandIn], list[Refused]]:
    """Return what students handed in, and the files that were not taken.

    Parameters
    ----------
    stack : ExitStack
        Keeps the archives open for as long as files are read.

    Raises
    ------
    UserError
        If `path` is neither a folder, nor a zip archive, nor a notebook.
    """
    handins: list[HandIn] = []
    refused: list[Refused] = []
    for origin, made, found in _archives(path, stack):
        files = [f for f in found if isinstance(f, File) and not is_junk(f.parts)]
        refused += [f for f in found if isinstance(f, Refused)]
        has_times = made is None or not _is_download_time(files, made)
        files = _below_a_common_folder(files, lab)
        # Of a folder of archives, each may be one student's.
        student = PurePosixPath(origin).stem if made and path.is_dir() else ""
        is_flat = len({file.parts[:-1] for file in files}) == 1
        of: dict[tuple[str, str, str], HandIn] = {}
        for file in files:
            source = source_of(file.parts, is_flat=is_flat)
            source = _named_by_its_archive(source, lab, student)
            if source is None:
                name = "/".join(file.parts)
                refused.append(Refused(name, "expected a student's notebook"))
                continue
            key = (source.platform, source.number, "" if source.number else source.name)
            handin = of.setdefault(key, HandIn(origin, source, [], has_times))
            handin.files.append(File(source.path, file.changed, file.open))
        handins += of.values()
    return handins, refused


def _archives(
    path: Path, stack: ExitStack
) -> Iterator[tuple[str, datetime.datetime | None, list[File | Refused]]]:
    """Yield (name, when it was made, files) of each archive, and of a folder itself.

    A folder's files have the times that the file system gave them: nobody made it.
    """
    if not path.exists():
        raise UserError(f"expected a zip archive or a folder, found no {path}")
    if path.is_dir():
        loose: list[File | Refused] = []
        for file in files_of_folder(path):
            if isinstance(file, File) and _is_platforms_archive(file.parts):
                yield from _opened(path / file.parts[0], stack)
            else:
                loose.append(file)
        if loose:
            yield path.name, None, loose
    elif path.suffix.lower() == ".ipynb":
        yield path.name, None, [file_at(path)]
    else:
        yield from _opened(path, stack)


def _opened(
    path: Path, stack: ExitStack
) -> Iterator[tuple[str, datetime.datetime | None, list[File | Refused]]]:
    made = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    try:
        files = list(files_of_zip(stack.enter_context(open_zip(path))))
    except RefusedError as refused:
        files = [Refused(path.name, str(refused))]
    yield path.name, made, files


def _is_platforms_archive(parts: tuple[str, ...]) -> bool:
    """Return True for a zip in the top folder that is not some student's own."""
    if len(parts) > 1 or not parts[0].lower().endswith(".zip"):
        return False
    source = source_of(parts, is_flat=True)
    return source is None


def is_junk(parts: tuple[str, ...]) -> bool:
    """Return True for what systems and editors leave behind, and for hidden files."""
    return any(part in _JUNK for part in parts) or parts[-1].startswith(".")


def _is_download_time(files: list[File], made: datetime.datetime) -> bool:
    """Return True if the archive's times say only when somebody downloaded it.

    Moodle (since 3.10) and Canvas stamp each file with the moment at which it went into
    the archive: all times lie minutes apart, and not long before the archive itself.
    """
    if not files:
        return False
    times = sorted(file.changed.replace(tzinfo=None) for file in files)
    # Half a day either way, for the unknown zone of the server's clock.
    age = made.replace(tzinfo=None) - times[-1] + datetime.timedelta(hours=14)
    is_bunched = times[-1] - times[0] <= _BUNCHED
    return is_bunched and datetime.timedelta() <= age <= _FRESH


def _below_a_common_folder(files: list[File], lab: str) -> list[File]:
    """Return the files without one folder around them all ("submissions/ada/...")."""
    tops = {file.parts[0] for file in files}
    deep = all(len(file.parts) > 2 for file in files)
    if len(tops) != 1 or not deep or any(file.parts[1] == lab for file in files):
        return files
    if not all(_is_plain(source_of(file.parts, is_flat=False)) for file in files):
        return files
    return [File(file.parts[1:], file.changed, file.open) for file in files]


def _is_plain(source: Source | None) -> bool:
    return source is not None and source.platform == "folder"


def _named_by_its_archive(
    source: Source | None, lab: str, origin: str
) -> Source | None:
    """Return the source of a plain file, with the student's name without the lab's.

    A file with the lab's name alone is that of the archive's student: "ada.zip".
    """
    if source is None or source.platform != "folder":
        return source
    parts = [part for part in re.split(rf"(?i){re.escape(lab)}", source.name) if part]
    name = "".join(parts).strip("-_. ") or origin
    return replace(source, name=name) if name else None
