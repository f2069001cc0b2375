"""Where things stand inside the wall: the same for every submission.

So a path in a traceback, or a printed current directory, says nothing about the machine
or the run, and the same answer gives the same outputs.
"""

import sys

HOME = "/home/student"
WORK = "/home/student/work"
_PACKAGES = [path for path in sys.path if path.endswith("-packages")]
_IN_TMP = any(path.startswith("/tmp/") for path in (sys.prefix, *_PACKAGES))
TEMPORARY = "/run/tmp" if _IN_TMP else "/tmp"
"""Its own for every submission, so it must not cover this Python and its packages."""
CODE = "/opt/lecturekit"
"""Our two packages, as far as a kernel needs them."""
DATA = "/opt/data"
"""The prepared data sets of `lecturekit.data`, or nothing if there are none yet."""
SCRATCH = "/run/scratch"
"""Where a fork mounts its memory file system before it is bound to its places."""

UID = 65_533
"""Who a submission is where the grader is root: nobody that owns anything."""
