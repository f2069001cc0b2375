"""A fresh place on disk for one submission to run in.

    <workspace>/work     the current directory: the student's data files, nothing else
    <workspace>/home     HOME and IPython's profile, so that nothing outlives the run
    <workspace>/tmp      temporary files
    <workspace>/k.json   how to reach the kernel, and its sockets beside it

No notebook is copied here: the graded one holds the hidden tests.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.intake import Submission

_MAX_SOCKET_PATH = 80  # the system's limit is 107 bytes; sockets add a suffix


@dataclass(frozen=True)
class Workspace:
    """The folders of one run."""

    root: Path

    @property
    def work(self) -> Path:
        """The kernel's current directory."""
        return self.root / "work"

    @property
    def connection_file(self) -> Path:
        """Where the kernel reads its addresses."""
        return self.root / "k.json"

    @property
    def socket_prefix(self) -> str:
        """The kernel's sockets are this path and a suffix each."""
        return str(self.root / "s")

    def environment(self) -> dict[str, str]:
        """Return all the environment variables that student code sees."""
        passed_on = {
            name: os.environ[name]
            for name in ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
            if name in os.environ
        }
        home = str(self.root / "home")
        return {
            **passed_on,
            "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
            ),
            "HOME": home,
            "IPYTHONDIR": home,
            "TMPDIR": str(self.root / "tmp"),
            "FLWR_TELEMETRY_ENABLED": "0",
            "JPY_PARENT_PID": str(os.getpid()),  # the kernel ends when the grader does
            "NBGRADER_EXECUTION": "autograde",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",  # the same answer gets the same mark
            "PYTHONWARNINGS": "ignore",
            "TQDM_DISABLE": "1",
        }


@contextmanager
def workspace(submission: Submission) -> Iterator[Workspace]:
    """Make a workspace with the submission's data files; remove it afterwards."""
    parent = tempfile.gettempdir()
    if len(parent) > _MAX_SOCKET_PATH - len("/grade-12345678/s"):
        parent = "/tmp"
    root = Path(tempfile.mkdtemp(prefix="grade-", dir=parent))
    try:
        for name in ("work", "home", "tmp"):
            (root / name).mkdir()
        copy_files(submission.folder, submission.files, root / "work")
        yield Workspace(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def copy_files(folder: Path, names: Iterable[str], target: Path) -> None:
    """Copy a submission's data files from its folder to the folder `target`."""
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, path, follow_symlinks=False)
