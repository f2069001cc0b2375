"""Figures: one question each. Data in, a plotly figure out; nothing is shown."""

from .clients import label_counts
from .curves import accuracy
from .matrices import similarity
from .pictures import images

__all__ = ["accuracy", "images", "label_counts", "similarity"]
