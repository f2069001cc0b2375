"""What the two demos on privacy compute is what their papers say."""

import numpy as np
import pytest
from scipy.stats import norm

from lecturekit.demos.accountant import epsilon
from lecturekit.demos.privacy_noise import private_mean
from lecturekit.demos.secure_sum import CLIENTS, masked, number


@pytest.mark.parametrize("noise, rounds", [(1.0, 1), (4.0, 30), (16.0, 30), (0.5, 30)])
def test_epsilon_is_where_the_exact_delta_is_met(noise, rounds):
    """The trade-off of two Gaussians, integrated numerically, gives the same delta."""
    spent, mu = epsilon(noise, rounds, 1e-3), rounds**0.5 / noise
    # max over events of P(event) - e^epsilon Q(event), for P = N(mu, 1), Q = N(0, 1).
    x = np.linspace(-40, 60, 1_000_001)
    gain = norm.pdf(x, loc=mu) - np.exp(spent + norm.logpdf(x))
    delta = np.trapezoid(np.maximum(gain, 0), x)
    assert delta == pytest.approx(1e-3, rel=1e-3)


def test_more_noise_and_fewer_rounds_spend_less():
    """And no noise spends everything."""
    assert epsilon(8, 30, 1e-3) < epsilon(4, 30, 1e-3) < epsilon(4, 60, 1e-3)
    assert epsilon(0, 1, 1e-3) == float("inf")


def test_nobody_can_move_the_mean_by_more_than_the_clipping_norm():
    """Short updates stay, long ones are cut; the noise is that of one of them."""
    rng = np.random.default_rng(0)
    updates = np.array([[3.0, 4.0], [0.3, 0.4]])
    assert private_mean(updates, 1.0, 0.0, rng) == pytest.approx([0.45, 0.6])
    draws = [private_mean(updates, 2.0, 3.0, rng) for _ in range(4000)]
    assert np.std(draws, axis=0) == pytest.approx([3.0, 3.0], rel=0.05)  # 3 * 2 / 2


def test_masks_hide_each_update_and_cancel_in_the_sum():
    """Exactly: in fixed point, modulo 2^32."""
    rng = np.random.default_rng(1)
    updates = rng.normal(size=(CLIENTS, 50))
    pairs = [(i, j) for i in range(CLIENTS) for j in range(i + 1, CLIENTS)]
    masks = {pair: rng.integers(-(2**31), 2**31, size=50) for pair in pairs}
    sent = [masked(update, k, masks) for k, update in enumerate(updates)]
    bare = sum(masked(update, k, {}) for k, update in enumerate(updates))
    assert np.array_equal(number(sum(sent)), number(bare))
    assert number(bare) == pytest.approx(updates.sum(axis=0), abs=1e-5)
    alone = np.corrcoef(number(sent[0]), updates[0])[0, 1]
    assert abs(alone) < 0.5
