"""What a run gives, as a notebook shows it: the figure that `lk.plots.result` draws.

A cell that ends in a result shows how the run went. The runtime itself draws nothing
and imports nothing that does: a result asks for its figure by name, when somebody looks
at it. For a result that is not of this kind, from a strategy's own `start`, it is

    lk.plots.result(result, grid.trace)
"""

from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

from flwr.serverapp.strategy import Result

from .trace import Trace


@dataclass(eq=False, repr=False)
class TracedResult(Result):
    """Flower's Result, with the log of the run that led to it.

    Parameters
    ----------
    log : Trace, optional
        Of the grid, which may go on; None from a grid that keeps none.
    begins, ends : int
        The rows of the log that are this run's: begins <= row < ends.
    """

    log: Trace | None = None
    begins: int = 0
    ends: int = 0

    @property
    def trace(self) -> Trace | None:
        """What happened in this run alone."""
        if self.log is None:
            return None
        return Trace(islice(self.log, self.begins, self.ends))

    def __eq__(self, other: object) -> bool:
        """Compare as Flower does: models and metrics."""
        return isinstance(other, Result) and all(
            getattr(self, name) == getattr(other, name)
            for name in Result.__dataclass_fields__
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, Any]:
        return mimebundle(self)


def mimebundle(result: object) -> dict[str, Any]:
    """Return what a notebook shows for `result`: its figure, and its repr as text."""
    shown: dict[str, Any] = {"text/plain": repr(result)}
    plots = import_module("lecturekit.plots")  # by name: plots import the runtime
    try:
        figure = plots.result(result)
    except ValueError:  # no metrics yet
        return shown
    return {**figure._repr_mimebundle_(), **shown}
