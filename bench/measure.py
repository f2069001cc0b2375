"""Time things in turn, so that a change of the machine's speed hits all of them."""

import time
from collections.abc import Callable
from statistics import median

__all__ = ["interleaved", "median", "ratios"]


def interleaved(
    variants: dict[str, Callable[[], object]], repeats: int
) -> dict[str, list[float]]:
    """Run every variant once per repeat, in turn; return wall seconds per variant.

    One more repeat goes first and is not counted: imports, caches, forks.
    """
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for repeat in range(repeats + 1):
        for name, run in variants.items():
            began = time.perf_counter()
            run()
            if repeat:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def ratios(seconds: dict[str, list[float]], base: str) -> dict[str, float]:
    """Return each variant's median ratio to `base`, repeat by repeat."""
    return {
        name: median(a / b for a, b in zip(times, seconds[base], strict=True))
        for name, times in seconds.items()
        if name != base
    }
