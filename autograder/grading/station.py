"""Where a worker marks: a sandbox and a judge, kept warm between submissions.

A `Station` says what to set up; it is plain data that travels to a worker process or to
another machine. Entering it there sets it up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.lab import Lab
from autograder.grading.execute import KernelExecutor
from autograder.grading.imports import modules_of
from autograder.grading.limits import Limits
from autograder.grading.marking import Marker
from autograder.grading.release import Release
from autograder.judging.judge import Judge
from autograder.judging.limits import JudgeLimits
from autograder.judging.signatures import Signatures
from autograder.sandbox import Sandbox, Share
from autograder.sandbox.protection import UNSAFE, WALLS

_KERNEL_SIDE = "autograder.judging.kernel_side"


@dataclass(frozen=True)
class Station:
    """What every worker of a batch has.

    Parameters
    ----------
    release : Release
        What submissions are marked against.
    limits : Limits
        What a submission may use.
    lab : Lab
        Its source: what the judge sets up, and what notebooks import.
    signatures : Signatures
        What the lab's wrong answers say in its tests.
    hidden : tuple of Path
        What no submission may see, wherever the course stands.
    unsafe : bool
        Run submissions without a wall.
    """

    release: Release
    limits: Limits
    lab: Lab
    signatures: Signatures
    hidden: tuple[Path, ...]
    unsafe: bool = False

    @contextmanager
    def marker(self, share: Share | None = None) -> Iterator[Marker]:
        """Set up, and yield who marks here.

        Parameters
        ----------
        share : Share or None
            In a sandbox that stands already; without one, a new one is made.
        """
        with (
            Judge.of_lab(self.lab, _judge_limits(self.limits)) as judge,
            sandbox_of(self.lab, self.hidden, self.unsafe, share) as sandbox,
        ):
            executor = KernelExecutor(self.limits, sandbox, judge)
            yield Marker(self.release, self.limits, executor, self.signatures)


def _judge_limits(limits: Limits) -> JudgeLimits:
    usual = JudgeLimits()
    return JudgeLimits(
        call_s=min(usual.call_s, limits.cell_s),
        test_s=limits.cell_s,
        interrupt_s=limits.interrupt_s,
    )


def sandbox_of(
    lab: Lab,
    hidden: tuple[Path, ...],
    unsafe: bool,
    share: Share | None = None,
) -> Sandbox:
    """Return a sandbox that imports what notebooks of `lab` do, meanwhile.

    Raises
    ------
    UserError
        If nothing isolates submissions on this machine and `unsafe` was not said.
    """
    modules = (*modules_of(lab), _KERNEL_SIDE)
    modes = UNSAFE if unsafe else WALLS
    return Sandbox(modules, hidden=hidden, modes=modes, share=share)
