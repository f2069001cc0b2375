"""Figures: one question each. Data in, a plotly figure out; nothing is shown."""

from . import first_figure as first_figure  # before plotly shows anything
from .clients import label_counts
from .costs import against
from .curves import accuracy
from .drift import client_drift
from .lines import lines
from .matrices import similarity
from .paths import paths
from .pictures import images
from .results import result
from .timeline import timeline

__all__ = [
    "accuracy",
    "against",
    "client_drift",
    "images",
    "label_counts",
    "lines",
    "paths",
    "result",
    "similarity",
    "timeline",
]
