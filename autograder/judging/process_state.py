"""What a process has besides its objects: settings that a test may change for good."""

import builtins
import decimal
import gc
import os
import signal
import sys
import threading
import warnings
from typing import Any

import numpy as np

_SIGNALS = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


def process_state() -> tuple[Any, ...]:
    """Return the settings of Python, NumPy, torch and the system, to be compared.

    Whether torch is there is a setting as well: it has a generator of its own.
    """
    return (
        np.geterr(),
        np.get_printoptions(),
        repr(decimal.getcontext()),
        os.getcwd(),
        dict(os.environ),
        list(warnings.filters),
        sys.getrecursionlimit(),
        gc.isenabled(),
        threading.active_count(),
        [signal.getsignal(number) for number in _SIGNALS],
        signal.getitimer(signal.ITIMER_REAL),
        [id(thing) for thing in (sys.stdin, sys.stdout, sys.stderr)],
        {name: id(thing) for name, thing in vars(builtins).items() if name != "_"},
        _of_torch(),
    )


def _of_torch() -> tuple[Any, ...]:
    torch = sys.modules.get("torch")
    if torch is None:
        return ()
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )
