"""Where a server finds things, behind its wall: the same on every machine."""

from pathlib import PurePosixPath

HOMES = PurePosixPath("/home")
EXCHANGE = PurePosixPath("/srv/exchange")
"""What students take labs from and hand them in to."""
COURSE = PurePosixPath("/srv/course")
"""The course folder; in the staff's shared server only."""
JUPYTER = PurePosixPath("/opt/hub/jupyter")
"""What is switched on in this server's JupyterLab."""


def home_of(user: str) -> PurePosixPath:
    """Return the home folder of `user`."""
    return HOMES / user
