"""One sweep of the Gibbs sampler: cutpoints, latent utilities and discriminations of every item, then all positions.

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
#: Share of proposals that the adapting steps aim at.
_AIM = 0.3


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
    return np.full((8, 2 * longest + 16), 0.5)


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
        m[k] = slope[0] * theta[unit[start + k], 0]
    for d in range(1, slope.size):
        for k in range(n):
            m[k] += slope[d] * theta[unit[start + k], d]


@njit(error_model="numpy", nogil=True, cache=True)
def _cut_ratio(low, high, new_low, new_high, sd):  # pragma: no cover - compiled
    """Log ratio of the proposals' normalising constants: the two directions are cut at different places."""
    total = 0.0
    total += math.log(_kept(cdf((high - low) / sd) - cdf((-WIDEST_CUTPOINT - low) / sd)))
    total += math.log(_kept(cdf((WIDEST_CUTPOINT - high) / sd) - cdf((new_low - high) / sd)))
    total -= math.log(_kept(cdf((new_high - new_low) / sd) - cdf((-WIDEST_CUTPOINT - new_low) / sd)))
    total -= math.log(_kept(cdf((WIDEST_CUTPOINT - new_high) / sd) - cdf((low - new_high) / sd)))
    return total


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _slopes(item, start, n, unit, theta, beta, z, draws):  # pragma: no cover - compiled
    """Draw an item's discriminations given the utilities, one dimension at a time."""
    n_dims = beta.shape[1]
    for d in range(n_dims):
        other = 1 - d
        precision, weighted = 1.0, 0.0
        for k in range(n):
            position = theta[unit[start + k], d]
            explained = 0.0
            if n_dims == 2:
                explained = beta[item, other] * theta[unit[start + k], other]
            precision += position * position
            weighted += position * (z[k] - explained)
        noise = quantile(uniform(draws, 3 + d))
        beta[item, d] = weighted / precision + noise / math.sqrt(precision)


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _gather(item, start, n, unit, beta, z, squares, sums, rest_squares):  # pragma: no cover - compiled
    """Add an item's part to what the positions need."""
    n_dims = beta.shape[1]
    for d in range(n_dims):
        b = beta[item, d]
        square = b * b
        for k in range(n):
            squares[unit[start + k], d] += square
            sums[unit[start + k], d] += b * z[k]
    if n_dims == 2:
        product = beta[item, 0] * beta[item, 1]
        for k in range(n):
            rest_squares[unit[start + k]] += product


@njit(error_model="numpy", nogil=True, cache=True)
def _propose(
    item, start, ends, unit, theta, beta, cuts, step, slope_step, rate, widest, buffers, key, draws
):  # pragma: no cover - compiled
    """Propose cutpoints, and discriminations where ``slope_step`` is not 0; take or leave them; draw utilities."""
    n, n_dims = ends[2], beta.shape[1]
    m, z = buffers[0], buffers[1]
    p_now, p_new, below_now, below_new, m_new = buffers[2], buffers[3], buffers[4], buffers[5], buffers[6]
    x = buffers[7]
    slope = np.empty(n_dims)
    low, high, sd = cuts[item, 0], cuts[item, 1], step[item]
    new_low = _between(low, sd, -WIDEST_CUTPOINT, high, uniform(draws, 0))
    new_high = _between(high, sd, new_low, WIDEST_CUTPOINT, uniform(draws, 1))
    _probabilities(m, ends, low, high, below_now, p_now, x)
    ratio = 0.0
    proposed = m
    if slope_step > 0:
        # With the utilities integrated out, a discrimination moves further than it can given them.
        proposed = m_new
        for d in range(n_dims):
            slope[d] = beta[item, d] + slope_step * sd * quantile(uniform(draws, 8 + d))
            ratio += 0.5 * (beta[item, d] ** 2 - slope[d] ** 2)
        _means(start, n, unit, theta, slope, m_new)
    _probabilities(proposed, ends, new_low, new_high, below_new, p_new, x)
    ratio += _log_ratio(p_new, p_now, n)
    ratio += _cut_ratio(low, high, new_low, new_high, sd)
    accepted = math.log(uniform(draws, 2)) < ratio
    if rate > 0:
        step[item] *= math.exp(rate * ((1.0 if accepted else 0.0) - _AIM))
    if accepted:
        cuts[item, 0], cuts[item, 1] = new_low, new_high
        if slope_step > 0:
            beta[item] = slope
        _utilities(proposed, ends, new_low, new_high, below_new, p_new, x, widest, key, z)
    else:
        _utilities(m, ends, low, high, below_now, p_now, x, widest, key, z)

    return accepted


@njit(error_model="numpy", nogil=True, cache=True)
def sweep_items(
    item_start,
    item_ends,
    unit,
    theta,
    beta,
    cuts,
    step,
    slope_step,
    rate,
    widest,
    squares,
    sums,
    rest_squares,
    buffers,
    seed,
    sweep,
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
        Positions, shape ``(n_units, n_dims)``, read only.
    beta, cuts
        Discriminations ``(n_items, n_dims)`` and cutpoints ``(n_items, 2)``, changed in place.
    step, slope_step
        Standard deviation of each item's proposed cutpoints, and of its discriminations as a multiple of that;
        0 proposes cutpoints alone.
    rate
        How strongly steps adapt to what was taken; 0 leaves them.
    widest
        Latent utilities are cut at this distance from 0.
    squares, sums, rest_squares
        Shape ``(n_units, n_dims)`` twice and ``(n_units,)``: set to the sums of beta^2, beta z and, with two
        dimensions, the product of both betas over each unit's votes.
    buffers
        Scratch from :func:`scratch`.

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
    n_items = beta.shape[0]
    m, z = buffers[0], buffers[1]
    squares[:] = 0.0
    sums[:] = 0.0
    rest_squares[:] = 0.0
    taken = 0
    for item in range(n_items):
        start, ends = item_start[item], item_ends[item]
        n = ends[2]
        key = stream(seed, sweep, item)
        draws = stream(seed, sweep, item + n_items)
        _means(start, n, unit, theta, beta[item], m)

        taken += _propose(
            item, start, ends, unit, theta, beta, cuts, step, slope_step, rate, widest, buffers, key, draws
        )
        _slopes(item, start, n, unit, theta, beta, z, draws)
        _gather(item, start, n, unit, beta, z, squares, sums, rest_squares)
    return taken


@njit(error_model="numpy", nogil=True, cache=True)
def sweep_positions(
    chain_start, gaps, variance, first_variance, squares, sums, rest_squares, theta, seed, sweep, n_items
):  # pragma: no cover - compiled
    """Draw all positions from their full conditional: one random walk per state, forwards and back.

    The precision matrix of a state's path is tridiagonal: eliminated forwards, drawn backwards. With two
    dimensions each is drawn given the other.

    Parameters
    ----------
    chain_start
        First unit of each state, shape ``(n_states + 1,)``.
    gaps
        Periods since the state's previous unit, shape ``(n_units,)``; not read for first units.
    variance, first_variance
        Innovation variance per period, and the prior variance of a first position.
    """
    n_states, n_dims = chain_start.size - 1, theta.shape[1]
    longest = 0
    for state in range(n_states):
        longest = max(longest, chain_start[state + 1] - chain_start[state])
    diagonal, off, right = np.empty(longest), np.empty(longest), np.empty(longest)
    for state in range(n_states):
        start, n = chain_start[state], chain_start[state + 1] - chain_start[state]
        for d in range(n_dims):
            key = stream(seed, sweep, 2 * n_items + n_dims * state + d)
            for k in range(n):
                i = start + k
                diagonal[k] = squares[i, d]
                right[k] = sums[i, d]
                if n_dims == 2:
                    right[k] -= rest_squares[i] * theta[i, 1 - d]
                diagonal[k] += 1.0 / first_variance if k == 0 else 1.0 / (variance * gaps[i])
                off[k] = 0.0
                if k < n - 1:
                    link = 1.0 / (variance * gaps[i + 1])
                    diagonal[k] += link
                    off[k] = -link
            for k in range(1, n):
                factor = off[k - 1] / diagonal[k - 1]
                diagonal[k] -= factor * off[k - 1]
                right[k] -= factor * right[k - 1]
            for k in range(n - 1, -1, -1):
                later = off[k] * theta[start + k + 1, d] if k < n - 1 else 0.0
                noise = quantile(uniform(key, k))
                theta[start + k, d] = (right[k] - later) / diagonal[k] + noise / math.sqrt(diagonal[k])


@njit(error_model="numpy", nogil=True, cache=True)
def sweep_published_positions(
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
        v = 1.0 / (squares[i, 0] + 1.0 / prior_variance[i])
        means[i] = v * (sums[i, 0] + prior[i] / prior_variance[i])
        drawn = means[i] + math.sqrt(v) * quantile(uniform(key, i))
        theta[i, 0] = min(5.0, max(-5.0, drawn))
        total += theta[i, 0]
    mean = total / n
    for i in range(n):
        squared += (theta[i, 0] - mean) ** 2
    sd = math.sqrt(squared / (n - 1))
    for i in range(n):
        theta[i, 0] = (theta[i, 0] - mean) / sd


@njit(error_model="numpy", nogil=True, cache=True)
def innovations(chain_start, gaps, theta, d):  # pragma: no cover - compiled
    """Sum of squared innovations per period, their number, and the sum and sum of squares of first positions."""
    total, count, first, first_squares = 0.0, 0, 0.0, 0.0
    for state in range(chain_start.size - 1):
        start = chain_start[state]
        first += theta[start, d]
        first_squares += theta[start, d] ** 2
        for i in range(start + 1, chain_start[state + 1]):
            total += (theta[i, d] - theta[i - 1, d]) ** 2 / gaps[i]
            count += 1
    return total, count, first, first_squares


@njit(error_model="numpy", nogil=True, cache=True)
def off_scale(theta, d):  # pragma: no cover - compiled
    """Mean of the positions and logarithm of their standard deviation, on one dimension."""
    n = theta.shape[0]
    total, squared = 0.0, 0.0
    for i in range(n):
        total += theta[i, d]
    mean = total / n
    for i in range(n):
        squared += (theta[i, d] - mean) ** 2
    return mean, 0.5 * math.log(squared / (n - 1))


@njit(error_model="numpy", nogil=True, cache=True)
def _stretch(theta, beta, d, a, log_sd, tightness, key):  # pragma: no cover - compiled
    """Scale positions by c and discriminations by 1 / c; ``a`` is the prior's sum of squares of the positions."""
    n_units, n_items = theta.shape[0], beta.shape[0]
    # Log density of t = log c^2: p t - (a e^t + b e^-t) / 2 - tightness (log sd + t / 2)^2 / 2.
    b = 0.0
    for item in range(n_items):
        b += beta[item, d] ** 2
    p = 0.5 * (n_units - n_items)
    mode, curvature = 0.0, 1.0
    for _ in range(20):
        slope = p - 0.5 * (a * math.exp(mode) - b * math.exp(-mode)) - 0.5 * tightness * (log_sd + mode / 2)
        curvature = 0.5 * (a * math.exp(mode) + b * math.exp(-mode)) + 0.25 * tightness
        mode += min(max(slope / curvature, -0.5), 0.5)
    sd = 1.0 / math.sqrt(curvature)
    new = mode + sd * quantile(uniform(key, 4 * d + 1))
    gain = 0.0
    for t, sign in ((new, 1.0), (0.0, -1.0)):
        at = p * t - 0.5 * (a * math.exp(t) + b * math.exp(-t)) - 0.5 * tightness * (log_sd + t / 2) ** 2
        gain += sign * (at + 0.5 * ((t - mode) / sd) ** 2)
    if math.log(uniform(key, 4 * d + 2)) < gain:
        c = math.exp(0.5 * new)
        for i in range(n_units):
            theta[i, d] *= c
        for item in range(n_items):
            beta[item, d] /= c


@njit(error_model="numpy", nogil=True, cache=True)
def shift_and_stretch(
    chain_start, gaps, variance, first_variance, tightness, theta, beta, cuts, seed, sweep
):  # pragma: no cover - compiled
    """Move location and scale of positions, discriminations and cutpoints together, as the priors allow.

    The likelihood does not change under theta + a, cuts + beta a, nor under c theta, beta / c; only the priors
    hold the two, and single-site draws move along them slowly. Each is drawn from its distribution on the orbit
    of the group: exactly for the shift, by a corrected normal proposal for the stretch.

    Parameters
    ----------
    tightness
        Prior precision of the mean of all positions around 0 and of the logarithm of their standard deviation.

    References
    ----------
    Liu, J. S. and Sabatti, C. (2000). Generalised Gibbs sampler and multigrid Monte Carlo for Bayesian computation.
    Biometrika 87(2):353-369. doi:10.1093/biomet/87.2.353
    """
    n_items, n_dims = beta.shape
    n_units, n_states = theta.shape[0], chain_start.size - 1
    key = stream(seed, sweep, 2 * n_items + n_dims * n_states + 1)
    for d in range(n_dims):
        total, _, first, first_squares = innovations(chain_start, gaps, theta, d)
        mean, log_sd = off_scale(theta, d)
        precision = n_states / first_variance + tightness
        shift = -(first / first_variance + tightness * mean) / precision
        shift += quantile(uniform(key, 4 * d)) / math.sqrt(precision)
        inside = True
        for item in range(n_items):
            moved = beta[item, d] * shift
            if cuts[item, 0] + moved < -WIDEST_CUTPOINT or cuts[item, 1] + moved > WIDEST_CUTPOINT:
                inside = False
                break
        if inside:
            mean += shift
            for i in range(n_units):
                theta[i, d] += shift
            for item in range(n_items):
                cuts[item, 0] += beta[item, d] * shift
                cuts[item, 1] += beta[item, d] * shift
        _, _, _, first_squares = innovations(chain_start, gaps, theta, d)
        a = first_squares / first_variance + total / variance + tightness * mean * mean
        _stretch(theta, beta, d, a, log_sd, tightness, key)
