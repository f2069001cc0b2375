"""The global generators of random numbers: where they stand, and putting them there."""

import builtins
import random
import sys
from typing import Any

import numpy as np

# On the student's side: what is used here is not what a student puts in its place.
globals()["__builtins__"] = dict(vars(builtins))


def states() -> tuple[Any, ...]:
    """Return where Python's, NumPy's and, if it is imported, torch's stand."""
    torch = sys.modules.get("torch")
    state = torch.default_generator.get_state().numpy() if torch else None
    return random.getstate(), np.random.get_state(), state


def put_back(states: tuple[Any, ...]) -> None:
    """Let them stand where they stood when `states` was taken."""
    pythons, numpys, torchs = states
    random.setstate(pythons)
    np.random.set_state(numpys)
    torch = sys.modules.get("torch")
    if torch is not None and torchs is not None:
        torch.default_generator.set_state(torch.from_numpy(torchs))
