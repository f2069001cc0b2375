"""Time things in turn, so that a change of the machine's speed hits all of them."""

import gc
import time
from collections.abc import Callable
from statistics import median
from typing import Literal, NamedTuple

__all__ = ["Seconds", "interleaved", "median", "ratios"]


class Seconds(NamedTuple):
    """How long something took: by the clock, and of this process's processor time.

    Where one process does all the work, processor time says the same and is hardly
    disturbed by whatever else the machine does.
    """

    wall: float
    cpu: float


def interleaved(
    variants: dict[str, Callable[[], object]], repeats: int
) -> dict[str, list[Seconds]]:
    """Run every variant once per repeat, in turn; return seconds per variant.

    One more repeat goes first and is not counted: imports, caches, forks. Nobody pays
    for the garbage of the one before, nor has its collector walk through what the
    others keep.
    """
    seconds: dict[str, list[Seconds]] = {name: [] for name in variants}
    for repeat in range(repeats + 1):
        for name, run in variants.items():
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            took = Seconds(time.perf_counter() - wall, time.process_time() - cpu)
            if repeat:
                seconds[name].append(took)
    gc.unfreeze()
    return seconds


def ratios(
    seconds: dict[str, list[Seconds]], base: str, by: Literal["wall", "cpu"]
) -> dict[str, float]:
    """Return each variant's median ratio to `base`, repeat by repeat."""
    return {
        name: median(
            getattr(a, by) / getattr(b, by)
            for a, b in zip(times, seconds[base], strict=True)
        )
        for name, times in seconds.items()
        if name != base
    }
