"""Hamiltonian trajectories over positions, discriminations and cutpoints at once, latent utilities integrated out.

Single-site draws given latent utilities cross the posterior slowly: positions of whole sessions hang together with
all cutpoints of their resolutions. A trajectory moves everything at once along the gradient. Cutpoints are held as
their middle and the logarithm of their distance, the innovation variance as its logarithm.

The kernels change their arrays in place. Momenta of positions have the covariance of a random walk seen with the
information of the votes, a tridiagonal matrix per state; all other momenta are independent.

References
----------
Duane, S., Kennedy, A. D., Pendleton, B. J. and Roweth, D. (1987). Hybrid Monte Carlo. Physics Letters B
195(2):216-222. doi:10.1016/0370-2693(87)91197-X
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tripoint.models.ideal_points.normal import cdf, density, log

_SMALLEST = 1e-290


def scratch(longest: int) -> NDArray[np.float64]:
    """Scratch for :func:`gradient`; ``longest`` is the number of votes on the longest item."""
    return np.zeros((5, 2 * longest + 16))


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _votes(ends, low, high, m, x, c, f, dm):  # pragma: no cover - compiled
    """Log likelihood of an item's votes; ``dm`` gets its derivative by each mean; the two are by the cutpoints."""
    yes, abstain, n = ends[0], ends[1], ends[2]
    for k in range(yes):
        x[k] = low - m[k]
    for k in range(yes, abstain):
        # On the side where probabilities are small, so that the two ends do not cancel.
        side = 1.0 if low + high < 2 * m[k] else -1.0
        x[k] = side * (low - m[k])
        x[n + k - yes] = side * (high - m[k])
    for k in range(abstain, n):
        x[k] = m[k] - high
    for k in range((n + abstain - yes + 15) // 16 * 16):
        c[k] = cdf(x[k])
        f[k] = density(x[k])
    total, by_low, by_high = 0.0, 0.0, 0.0
    for k in range(yes):
        ratio = f[k] / c[k]
        total += log(c[k])
        dm[k] = -ratio
        by_low += ratio
    for k in range(yes, abstain):
        inside = max(abs(c[n + k - yes] - c[k]), _SMALLEST)
        total += log(inside)
        at_low, at_high = f[k] / inside, f[n + k - yes] / inside
        dm[k] = at_low - at_high
        by_low -= at_low
        by_high += at_high
    for k in range(abstain, n):
        ratio = f[k] / c[k]
        total += log(c[k])
        dm[k] = ratio
        by_high -= ratio
    return total, by_low, by_high


@njit(fastmath=True, error_model="numpy", nogil=True, cache=True)
def _dot(start, n, unit, theta, d, dm):  # pragma: no cover - compiled
    total = 0.0
    for k in range(n):
        total += dm[k] * theta[unit[start + k], d]
    return total


@njit(nogil=True, cache=True)
def _scattered(start, n, unit, slope, dm, g_theta):  # pragma: no cover - compiled
    for d in range(slope.size):
        for k in range(n):
            g_theta[unit[start + k], d] += slope[d] * dm[k]


@njit(error_model="numpy", nogil=True, cache=True)
def gradient(panel, walk, priors, at, slopes, scratch):  # pragma: no cover - compiled
    """Log posterior density and its gradient.

    Parameters
    ----------
    panel
        ``item_start, item_ends, unit`` of :class:`tripoint.models.ideal_points.panel.Panel`.
    walk
        ``chain_start, gaps`` of the panel.
    priors
        Variance of first positions, standard deviation of cutpoints, shape and scale of the inverse gamma prior of
        the innovation variance, precision of location and scale, and whether the innovation variance is estimated
        (1) or stays (0).
    at
        Positions ``(n_units, n_dims)``, discriminations ``(n_items, n_dims)``, middles and log distances of
        cutpoints ``(n_items, 2)``, log innovation variance ``(1,)``.
    slopes
        Arrays like ``at``: set to the gradient.

    Returns
    -------
    float
        Log density, up to a constant.
    """
    item_start, item_ends, unit = panel
    theta, beta, cuts, _ = at
    g_theta, g_beta, g_cuts, _ = slopes
    m, x, c, f, dm = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    total = _walk(walk, priors, at, slopes)
    precision = 1.0 / priors[1] ** 2
    for item in range(beta.shape[0]):
        start, n = item_start[item], item_ends[item, 2]
        distance = math.exp(cuts[item, 1])
        low, high = cuts[item, 0] - 0.5 * distance, cuts[item, 0] + 0.5 * distance
        _means(start, n, unit, theta, beta[item], m)
        votes, by_low, by_high = _votes(item_ends[item], low, high, m, x, c, f, dm)
        total += votes - 0.5 * precision * (low * low + high * high) + cuts[item, 1]
        by_low -= precision * low
        by_high -= precision * high
        g_cuts[item, 0] = by_low + by_high
        g_cuts[item, 1] = 0.5 * distance * (by_high - by_low) + 1.0
        for d in range(beta.shape[1]):
            total -= 0.5 * beta[item, d] ** 2
            g_beta[item, d] = _dot(start, n, unit, theta, d, dm) - beta[item, d]
        _scattered(start, n, unit, beta[item], dm, g_theta)
    return total


@njit(fastmath=True, nogil=True, cache=True)
def _means(start, n, unit, theta, slope, m):  # pragma: no cover - compiled
    for k in range(n):
        m[k] = slope[0] * theta[unit[start + k], 0]
    for d in range(1, slope.size):
        for k in range(n):
            m[k] += slope[d] * theta[unit[start + k], d]


@njit(error_model="numpy", nogil=True, cache=True)
def _walk(walk, priors, at, slopes):  # pragma: no cover - compiled
    """Log prior of positions and innovation variance, and its gradient: sets those of both."""
    chain_start, gaps = walk
    theta, _, _, log_variance = at
    g_theta, _, _, g_variance = slopes
    first_variance, _, shape, scale, tightness, estimated = priors
    n, n_dims = theta.shape
    variance = math.exp(log_variance[0])
    total = -shape * log_variance[0] - scale / variance
    g_variance[0] = estimated * (-shape + scale / variance)
    for d in range(n_dims):
        mean = theta[:, d].mean()
        spread = 0.0
        for i in range(n):
            spread += (theta[i, d] - mean) ** 2
        log_sd = 0.5 * math.log(spread / (n - 1))
        total -= 0.5 * tightness * (mean * mean + log_sd * log_sd)
        for i in range(n):
            g_theta[i, d] = -tightness * (mean / n + log_sd * (theta[i, d] - mean) / spread)
        for state in range(chain_start.size - 1):
            start = chain_start[state]
            total -= 0.5 * theta[start, d] ** 2 / first_variance
            g_theta[start, d] -= theta[start, d] / first_variance
            for i in range(start + 1, chain_start[state + 1]):
                step = theta[i, d] - theta[i - 1, d]
                pull = step / (variance * gaps[i])
                total -= 0.5 * (step * pull + log_variance[0])
                g_theta[i, d] -= pull
                g_theta[i - 1, d] += pull
                g_variance[0] += estimated * 0.5 * (step * pull - 1.0)
    return total


@njit(error_model="numpy", nogil=True, cache=True)
def information(panel, at, found, scratch):  # pragma: no cover - compiled
    """Add the squared scores of all votes to ``found``, arrays like ``at``: what the votes say of each number."""
    item_start, item_ends, unit = panel
    theta, beta, cuts, _ = at
    of_theta, of_beta, of_cuts, _ = found
    m, x, c, f, dm = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    for item in range(beta.shape[0]):
        start, ends = item_start[item], item_ends[item]
        distance = math.exp(cuts[item, 1])
        low, high = cuts[item, 0] - 0.5 * distance, cuts[item, 0] + 0.5 * distance
        _means(start, ends[2], unit, theta, beta[item], m)
        _votes(ends, low, high, m, x, c, f, dm)
        for k in range(ends[2]):
            square = dm[k] * dm[k]
            of_cuts[item, 0] += square
            apart = dm[k]
            if ends[0] <= k < ends[1]:
                other = ends[2] + k - ends[0]
                apart = (f[k] + f[other]) / max(abs(c[other] - c[k]), _SMALLEST)
            of_cuts[item, 1] += 0.25 * distance * distance * apart * apart
            for d in range(beta.shape[1]):
                of_beta[item, d] += square * theta[unit[start + k], d] ** 2
                of_theta[unit[start + k], d] += square * beta[item, d] ** 2


@njit(error_model="numpy", nogil=True, cache=True)
def factored(walk, variance, first_variance, info, diagonal, below):  # pragma: no cover - compiled
    """Cholesky factors of the momenta of positions: the walk's precision plus ``info``, tridiagonal per state."""
    chain_start, gaps = walk
    for d in range(info.shape[1]):
        for state in range(chain_start.size - 1):
            start, end = chain_start[state], chain_start[state + 1]
            for i in range(start, end):
                value = info[i, d]
                value += 1.0 / first_variance if i == start else 1.0 / (variance * gaps[i])
                if i + 1 < end:
                    value += 1.0 / (variance * gaps[i + 1])
                below[i, d] = 0.0
                if i > start:
                    below[i, d] = -1.0 / (variance * gaps[i]) / diagonal[i - 1, d]
                    value -= below[i, d] ** 2
                diagonal[i, d] = math.sqrt(value)


@njit(error_model="numpy", nogil=True, cache=True)
def thrown(mass, noise, momenta):  # pragma: no cover - compiled
    """Turn standard normal numbers into momenta; gives the kinetic energy."""
    diagonal, below, of_beta, of_cuts, of_variance = mass
    n_theta, n_beta, n_cuts, n_variance = noise
    p_theta, p_beta, p_cuts, p_variance = momenta
    for i in range(p_theta.shape[0]):
        for d in range(p_theta.shape[1]):
            p_theta[i, d] = diagonal[i, d] * n_theta[i, d]
            if below[i, d] != 0.0:
                p_theta[i, d] += below[i, d] * n_theta[i - 1, d]
    p_beta[:] = np.sqrt(of_beta) * n_beta
    p_cuts[:] = np.sqrt(of_cuts) * n_cuts
    p_variance[:] = np.sqrt(of_variance) * n_variance
    return 0.5 * (np.sum(n_theta**2) + np.sum(n_beta**2) + np.sum(n_cuts**2) + np.sum(n_variance**2))


@njit(error_model="numpy", nogil=True, cache=True)
def _velocity(walk, mass, p_theta, v):  # pragma: no cover - compiled
    """Velocities of positions; gives twice their kinetic energy."""
    chain_start, _ = walk
    diagonal, below = mass[0], mass[1]
    energy = 0.0
    for d in range(p_theta.shape[1]):
        for state in range(chain_start.size - 1):
            start, end = chain_start[state], chain_start[state + 1]
            v[start, d] = p_theta[start, d] / diagonal[start, d]
            energy += v[start, d] ** 2
            for i in range(start + 1, end):
                v[i, d] = (p_theta[i, d] - below[i, d] * v[i - 1, d]) / diagonal[i, d]
                energy += v[i, d] ** 2
            v[end - 1, d] /= diagonal[end - 1, d]
            for i in range(end - 2, start - 1, -1):
                v[i, d] = (v[i, d] - below[i + 1, d] * v[i + 1, d]) / diagonal[i, d]
    return energy


@njit(error_model="numpy", nogil=True, cache=True)
def fly(
    panel, walk, priors, mass, at, momenta, slopes, velocity, scratch, step, n_steps
):  # pragma: no cover - compiled
    """Follow a trajectory by leapfrog steps; ``slopes`` is the gradient at the start and becomes that at the end.

    Returns
    -------
    tuple of float
        Log density and kinetic energy at the end.
    """
    theta, beta, cuts, log_variance = at
    p_theta, p_beta, p_cuts, p_variance = momenta
    g_theta, g_beta, g_cuts, g_variance = slopes
    _, _, of_beta, of_cuts, of_variance = mass
    found = 0.0
    for k in range(n_steps + 1):
        if k > 0:
            _velocity(walk, mass, p_theta, velocity)
            theta += step * velocity
            beta += step * p_beta / of_beta
            cuts += step * p_cuts / of_cuts
            log_variance += step * p_variance / of_variance
            found = gradient(panel, walk, priors, at, slopes, scratch)
            if not math.isfinite(found):
                return -np.inf, np.inf
        push = step if 0 < k < n_steps else 0.5 * step
        p_theta += push * g_theta
        p_beta += push * g_beta
        p_cuts += push * g_cuts
        p_variance += push * g_variance
    energy = _velocity(walk, mass, p_theta, velocity)
    energy += np.sum(p_beta**2 / of_beta) + np.sum(p_cuts**2 / of_cuts) + np.sum(p_variance**2 / of_variance)
    return found, 0.5 * energy
