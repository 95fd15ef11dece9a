"""Where does a noisy yearly series really stand: the local-level model, for many series at once.

``y_t = level_t + irregular_t + error_t`` and ``level_{t+1} = level_t + step_t``. The error variance is known for each
observation (it comes from the measure's own interval), but not how much of the error lasts: a source that counts high
does so every year. A share of the variance passes from one year to the next, the rest is the same in all years. It
hides in the first level, so that it can neither be seen in the series nor be averaged away: it is added to the variance
of every level. That share, and the variances of the irregular and of the step, are shared by all series and estimated
together. A missing observation is carried: the level stays, its variance grows. The first level has an exact diffuse
prior.

References
----------
Durbin, J. and Koopman, S. J. (2012). Time Series Analysis by State Space Methods, 2nd ed., chapters 2 and 5.
doi:10.1093/acprof:oso/9780199641178.001.0001
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variances:
    """Variance of the level's yearly step and of the irregular, in squared units of the series.

    ``passing`` is the share of the variance of observations' errors that passes from one year to the next.
    """

    step: float
    irregular: float
    passing: float = 1.0


@dataclass(frozen=True, slots=True)
class Level:
    """Level of each series in each period, with variances.

    ``filtered`` uses no later year and is NaN before the first observation;
    ``smoothed`` uses the whole series and reaches back before it, with a variance that grows. A series without any
    observation is NaN throughout. Variances hold the part of the error that lasts.
    All arrays have shape ``(n_series, n_periods)``; ``log_likelihood`` has shape ``(n_series,)``.
    """

    filtered: Floats
    filtered_variance: Floats
    smoothed: Floats
    smoothed_variance: Floats
    log_likelihood: Floats


def local_level(values: Floats, error_variance: Floats, variances: Variances) -> Level:
    """Filter and smooth series under the local-level model.

    Parameters
    ----------
    values
        Shape ``(n_series, n_periods)``; NaN where not observed.
    error_variance
        Same shape: variance of each observation's own error.
    variances
        Of the step and of the irregular, and the share of the error that passes.

    Returns
    -------
    Level
        The log-likelihood is the exact diffuse one: the first observation of a series adds ``-log(2 pi) / 2``
        only.
    """
    values = np.atleast_2d(np.asarray(values, float))
    error = np.atleast_2d(np.asarray(error_variance, float))
    noise, lasting = variances.passing * error + variances.irregular, (1 - variances.passing) * error
    n_series, n_periods = values.shape
    filtered = np.full(values.shape, np.nan)
    variance = np.full(values.shape, np.nan)
    log_likelihood = np.zeros(n_series)
    mean, spread = np.full(n_series, np.nan), np.full(n_series, np.nan)
    for period in range(n_periods):
        seen = ~np.isnan(values[:, period])
        started = ~np.isnan(mean)
        spread = spread + variances.step
        update = seen & started
        innovation = values[update, period] - mean[update]
        total = spread[update] + noise[update, period]
        log_likelihood[update] -= 0.5 * (np.log(2 * np.pi * total) + innovation**2 / total)
        gain = spread[update] / total
        mean[update] += gain * innovation
        spread[update] *= 1 - gain
        begin = seen & ~started
        log_likelihood[begin] -= 0.5 * np.log(2 * np.pi)
        mean[begin], spread[begin] = values[begin, period], noise[begin, period]
        filtered[:, period], variance[:, period] = mean, spread
    smoothed, smoothed_variance = _smooth(filtered, variance, variances.step)
    return Level(filtered, variance + lasting, smoothed, smoothed_variance + lasting, log_likelihood)


def _smooth(filtered: Floats, variance: Floats, step: float) -> tuple[Floats, Floats]:
    """Fixed-interval smoothing, backwards from the last filtered level and on past the first observation."""
    smoothed, spread = filtered.copy(), variance.copy()
    for period in range(filtered.shape[1] - 2, -1, -1):
        before = np.isnan(filtered[:, period])
        smoothed[before, period] = smoothed[before, period + 1]
        spread[before, period] = spread[before, period + 1] + step
        predicted = variance[:, period] + step
        gain = np.divide(variance[:, period], predicted, out=np.zeros_like(predicted), where=predicted > 0)
        after = ~before
        smoothed[after, period] += (gain * (smoothed[:, period + 1] - filtered[:, period]))[after]
        spread[after, period] += (gain**2 * (spread[:, period + 1] - predicted))[after]
    return smoothed, spread


def fit_local_level(values: Floats, error_variance: Floats) -> Variances:
    """Estimate the variances, and the share of the error that passes, by maximum likelihood, pooled over all series.

    Parameters
    ----------
    values, error_variance
        As in :func:`local_level`.

    Raises
    ------
    ValueError
        No series has three observations, so a step cannot be told from noise.
    """
    from scipy.optimize import minimize

    values = np.atleast_2d(np.asarray(values, float))
    error_variance = np.atleast_2d(np.asarray(error_variance, float))
    if (np.isfinite(values).sum(1) < 3).all():
        raise ValueError("no series has three observations; a step cannot be told from noise")
    steps = np.diff(values, axis=1)
    scale = float(np.nanvar(steps)) or float(np.nanvar(values)) or 1.0

    def variances(free: Floats) -> Variances:
        step, irregular = np.exp(np.clip(free[:2], -20, 10)) * scale
        return Variances(float(step), float(irregular), float(1 / (1 + np.exp(-np.clip(free[2], -20, 20)))))

    def loss(free: Floats) -> float:
        return -float(local_level(values, error_variance, variances(free)).log_likelihood.sum())

    start = np.array([np.log(0.3), np.log(0.3), 0.0])
    options = {"xatol": 1e-4, "fatol": 1e-6, "maxiter": 600}
    return variances(minimize(loss, start, method="Nelder-Mead", options=options).x)
