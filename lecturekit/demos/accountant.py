"""What privacy is spent when everybody takes part in every round, with Gaussian noise.

T releases with noise of sigma times the sensitivity are, together, mu-GDP with
mu = sqrt(T) / sigma, and that is (epsilon, delta)-differential privacy with

    delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)

exactly: nothing is lost as in a bound.

Paper: Dong, Roth, Su, Gaussian Differential Privacy, 2019, Corollary 1 and Theorem 3.
https://arxiv.org/abs/1905.02383
"""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm


def epsilon(noise_multiplier: float, num_rounds: int, delta: float) -> float:
    """Return the privacy budget that is spent; infinite without noise.

    Examples
    --------
    >>> round(epsilon(noise_multiplier=4, num_rounds=30, delta=1e-3), 2)
    4.65
    """
    if noise_multiplier == 0:
        return float("inf")
    mu = num_rounds**0.5 / noise_multiplier

    def excess(e: float) -> float:
        spent = norm.logcdf(-mu / 2 - e / mu) + e
        return float(norm.cdf(mu / 2 - e / mu) - np.exp(spent) - delta)

    return float(brentq(excess, 0, 10 * mu * (mu + 10)))
