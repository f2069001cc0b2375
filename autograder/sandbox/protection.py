"""What stands between submissions and the machine, and what does not."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["warm", "cold", "unsafe"]
"""How kernels are started.

warm    forks of one zygote in bubblewrap, each behind a second wall of its own
cold    a bubblewrap and a zygote for each submission: as safe, but slow to start
unsafe  forks of one zygote, with limits, and no wall
"""
WALLS: tuple[Mode, ...] = ("warm", "cold")
"""The modes that isolate submissions, best first."""
UNSAFE: tuple[Mode, ...] = ("unsafe",)
"""No wall at all: for those who said so."""

_ALWAYS = (
    "faults of the operating system's kernel",
    "measuring how busy the machine is",
    "using more memory than allowed for a quarter of a second",
)


@dataclass(frozen=True)
class Protection:
    """What was found to hold when it was tried.

    Parameters
    ----------
    mode : Mode
        How kernels are started.
    escapes : tuple of str
        What a submission was able to do that it should not; empty behind a wall.
    refused : tuple of str
        Why better modes cannot be had.
    """

    mode: Mode
    escapes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def not_protected_from(self) -> tuple[str, ...]:
        """Everything that submissions can still do, as far as we know."""
        return (*self.escapes, *_ALWAYS)

    def __str__(self) -> str:
        what = {
            "warm": "each submission is isolated (bubblewrap and own namespaces)",
            "cold": "each submission is isolated (its own bubblewrap, slow to start)",
            "unsafe": "submissions are NOT isolated, only limited",
        }[self.mode]
        return f"{what}; not protected from: {', '.join(self.not_protected_from)}"
