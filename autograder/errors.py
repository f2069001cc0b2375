"""What a user did that cannot be carried out, said in one sentence."""

import errno
import os
import shutil

from lecturekit.errors import UserError

__all__ = ["UserError", "is_full_disk", "said_of"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def is_full_disk(error: BaseException) -> bool:
    """Return True if an error says that a disk is full, or its owner's share of it."""
    if isinstance(error, shutil.Error):  # of a folder: (source, target, text) a file
        return any(os.strerror(number) in str(error) for number in _FULL)
    return isinstance(error, OSError) and error.errno in _FULL


def said_of(error: OSError) -> str:
    """Return what a user can do about a fault of the system, "" if it is none such."""
    where = f" in {error.filename}" if error.filename else ""
    if is_full_disk(error):
        return (
            f"expected room on the disk{where}, got a full disk: make room, run again"
        )
    if error.errno in _FORBIDDEN:
        return (
            f"expected the right to do it{where}, got: {error.strerror}; run it as the "
            "user whom the course belongs to"
        )
    return ""
