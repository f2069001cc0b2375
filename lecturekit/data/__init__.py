"""Data for federations: real data, ways to divide them, and a made-up language.

Three steps: load a dataset, divide it among clients, look at what each client holds.

>>> from lecturekit import data
>>> federation = data.dirichlet(data.digits(), num_clients=20, alpha=0.3, seed=1)
>>> federation[0]
Dataset('digits, client 0', 14 examples of shape (8, 8), 10 labels)
"""

from .bigram import BigramLanguage
from .dataset import Dataset
from .federation import Federation
from .images import digits, mnist5k
from .label_skew import by_label, dirichlet
from .partition import by_key, by_quantity, iid
from .text import text_sources, train_tokenizer
from .writers import synthetic_writers

__all__ = [
    "BigramLanguage",
    "Dataset",
    "Federation",
    "by_key",
    "by_label",
    "by_quantity",
    "digits",
    "dirichlet",
    "iid",
    "mnist5k",
    "synthetic_writers",
    "text_sources",
    "train_tokenizer",
]
