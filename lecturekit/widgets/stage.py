"""How keys move a demo on stage: a state, a key, the next state. Nothing is drawn here.

    ask      1-5 or arrows choose an answer; space locks it, and the result shows
    show     left and right turn the control in focus, up and down change the focus,
             space and PageDown go to the next preset, PageUp to the one before,
             1-9 to a preset; the state that was left stays as a ghost
    always   ? n p t open help, notes, code, table; Escape closes; r begins again

A clicker has PageUp and PageDown only: while an answer is asked for, PageUp goes
through the answers and PageDown locks.

The view, `presenter.js`, has the same moves in the browser, where no kernel is asked.
`tests/demos` sends both through the same keys.
"""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from .plan import At, Plan

PANELS = {"?": "help", "n": "notes", "p": "code", "t": "table"}


@dataclass(frozen=True)
class State:
    """Where a demo on stage is.

    Parameters
    ----------
    at : tuple of int
        The position of each control.
    ghost : tuple of int or None
        The controls of the state that was left last.
    choice : int or None
        The answer that was chosen, from 0.
    locked : bool
        Whether it is locked, and the result shows.
    preset : int
        The preset that was shown last, from 0.
    focus : int
        The control that left and right turn.
    panel : str
        One of PANELS, or "" for none.
    """

    at: At
    ghost: At | None = None
    choice: int | None = None
    locked: bool = False
    preset: int = 0
    focus: int = 0
    panel: str = ""


class Stage:
    """The moves through a plan.

    Parameters
    ----------
    plan : Plan
        What there is to choose, to turn and to show.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._presets = [plan.at(preset.values) for preset in plan.presets]

    def begin(self) -> State:
        """Return the state before anybody has answered, if anything is asked."""
        return State(at=self._presets[0], locked=not self.plan.options)

    def press(self, state: State, key: str) -> State:
        """Return the state after `key`, a browser's name for it; others do nothing."""
        if key in PANELS:
            panel = PANELS[key]
            return replace(state, panel="" if state.panel == panel else panel)
        if key == "Escape":
            return replace(state, panel="")
        if key == "r":
            return self.begin()
        if state.panel and key in ("ArrowUp", "ArrowDown"):
            return state  # they scroll the panel
        return self._show(state, key) if state.locked else self._ask(state, key)

    def _ask(self, state: State, key: str) -> State:
        """Choose and lock."""
        last = len(self.plan.options) - 1
        choice = state.choice
        if key in (" ", "Enter", "PageDown"):
            if choice is not None:
                return replace(state, locked=True)
            return replace(state, choice=0) if key == "PageDown" else state
        if key.isdecimal() and 1 <= int(key) <= last + 1:
            return replace(state, choice=int(key) - 1)
        if key == "PageUp":
            return replace(state, choice=0 if choice in (None, last) else choice + 1)
        if key in ("ArrowDown", "ArrowRight"):
            return replace(state, choice=0 if choice is None else min(choice + 1, last))
        if key in ("ArrowUp", "ArrowLeft"):
            return replace(state, choice=last if choice is None else max(choice - 1, 0))
        return state

    def _show(self, state: State, key: str) -> State:
        """Turn controls and step through presets."""
        if key in ("ArrowDown", "ArrowUp"):
            step = 1 if key == "ArrowDown" else -1
            focus = min(max(state.focus + step, 0), len(state.at) - 1)
            return replace(state, focus=focus)
        if key in ("ArrowRight", "ArrowLeft", "Home", "End"):
            here = state.at[state.focus]
            last = len(self.plan.controls[state.focus].values) - 1
            there = {"ArrowRight": here + 1, "ArrowLeft": here - 1, "End": last}
            return self.turn(state, state.focus, there.get(key, 0))
        preset = state.preset
        if key in (" ", "Enter", "PageDown"):
            preset += 1
        elif key == "PageUp":
            preset -= 1
        elif key.isdecimal() and 1 <= int(key) <= len(self._presets):
            preset = int(key) - 1
        else:
            return state
        preset = min(max(preset, 0), len(self._presets) - 1)
        return replace(self._move(state, self._presets[preset]), preset=preset)

    def turn(self, state: State, control: int, position: int) -> State:
        """Turn a control to a position, or as near as there is; it has the focus then.

        A mouse does this too. Nothing turns before an answer is locked.
        """
        if not state.locked:
            return state
        last = len(self.plan.controls[control].values) - 1
        at = list(state.at)
        at[control] = min(max(position, 0), last)
        return replace(self._move(state, tuple(at)), focus=control)

    def _move(self, state: State, at: At) -> State:
        if at == state.at:
            return state
        return replace(state, at=at, ghost=state.at)

    def text(self, state: State) -> str:
        """Return the state as a string for a link: "seed=1&local_steps=16&preset=1".

        Which panel is open and which control has the focus are not part of it.
        """
        plan = self.plan
        fields = {"seed": str(plan.seed)}
        for control, position in zip(plan.controls, state.at, strict=True):
            fields[control.name] = control.keys[position]
        fields["preset"] = str(state.preset + 1)
        if state.choice is not None:
            fields["predict"] = str(state.choice + 1)
        if state.locked:
            fields["locked"] = "1"
        if state.ghost is not None:
            fields["ghost"] = ",".join(str(position) for position in state.ghost)
        return urlencode(fields)

    def restore(self, text: str) -> State:
        """Return the state of a string that `text` wrote; what it leaves out begins.

        Raises
        ------
        ValueError
            If it names another seed, or something that the demo does not have.
        """
        plan, state = self.plan, self.begin()
        fields = dict(parse_qsl(text.lstrip("#?")))
        if (seed := fields.pop("seed", str(plan.seed))) != str(plan.seed):
            raise ValueError(
                f"expected seed {plan.seed}, which the deck was recorded with, got "
                f"{seed}: record the demo with that seed"
            )
        given = {c.name: fields.pop(c.name) for c in plan.controls if c.name in fields}
        numbers = {name: fields.pop(name, "") for name in ("preset", "predict")}
        locked, ghost = fields.pop("locked", ""), fields.pop("ghost", "")
        if fields:
            raise ValueError(f"the demo {plan.name!r} has no {sorted(fields)}")
        preset = _number("preset", numbers["preset"], len(plan.presets))
        choice = _number("predict", numbers["predict"], len(plan.options))
        return replace(
            state,
            at=plan.at(list((plan.values(state.at) | given).values())),
            ghost=self._ghost(ghost) if ghost else None,
            choice=choice,
            locked=state.locked or (locked == "1" and choice is not None),
            preset=preset or 0,
        )

    def _ghost(self, text: str) -> At:
        sizes = [len(control.values) for control in self.plan.controls]
        positions = text.split(",")
        if len(positions) != len(sizes):
            raise ValueError(f"ghost must be {len(sizes)} positions, got {text!r}")
        pairs = zip(positions, sizes, strict=True)
        found = [_number("ghost", position, size, first=0) for position, size in pairs]
        return tuple(position or 0 for position in found)


def _number(name: str, text: str, count: int, *, first: int = 1) -> int | None:
    """Return a position from 0, of a text that counts from `first`; None if empty."""
    if not text:
        return None
    if not text.isdecimal() or not first <= int(text) < first + count:
        raise ValueError(
            f"{name} must be a number from {first} to {first + count - 1}, got {text!r}"
        )
    return int(text) - first
