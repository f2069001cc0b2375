"""What notebooks import: data, models, a runtime for Flower apps, plots and widgets.

>>> import lecturekit as lk
>>> federation = lk.data.dirichlet(lk.data.digits(), num_clients=20, alpha=0.3)
>>> figure = lk.plots.label_counts(federation)

A part is imported when it is first used. This is the one place where the house does so:
`runtime` needs Flower and `widgets` needs ipywidgets, about a second together, which a
notebook that only wants `lecturekit.data` would otherwise pay as well.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lecturekit import data, models, plots, runtime, widgets

__all__ = ["data", "models", "plots", "runtime", "widgets"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"lecturekit.{name}")
    raise AttributeError(f"module 'lecturekit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
