"""The password with which somebody logs in for the first time.

Each follows from a secret of the hub and the person's id, so none is kept: the staff
print the list when they need it, and send each person theirs. Who has logged in chooses
another one (Change Password, on the hub's pages). Without such a first password,
whoever signs up as somebody else first would be them.
"""

import base64
import hmac
import os
import secrets
from pathlib import Path

_NUM_LETTERS = 12  # 60 bits


def first_password(hub: Path, name: str) -> str:
    """Return the first password of `name`, such as abcd-efgh-ijkl.

    Parameters
    ----------
    hub : Path
        The hub's own folder, where the secret is kept; it is made if it is missing.
    """
    digest = hmac.digest(_secret(hub / "first_passwords.key"), name.encode(), "sha256")
    letters = base64.b32encode(digest).decode().lower()[:_NUM_LETTERS]
    return "-".join(letters[i : i + 4] for i in range(0, _NUM_LETTERS, 4))


def _secret(path: Path) -> bytes:
    if not path.exists():
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        new.replace(path)
    return path.read_bytes()
