"""Colours of lines can be told apart by people with any common deficiency.

Simulated after Machado, Oliveira, Fernandes, A Physiologically-based Model for
Simulation of Color Vision Deficiency, IEEE TVCG 2009 (severity 1), and compared in
CIELAB, where a distance of 2.3 is just noticed.
"""

from itertools import combinations

import numpy as np
import pytest

from lecturekit.plots.colours import HUES, line_style

SIMULATED = {
    "nobody": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(colour, simulated):
    """Return a colour in CIELAB, as it is seen."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    low = encoded <= 0.04045
    linear = np.where(low, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(simulated) @ linear, 0, 1)
    x, y, z = XYZ @ seen / XYZ.sum(axis=1)
    fx, fy, fz = (
        v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)
    )
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


@pytest.mark.parametrize("who", SIMULATED)
def test_lines_can_be_told_apart(who):
    """Any two hues, ten just noticeable differences apart; neighbours in dashes too."""
    for one, other in combinations(HUES, 2):
        distance = np.linalg.norm(lab(one, SIMULATED[who]) - lab(other, SIMULATED[who]))
        assert distance > 10, (one, other, distance)
    for position in range(8):
        assert line_style(position)["dash"] != line_style(position + 1)["dash"]
