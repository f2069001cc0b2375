"""Where submissions run: warm kernels behind a wall.

What a submission gets is an ordinary IPython kernel that starts in a moment, because
it is a fork of a *zygote* that has imported torch and Flower already. What it does not
get is anything else:

* first wall (`bubblewrap`): no network, no file but programs and libraries, read only;
* second wall (`inside.wall`): nothing of the zygote's other forks, a scratch space of
  limited size that vanishes with it;
* supervisor (`inside.supervisor`): limits, and the death of all that it started.

A zygote divides, so that graders side by side share what one of them has imported.

Where user namespaces cannot be nested, each submission gets a bubblewrap of its own
("cold"): as safe, but it imports everything anew. Where bubblewrap cannot be had at
all, nothing is run unless somebody says "unsafe". Which of them holds is tried, by a
fork that attempts to get out, every time before a batch is graded.

Not protected from: faults of the operating system's kernel; observing how busy the
machine is; using more memory than allowed for the quarter of a second between two looks
of the supervisor (a single process never can).

Code in a kernel can talk with the grader over a *channel*, a connected stream socket:

    process = sandbox.start(place, connection, bounds, has_channel=True)
    process.channel                             # the grader's end
    autograder.sandbox.channel()                # in the kernel: its end
"""

from autograder.sandbox.bounds import Bounds
from autograder.sandbox.channel import channel
from autograder.sandbox.place import Place, new_place, temporary_place
from autograder.sandbox.process import KernelProcess
from autograder.sandbox.protection import Mode, Protection
from autograder.sandbox.sandbox import Sandbox, probe
from autograder.sandbox.zygote import SandboxError, Share

__all__ = [
    "Bounds",
    "KernelProcess",
    "Mode",
    "Place",
    "Protection",
    "Sandbox",
    "SandboxError",
    "Share",
    "channel",
    "new_place",
    "probe",
    "temporary_place",
]
