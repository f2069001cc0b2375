"""Record a demo: compute every state of its controls, once, before the lecture.

What a state computed is appended to a file as soon as it is there, so that a recording
that was stopped goes on where it stopped. The file is of one demo, in one version, with
one seed: its first line says which, and a file that says otherwise begins anew.
"""

import inspect
import json
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lecturekit.runtime.flower_private import quiet_log
from lecturekit.widgets import Deck
from lecturekit.widgets.plan import At

from .demo import Demo

OnState = Callable[[int, int], object]


def record(demo: Demo, work: Path, on_state: OnState | None = None) -> Deck:
    """Return the deck of `demo`, computing the states that `work` does not hold yet.

    Parameters
    ----------
    demo : Demo
        What to record.
    work : Path
        The folder for what has been computed so far.
    on_state : callable, optional
        Called after every state with how many are done, and how many there are.
    """
    quiet_log()
    states = demo.plan.states()
    path = work / f"{demo.plan.name}-{_version(demo)}.jsonl"
    done = _read(path)
    work.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        for count, at in enumerate(states, start=1):
            if at not in done:
                data = demo.compute(demo.plan.values(at), demo.plan.seed)
                line = json.dumps([list(at), data])
                lines.write(f"{line}\n")
                lines.flush()
                # As it is read again: 1.0 and (1, 2) have become what JSON has.
                done[at] = json.loads(line)[1]
            if on_state:
                on_state(count, len(states))
    scenes = {at: demo.show(demo.plan.values(at), done[at]) for at in states}
    return Deck.of(demo.plan, scenes)


def _version(demo: Demo) -> str:
    """Return a name for what is computed: other code, other controls, another seed."""
    controls = [(c.name, list(c.keys)) for c in demo.plan.controls]
    code = inspect.getsource(inspect.getmodule(demo.compute) or demo.compute)
    compute = code.split("\ndef show(")[0]  # how it is drawn does not matter
    text = json.dumps([controls, demo.plan.seed, compute])
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _read(path: Path) -> dict[At, Any]:
    """Return what was computed before; a line that was cut off is computed again."""
    done: dict[At, Any] = {}
    if not path.exists():
        return done
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            at, data = json.loads(line)
        except ValueError:
            break
        done[tuple(at)] = data
        kept.append(f"{line}\n")
    path.write_text("".join(kept), encoding="utf-8")
    return done
