"""Where does a noisy yearly series really stand: the local-level model, for many series at once.

``y_t = level_t + irregular_t + error_t`` and ``level_{t+1} = level_t + step_t``. The error variance is known
for each observation (it comes from the measure's own interval); the variances of the irregular and of the
step are shared by all series and estimated together. A missing observation is carried: the level stays, its
variance grows. The first level has an exact diffuse prior.

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
    """Variance of the level's yearly step and of the irregular, in squared units of the series."""

    step: float
    irregular: float


@dataclass(frozen=True, slots=True)
class Level:
    """Level of each series in each period, with variances.

    ``filtered`` uses no later year and is NaN before the first observation;
    ``smoothed`` uses the whole series and reaches back before it, with a variance that grows. A series without any
    observation is NaN throughout.
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
        Variance of the step and of the irregular.

    Returns
    -------
    Level
        The log-likelihood is the exact diffuse one: the first observation of a series adds ``-log(2 pi) / 2``
        only.
    """
    values = np.atleast_2d(np.asarray(values, float))
    noise = np.atleast_2d(np.asarray(error_variance, float)) + variances.irregular
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
    return Level(filtered, variance, smoothed, smoothed_variance, log_likelihood)


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
    """Estimate the variance of the step and of the irregular by maximum likelihood, pooled over all series.

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

    def loss(logs: Floats) -> float:
        step, irregular = np.exp(np.clip(logs, -20, 10)) * scale
        level = local_level(values, error_variance, Variances(step, irregular))
        return -float(level.log_likelihood.sum())

    best = minimize(
        loss, np.log([0.3, 0.3]), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 400}
    )
    step, irregular = np.exp(np.clip(best.x, -20, 10)) * scale
    return Variances(float(step), float(irregular))
