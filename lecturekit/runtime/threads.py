"""How many threads a client's libraries compute with: by default one.

A sum that is spread over threads differs in its last bit from one that is not, so a
model would depend on how many cores a machine has. Torch has a setting for it; so have
the libraries below NumPy, SciPy and scikit-learn (BLAS and OpenMP), each of its own.

Import what a client computes with before the first round, as one has to for its seeds
(see `seeding`): what a client itself imports first is found when the batch is over.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

_lock = Lock()
_inside: list[int] = []  # the limits of the blocks that run now
_put_back: list[Callable[[], None]] = []  # what undoes the first of them


@contextmanager
def threads_limited(num_threads: int | None) -> Iterator[None]:
    """Let all libraries use so many threads in this block; None: as many as they do.

    Takes some 50 to 100 us, so a block is a batch of clients, not one of them. BLAS has
    one setting for the whole process: it is put back when the last block ends.
    """
    if num_threads is None:
        yield
        return
    before = set_torch_threads(num_threads)
    with _lock:
        limited = _limit(num_threads)
        if not _inside:
            _put_back.append(limited.restore_original_limits)
        _inside.append(num_threads)
    try:
        yield
    finally:
        with _lock:
            _inside.remove(num_threads)
            if _inside:
                _limit(_inside[-1])
            else:
                _put_back.pop()()
        set_torch_threads(before)


def set_torch_threads(num_threads: int | None) -> int | None:
    """Let torch, if it is there, use so many threads; return how many it used."""
    torch = sys.modules.get("torch")
    if torch is None or num_threads is None:
        return None
    before: int = torch.get_num_threads()
    torch.set_num_threads(num_threads)  # some 0.1 us
    return before


def _limit(num_threads: int) -> Any:
    return _libraries(len(sys.modules)).limit(limits=num_threads)


@lru_cache(maxsize=1)
def _libraries(num_modules: int) -> ThreadpoolController:
    """Look for the libraries, again only if there are more modules: it takes a ms."""
    return ThreadpoolController()
