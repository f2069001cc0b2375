"""A full disk, said in one sentence, with nothing half done left behind."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import UserError, is_full_disk


@contextmanager
def room_for(what: str, prepared: Path) -> Iterator[None]:
    """Write to `prepared` inside; if the disk is full, remove it and say so.

    Parameters
    ----------
    what : str
        What is written, for instance "the release of lab01".
    prepared : Path
        A file or folder that is not yet in its place.
    """
    try:
        yield
    except BaseException as error:
        _remove(prepared)
        if is_full_disk(error):
            raise full_disk(what, prepared.parent) from None
        raise


def full_disk(what: str, folder: Path) -> UserError:
    """Return the sentence about a full disk."""
    return UserError(
        f"expected room for {what} in {folder}, got a full disk: nothing of it "
        "was changed; make room and run this again"
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
