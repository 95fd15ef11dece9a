"""How much do several estimates differ beyond their sampling error? Random-effects standard deviation and interval.

Estimates ``y = theta + e`` of quantities ``theta`` that vary around one mean with standard deviation ``tau``, and
errors ``e`` of known covariance ``S``. With ``S`` diagonal everything here is the textbook case; estimates that rest
on shared items have correlated errors, and then ``S`` is not diagonal.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Fewer estimates say nothing of how much they vary.
LEAST_ESTIMATES = 3

#: Halvings of the bracket in which a bound lies: more than double precision can tell apart.
_HALVINGS = 60


def between_deviation(estimates: Floats, covariances: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """Random-effects standard deviation of each row of estimates, with its Q-profile interval.

    Parameters
    ----------
    estimates
        Shape ``(n_rows, n_estimates)``; NaN where an estimate is missing.
    covariances
        Covariances of the sampling errors, shape ``(n_rows, n_estimates, n_estimates)``, or their variances alone,
        shape ``(n_rows, n_estimates)``, when errors are independent. What belongs to a missing estimate is not read.
    level
        Central probability of the interval.

    Returns
    -------
    tau, lower, upper : ndarray
        Shape ``(n_rows,)``, in the unit of the estimates; NaN with fewer than :data:`LEAST_ESTIMATES` estimates.

    Raises
    ------
    ValueError
        An estimate has a variance that is not positive.

    Notes
    -----
    With ``W = diag(1 / S_ii)`` and ``M = W - W 1 1' W / 1' W 1``, ``tau^2 = max(0, (y' M y - tr M S) / tr M)``; for a
    diagonal ``S`` this is DerSimonian and Laird's estimate, since then ``tr M S`` is the number of estimates less one.

    The interval holds every ``tau`` at which ``Q = y' P y``, with ``P`` the generalised least squares projection for
    the covariance ``S + tau^2 I``, lies between the quantiles of a chi-square distribution. ``Q`` falls with ``tau``
    and is, for contrasts that diagonalise ``S`` with eigenvalues ``l_j``, ``sum w_j^2 / (l_j + tau^2)``. It is widened
    where it would leave out the estimate, which weighs differently. Estimates that differ even less than their errors
    let them have the interval from 0 to 0; it says that the errors are perhaps smaller than thought.

    References
    ----------
    DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7(3):177-188.
    doi:10.1016/0197-2456(86)90046-2. Viechtbauer, W. (2007). Confidence intervals for the amount of heterogeneity in
    meta-analysis. Statistics in Medicine 26(1):37-52. doi:10.1002/sim.2514

    Examples
    --------
    >>> tau, lower, upper = between_deviation(np.array([[0.0, 1.0, 2.0]]), np.full((1, 3), 0.01), 0.9)
    >>> [round(float(number[0]), 2) for number in (tau, lower, upper)]
    [0.99, 0.57, 4.41]
    """
    estimates, covariances = np.asarray(estimates, float), np.asarray(covariances, float)
    if covariances.ndim == estimates.ndim:
        covariances = covariances[..., None] * np.eye(estimates.shape[1])
    found = np.full((3, len(estimates)), np.nan)
    patterns, which = np.unique(~np.isnan(estimates), axis=0, return_inverse=True)
    for number, used in enumerate(patterns):
        if used.sum() >= LEAST_ESTIMATES:
            rows = np.flatnonzero(which.ravel() == number)
            found[:, rows] = _complete_rows(
                estimates[np.ix_(rows, used)], covariances[np.ix_(rows, used, used)], level
            )
    return found[0], found[1], found[2]


def covariance_of_draws(draws: Floats) -> Floats:
    """Covariances of estimates from their bootstrap draws.

    Parameters
    ----------
    draws
        Shape ``(n_rows, n_estimates, n_draws)``; NaN where a draw is not defined. Each pair of estimates uses
        the draws in which both are.

    Returns
    -------
    ndarray
        Shape ``(n_rows, n_estimates, n_estimates)``; NaN where two estimates have fewer than two draws in common.
    """
    draws = np.asarray(draws, float)
    known = ~np.isnan(draws)
    filled = np.where(known, draws, 0.0)
    mean = filled.sum(-1, keepdims=True) / np.maximum(known.sum(-1, keepdims=True), 1)
    apart = np.where(known, draws - mean, 0.0)
    known = known.astype(float)
    common = known @ known.swapaxes(-1, -2)
    return np.where(common > 1, apart @ apart.swapaxes(-1, -2) / np.maximum(common - 1, 1), np.nan)


def pooled_covariances(covariances: Floats, effective: Floats) -> Floats:
    """Covariances with one sampling variance per independent item, pooled over the estimates of a row.

    Where the variance of an estimate depends on the estimate, as that of a kappa does, estimates that happen to be
    high seem precise, and chance looks like a difference. Pooled, every estimate has the variance
    ``c / (n - 1)`` with ``c`` the mean of ``S_ii n``; correlations stay as they are.

    Parameters
    ----------
    covariances
        As in :func:`between_deviation`, shape ``(n_rows, n_estimates, n_estimates)``.
    effective
        Number ``n`` of independent items behind each estimate, shape ``(n_rows, n_estimates)``; less than 2 counts
        as 2. Estimates without a variance take no part.

    Returns
    -------
    ndarray
        Shape of ``covariances``.
    """
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    known, n = ~np.isnan(variances), np.maximum(effective, 2)
    each = np.where(known, variances * n, 0).sum(-1) / np.maximum(known.sum(-1), 1)
    scale = np.sqrt(each[:, None] / (n - 1) / variances)
    return covariances * scale[:, :, None] * scale[:, None, :]


def _complete_rows(y: Floats, covariances: Floats, level: float) -> Floats:
    """Estimate and bounds, shape ``(3, n_rows)``, of rows without missing estimates."""
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    if not (variances > 0).all():
        raise ValueError("a sampling variance is 0, negative or missing; give every estimate a positive one")
    squared = np.maximum(_moment_estimate(y, covariances, 1 / variances), 0)
    lower, upper = _profile(y, covariances, level)
    return np.sqrt([squared, np.minimum(lower, squared), np.maximum(upper, squared)])


def _moment_estimate(y: Floats, covariances: Floats, weights: Floats) -> Floats:
    """``tau^2`` at which the weighted sum of squares is what it is on average; may be negative."""
    total = weights.sum(-1)
    centred = y - ((weights * y).sum(-1) / total)[:, None]
    observed = (weights * centred**2).sum(-1)
    projection = weights[:, :, None] * (np.eye(y.shape[1]) - weights[:, None, :] / total[:, None, None])
    by_chance = np.einsum("rij,rji->r", projection, covariances)
    return (observed - by_chance) / np.trace(projection, axis1=-2, axis2=-1)


def _profile(y: Floats, covariances: Floats, level: float) -> tuple[Floats, Floats]:
    """Bounds of ``tau^2`` from the generalised Q."""
    from scipy.special import gammaincinv

    contrasts = _contrasts(y.shape[1])
    eigenvalues, vectors = np.linalg.eigh(contrasts @ covariances @ contrasts.T)
    # Draws of unequal number may give a matrix that is not quite a covariance.
    eigenvalues = np.maximum(eigenvalues, 0)
    squares = np.einsum("rji,rj->ri", vectors, y @ contrasts.T) ** 2
    tail, half_freedom = (1 - level) / 2, (y.shape[1] - 1) / 2
    low, high = (2 * gammaincinv(half_freedom, p) for p in (tail, 1 - tail))
    return _solve(squares, eigenvalues, high), _solve(squares, eigenvalues, low)


def _solve(squares: Floats, eigenvalues: Floats, quantile: float) -> Floats:
    """The ``t`` of 0 or more at which ``sum squares / (eigenvalues + t)`` is, or is at most, a quantile."""

    def exceeds(t: Floats) -> NDArray[np.bool_]:
        scale = eigenvalues + t[:, None]
        parts = np.divide(squares, scale, out=np.where(squares > 0, np.inf, 0.0), where=scale > 0)
        return parts.sum(-1) > quantile

    low = np.zeros(len(squares))
    high = np.where(exceeds(low), squares.sum(-1) / quantile, 0.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = exceeds(middle)
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def _contrasts(n: int) -> Floats:
    """Orthonormal rows, each orthogonal to a constant, shape ``(n - 1, n)``."""
    rows = np.tri(n - 1, n) - np.diag(np.arange(1, n), 1)[: n - 1]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
