"""Synthetic writers: strokes on an 11 x 11 page, then the dataset."""

import numpy as np
import pytest

from lecturekit.data import by_key, mnist5k, synthetic_writers
from lecturekit.data.writers import Hand

PLAIN = {
    "shear": 0.0,
    "rotation": 0.0,
    "width": 1.0,
    "height": 1.0,
    "stroke": 0,
    "ink": 1.0,
    "right": 0.0,
    "down": 0.0,
}


def hand(**changes):
    return Hand(**{**PLAIN, **changes})


def page(*pixels):
    image = np.zeros((11, 11), np.float32)
    for row, column in pixels:
        image[row, column] = 1.0
    return image


def test_a_plain_hand_copies():
    """No slant, no turn, no offset: the image itself."""
    image = page((2, 3), (8, 7))

    assert np.array_equal(hand().redraw(image), image)


def test_an_offset_moves_the_stroke():
    """Two pixels right and one down."""
    moved = hand(right=2.0, down=1.0).redraw(page((5, 5)))

    assert np.array_equal(moved, page((6, 7)))


def test_a_quarter_turn_is_clockwise():
    """What was right of the middle is below it."""
    turned = hand(rotation=np.pi / 2).redraw(page((5, 8)))

    assert turned == pytest.approx(page((8, 5)), abs=1e-6)


def test_a_positive_shear_leans_to_the_right():
    """Above the middle strokes move right, below it left, as in italics."""
    slanted = hand(shear=1.0).redraw(page((3, 5), (5, 5), (7, 5)))

    assert np.array_equal(slanted, page((3, 7), (5, 5), (7, 3)))


def test_width_stretches_sideways():
    """At width 2 a pixel two from the middle is four from it."""
    assert hand(width=2.0).redraw(page((5, 7)))[5, 9] == 1.0
    assert hand(height=2.0).redraw(page((7, 5)))[9, 5] == 1.0


def test_pen_and_ink():
    """A thick pen covers more, a thin one less; pale ink is pale."""
    image = page((5, 5), (5, 6), (6, 5), (6, 6))
    amounts = [hand(stroke=stroke).redraw(image).sum() for stroke in (-1, 0, 1)]

    assert amounts == sorted(set(amounts))
    assert np.array_equal(hand(ink=0.6).redraw(image), np.float32(0.6) * image)


def test_writers_share_the_images_evenly():
    """20 writers of 250 images each, with MNIST's labels."""
    data = synthetic_writers()

    assert np.bincount(data.keys).tolist() == [250] * 20
    assert np.array_equal(data.labels, mnist5k().labels)
    assert 0 <= data.features.min() < data.features.max() <= 1


def test_an_image_depends_on_its_writer_and_its_own_wobble():
    """Image 3 is writer 3's among 5 writers and among 10, and is the same image."""
    few, many = synthetic_writers(5), synthetic_writers(10)

    assert np.array_equal(few.features[3], many.features[3])
    assert not np.array_equal(few.features[8], many.features[8])


def test_another_seed_has_other_writers():
    """Nearly all images change."""
    first, second = synthetic_writers(5, seed=0), synthetic_writers(5, seed=1)
    changed = (first.features != second.features).any(axis=(1, 2))

    assert changed.mean() > 0.99


def accuracy_of_nearest_mean(train, test):
    """Classify by the nearest mean image: the simplest learner there is."""
    means = np.stack(
        [train.features[train.labels == c].mean(axis=0) for c in range(10)]
    )
    distances = ((test.features[:, None] - means) ** 2).sum(axis=(2, 3))
    return (distances.argmin(axis=1) == test.labels).mean()


def test_own_images_teach_more_than_those_of_all_others():
    """Feature skew: the lesson for which the writers were invented.

    Mean images of 200 own examples get 0.74 of the rest right, mean images of the
    others' 4,750 examples 0.41.
    """
    data = synthetic_writers()
    own, others = [], []
    for writer, client in enumerate(by_key(data)):
        train, test = client.split(0.2, seed=writer)
        own.append(accuracy_of_nearest_mean(train, test))
        everyone_else = data.subset(data.keys != writer)
        others.append(accuracy_of_nearest_mean(everyone_else, test))

    assert np.mean(own) > np.mean(others) + 0.2


@pytest.mark.parametrize("num_writers", [0, 5001])
def test_an_impossible_number_of_writers_is_refused(num_writers):
    """At least one, and an image for each."""
    with pytest.raises(ValueError, match=f"from 1 to 5000, got {num_writers}"):
        synthetic_writers(num_writers)
