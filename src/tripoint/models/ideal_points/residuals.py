"""Do two voters go together beyond what their ideal points say? Correlation of residuals of the model, draw by draw.

References
----------
Yen, W. M. (1984). Effects of local item dependence on the fit and equating performance of the three-parameter logistic
model. Applied Psychological Measurement 8(2):125-145. doi:10.1177/014662168400800201
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr

Floats = NDArray[np.float64]


def expected_residuals(choice: ArrayLike, means: ArrayLike, cutpoints: ArrayLike) -> Floats:
    """Expected residual utility of votes, E[z | vote] - mean, for z normal around the mean with variance 1.

    Parameters
    ----------
    choice
        1 yes (below both cutpoints), 2 abstain (between), 3 no (above); 0 no vote, which gives NaN.
    means
        Discrimination times position, same shape.
    cutpoints
        The two cutpoints, with a last axis of 2; the others broadcast against ``choice``.
    """
    choice, means, cutpoints = np.asarray(choice), np.asarray(means, float), np.asarray(cutpoints, float)
    low = np.where(choice == 1, -np.inf, np.where(choice == 2, cutpoints[..., 0], cutpoints[..., 1])) - means
    high = np.where(choice == 3, np.inf, np.where(choice == 1, cutpoints[..., 0], cutpoints[..., 1])) - means
    # On the side where probabilities are small, so that the two ends do not cancel.
    mirrored = low + high > 0
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_high = log_ndtr(high)
        log_inside = log_high + np.log1p(-np.exp(log_ndtr(low) - log_high))
        found = np.exp(_log_density(low) - log_inside) - np.exp(_log_density(high) - log_inside)
    return np.where(choice == 0, np.nan, np.where(mirrored, -found, found))


def _log_density(x: Floats) -> Floats:
    return -0.5 * x * x - 0.5 * np.log(2 * np.pi)


def residual_correlations(residuals: Floats, weights: Floats, pairs: NDArray[np.integer]) -> Floats:
    """Correlation of residuals of pairs over the roll calls on which both voted (Yen's Q3), for every draw.

    Parameters
    ----------
    residuals
        Shape ``(n_draws, n_states, n_rolls)``, NaN where a state did not vote.
    weights
        How often each roll call counts in each draw, shape ``(n_draws, n_rolls)``.
    pairs
        Rows of states, shape ``(n_pairs, 2)``.

    Returns
    -------
    ndarray
        Shape ``(n_draws, n_pairs)``; NaN where residuals do not vary.
    """
    voted = ~np.isnan(residuals)
    x = np.where(voted, residuals, 0.0)
    one, two = pairs[:, 0], pairs[:, 1]
    w = voted * weights[:, None, :]
    both = (w @ voted.transpose(0, 2, 1))[:, one, two]
    sums = (w * x) @ voted.transpose(0, 2, 1)
    squares = (w * x * x) @ voted.transpose(0, 2, 1)
    products = ((w * x) @ x.transpose(0, 2, 1))[:, one, two]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_one, mean_two = sums[:, one, two] / both, sums[:, two, one] / both
        spread_one = squares[:, one, two] / both - mean_one**2
        spread_two = squares[:, two, one] / both - mean_two**2
        found = (products / both - mean_one * mean_two) / np.sqrt(spread_one * spread_two)
    return np.where((spread_one > 1e-12) & (spread_two > 1e-12), found, np.nan)
