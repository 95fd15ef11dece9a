"""One sweep of the published scheme: cutpoints, latent utilities and discriminations of every item, then positions.

The kernels change their arrays in place. An item's votes lie together, yes before abstain before no, so that each
run is one loop without branches. Random numbers come from counters: a sweep is the same whatever thread runs it.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tripoint.models.ideal_points.normal import cdf, log, quantile, stream, uniform

#: Cutpoints lie within this distance of 0.
WIDEST_CUTPOINT = 7.0
_SMALLEST = 1e-290


@njit(fastmath=True, error_model="numpy", inline="always")
def _kept(p):  # pragma: no cover - compiled
    """A probability that can be divided by."""
    return max(p, _SMALLEST)


@njit(inline="always")
def _whole(n):  # pragma: no cover - compiled
    """The next multiple of what vector units take at once: no loop over these leaves a slow rest."""
    return (n + 15) // 16 * 16


@njit(inline="always")
def _side(m, low, high):  # pragma: no cover - compiled
    """On which side of its mean an abstention's interval is taken: where probabilities are small."""
    return 1.0 if low + high < 2 * m else -1.0


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _probabilities(m, ends, low, high, below, p, x):  # pragma: no cover - compiled
    """Fill ``p`` with the probability of each vote; for abstentions ``below`` gets what lies beneath the interval.

    For an abstention the interval is taken on the side where probabilities are small, so that its two ends do not
    cancel: mirrored when it lies above the mean. All normal probabilities are taken in one loop without branches.
    """
    yes, abstain, n = ends[0], ends[1], ends[2]
    for k in range(yes):
        x[k] = low - m[k]
    for k in range(yes, abstain):
        side = _side(m[k], low, high)
        x[k] = side * (low - m[k])
        x[n + k - yes] = side * (high - m[k])
    for k in range(abstain, n):
        x[k] = m[k] - high
    for k in range(_whole(n + abstain - yes)):
        x[k] = cdf(x[k])
    for k in range(n):
        below[k] = 0.0
        p[k] = _kept(x[k])
    for k in range(yes, abstain):
        one, two = x[k], x[n + k - yes]
        below[k] = min(one, two)
        p[k] = _kept(abs(two - one))


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _utilities(m, ends, low, high, below, p, x, widest, key, z):  # pragma: no cover - compiled
    """Draw the latent utilities, each from its normal distribution cut to the interval of the vote."""
    yes, abstain, n = ends[0], ends[1], ends[2]
    for k in range(_whole(n)):
        x[k] = quantile(_kept(below[k] + p[k] * uniform(key, k)))
    for k in range(yes, abstain):
        x[k] *= _side(m[k], low, high)
    for k in range(abstain, n):
        x[k] = -x[k]
    for k in range(n):
        z[k] = min(max(m[k] + x[k], -widest), widest)


def scratch(longest: int) -> NDArray[np.float64]:
    """Scratch for the items of a sweep, the longest of which has this many votes.

    Twice the length: an abstention takes two places. What lies behind an item's votes is computed and not used.
    """
    return np.full((7, 2 * longest + 16), 0.5)


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _log_ratio(above, beneath, n):  # pragma: no cover - compiled
    total = 0.0
    for k in range(n):
        total += log(above[k] / beneath[k])
    return total


@njit(inline="always")
def _between(mean, sd, low, high, u):  # pragma: no cover - compiled
    """Draw a normal number cut to an interval."""
    bottom, top = cdf((low - mean) / sd), cdf((high - mean) / sd)
    return min(max(mean + sd * quantile(_kept(bottom + u * (top - bottom))), low), high)


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _means(start, n, unit, theta, slope, m):  # pragma: no cover - compiled
    """Fill ``m`` with the mean utility of each vote."""
    for k in range(n):
        m[k] = slope * theta[unit[start + k]]


@njit(nogil=True, cache=True)
def _cut_ratio(low, high, new_low, new_high, sd):  # pragma: no cover - compiled
    """Log ratio of the proposals' normalising constants: the two directions are cut at different places."""
    total = 0.0
    total += math.log(_kept(cdf((high - low) / sd) - cdf((-WIDEST_CUTPOINT - low) / sd)))
    total += math.log(_kept(cdf((WIDEST_CUTPOINT - high) / sd) - cdf((new_low - high) / sd)))
    total -= math.log(_kept(cdf((new_high - new_low) / sd) - cdf((-WIDEST_CUTPOINT - new_low) / sd)))
    total -= math.log(_kept(cdf((WIDEST_CUTPOINT - new_high) / sd) - cdf((low - new_high) / sd)))
    return total


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _slope(start, n, unit, theta, z, noise):  # pragma: no cover - compiled
    """Draw an item's discrimination given the utilities."""
    precision, weighted = 1.0, 0.0
    for k in range(n):
        position = theta[unit[start + k]]
        precision += position * position
        weighted += position * z[k]
    return weighted / precision + noise / math.sqrt(precision)


@njit(nogil=True, cache=True)
def _gather(start, n, unit, slope, z, squares, sums):  # pragma: no cover - compiled
    """Add an item's part to what the positions need."""
    square = slope * slope
    for k in range(n):
        squares[unit[start + k]] += square
        sums[unit[start + k]] += slope * z[k]


@njit(error_model="numpy", nogil=True, cache=True)
def _cutpoints(ends, cuts, step, widest, scratch, key, draws):  # pragma: no cover - compiled
    """Propose an item's cutpoints with its utilities integrated out; take or leave them; draw the utilities."""
    m, z, p_now, p_new, below_now, below_new, x = scratch
    low, high = cuts[0], cuts[1]
    new_low = _between(low, step, -WIDEST_CUTPOINT, high, uniform(draws, 0))
    new_high = _between(high, step, new_low, WIDEST_CUTPOINT, uniform(draws, 1))
    _probabilities(m, ends, low, high, below_now, p_now, x)
    _probabilities(m, ends, new_low, new_high, below_new, p_new, x)
    ratio = _log_ratio(p_new, p_now, ends[2]) + _cut_ratio(low, high, new_low, new_high, step)
    if math.log(uniform(draws, 2)) < ratio:
        cuts[0], cuts[1] = new_low, new_high
        _utilities(m, ends, new_low, new_high, below_new, p_new, x, widest, key, z)
        return True
    _utilities(m, ends, low, high, below_now, p_now, x, widest, key, z)
    return False


@njit(error_model="numpy", nogil=True, cache=True)
def sweep_items(
    item_start, item_ends, unit, theta, beta, cuts, step, widest, squares, sums, scratch, seed, sweep
):  # pragma: no cover - compiled
    """Draw cutpoints, utilities and discriminations of all items; gather what the positions need.

    Parameters
    ----------
    item_start
        First vote of each item, shape ``(n_items + 1,)``.
    item_ends
        Ends of the runs of yes, abstain and no within each item, shape ``(n_items, 3)``.
    unit
        Unit (state in a period) of each vote.
    theta
        Positions, shape ``(n_units,)``, read only.
    beta, cuts
        Discriminations ``(n_items,)`` and cutpoints ``(n_items, 2)``, changed in place.
    step
        Standard deviation of proposed cutpoints.
    widest
        Latent utilities are cut at this distance from 0.
    squares, sums
        Shape ``(n_units,)``: set to the sums of beta^2 and beta z over each unit's votes.
    scratch
        From :func:`scratch`.

    Returns
    -------
    int
        Number of items whose proposed cutpoints were taken.

    References
    ----------
    Cowles, M. K. (1996). Accelerating Monte Carlo Markov chain convergence for cumulative-link generalized linear
    models. Statistics and Computing 6:101-111. doi:10.1007/BF00162520
    Albert, J. H. and Chib, S. (1993). Bayesian analysis of binary and polychotomous response data. JASA
    88(422):669-679. doi:10.1080/01621459.1993.10476321
    """
    n_items = beta.size
    rows = (scratch[0], scratch[1], scratch[2], scratch[3], scratch[4], scratch[5], scratch[6])
    m, z = scratch[0], scratch[1]
    squares[:] = 0.0
    sums[:] = 0.0
    taken = 0
    for item in range(n_items):
        start, n = item_start[item], item_ends[item, 2]
        draws = stream(seed, sweep, item + n_items)
        _means(start, n, unit, theta, beta[item], m)
        taken += _cutpoints(item_ends[item], cuts[item], step, widest, rows, stream(seed, sweep, item), draws)
        beta[item] = _slope(start, n, unit, theta, z, quantile(uniform(draws, 3)))
        _gather(start, n, unit, beta[item], z, squares, sums)
    return taken


@njit(error_model="numpy", nogil=True, cache=True)
def sweep_positions(
    neighbour, prior_variance, squares, sums, means, theta, seed, sweep, n_items
):  # pragma: no cover - compiled
    """Draw positions as the published estimates do: given the neighbour's mean in the last sweep, then standardised.

    The prior of a position is centred on the conditional mean of the same state's previous period (of the second
    period for the first), which looks back only; draws are cut at 5 and standardised over all units.

    Parameters
    ----------
    neighbour
        Unit whose mean is the prior mean of each unit, shape ``(n_units,)``.
    prior_variance
        Prior variance of each unit.
    means
        Conditional means of the last sweep, shape ``(n_units,)``, changed in place.

    References
    ----------
    Bailey, M. A., Strezhnev, A. and Voeten, E. (2017). Estimating dynamic state preferences from United Nations voting
    data. Journal of Conflict Resolution 61(2):430-456. doi:10.1177/0022002715595700
    """
    n = means.size
    prior = means[neighbour]
    key = stream(seed, sweep, 2 * n_items)
    total, squared = 0.0, 0.0
    for i in range(n):
        v = 1.0 / (squares[i] + 1.0 / prior_variance[i])
        means[i] = v * (sums[i] + prior[i] / prior_variance[i])
        drawn = means[i] + math.sqrt(v) * quantile(uniform(key, i))
        theta[i] = min(5.0, max(-5.0, drawn))
        total += theta[i]
    mean = total / n
    for i in range(n):
        squared += (theta[i] - mean) ** 2
    sd = math.sqrt(squared / (n - 1))
    for i in range(n):
        theta[i] = (theta[i] - mean) / sd
