"""Where things stand inside the wall: the same for every submission.

So a path in a traceback, or a printed current directory, says nothing about the machine
or the run, and the same answer gives the same outputs.
"""

HOME = "/home/student"
WORK = "/home/student/work"
TEMPORARY = "/tmp"
CODE = "/opt/lecturekit"
"""Our two packages, as far as a kernel needs them."""
SCRATCH = "/run/scratch"
"""Where a fork mounts its memory file system before it is bound to its places."""

UID = 65_533
"""Who a submission is where the grader is root: nobody that owns anything."""

CHANNEL_VARIABLE = "LECTUREKIT_CHANNEL"
"""The environment variable that holds the number of the kernel's channel."""
