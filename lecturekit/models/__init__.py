"""Models small enough to read, as named NumPy arrays."""

from lecturekit.models.buffer import ReceiveBuffer
from lecturekit.models.mlp import MLP, Model

__all__ = ["MLP", "Model", "ReceiveBuffer"]
