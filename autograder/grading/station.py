"""Where a worker marks: its sandbox, kept warm from one submission to the next.

A `Station` says what to set up; it is plain data that travels to a worker process or to
another machine. Entering it there sets it up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.execute import KernelExecutor
from autograder.grading.limits import Limits
from autograder.grading.marking import Marker
from autograder.grading.release import Release
from autograder.sandbox import Sandbox
from autograder.sandbox.protection import UNSAFE, WALLS


@dataclass(frozen=True)
class Station:
    """What every worker of a batch has.

    Parameters
    ----------
    release : Release
        What submissions are marked against.
    limits : Limits
        What a submission may use.
    modules : tuple of str
        What notebooks import, so that a worker imports it once.
    hidden : tuple of Path
        What no submission may see, wherever the course stands.
    unsafe : bool
        Run submissions without a wall.
    """

    release: Release
    limits: Limits
    modules: tuple[str, ...]
    hidden: tuple[Path, ...]
    unsafe: bool = False

    @contextmanager
    def marker(self) -> Iterator[Marker]:
        """Set up, and yield who marks here."""
        with _sandbox(self.modules, self.hidden, self.unsafe) as sandbox:
            executor = KernelExecutor(self.limits, sandbox)
            yield Marker(self.release, self.limits, executor)


def check_isolation(hidden: tuple[Path, ...], *, unsafe: bool) -> None:
    """Try whether submissions can be isolated on this machine.

    Raises
    ------
    UserError
        If nothing isolates them and `unsafe` was not said.
    """
    _sandbox((), hidden, unsafe).close()


def _sandbox(
    modules: tuple[str, ...], hidden: tuple[Path, ...], unsafe: bool
) -> Sandbox:
    return Sandbox(modules, hidden=hidden, modes=UNSAFE if unsafe else WALLS)
