"""What series does a known system give: made-up data with which estimates and bands can be held against the truth."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NotIdentifiedError, UsageError
from tripoint.models.autoregression.fit import largest_root

Floats = NDArray[np.float64]


def simulated_series(
    intercept: ArrayLike,
    coefficients: ArrayLike,
    covariance: ArrayLike,
    n_periods: int,
    rng: np.random.Generator,
    *,
    burn_in: int = 200,
) -> Floats:
    """Draw series from a stable vector autoregression with Gaussian errors.

    Parameters
    ----------
    intercept, coefficients, covariance
        Shapes ``(n_series,)``, ``(lags, n_series, n_series)`` with ``[lag - 1, equation, source]``, and
        ``(n_series, n_series)``.
    n_periods
        How many periods are kept.
    rng
        Where errors come from.
    burn_in
        Periods before them, from zero on.

    Returns
    -------
    ndarray
        Shape ``(n_periods, n_series)``.

    Raises
    ------
    UsageError
        Shapes do not fit each other.
    NotIdentifiedError
        The system is not stable, or the covariance is not positive definite.

    Examples
    --------
    >>> simulated_series([0.0], [[[0.5]]], [[1.0]], 5, np.random.default_rng(0)).shape
    (5, 1)
    """
    constant, slopes = np.asarray(intercept, np.float64), np.asarray(coefficients, np.float64)
    spread = np.asarray(covariance, np.float64)
    n_series = len(constant)
    if slopes.shape[1:] != (n_series, n_series) or spread.shape != (n_series, n_series):
        raise UsageError(
            f"coefficients {slopes.shape} and covariance {spread.shape} do not fit {n_series} intercepts; give (lags, "
            f"{n_series}, {n_series}) and ({n_series}, {n_series})"
        )
    root = float(largest_root(slopes))
    if root >= 1:
        raise NotIdentifiedError(
            f"the largest root is {root:.4f}; series settle only below 1. Take smaller coefficients"
        )
    errors = rng.standard_normal((burn_in + n_periods, n_series)) @ lower_factor(spread).T
    lags = len(slopes)
    series = np.zeros((lags + len(errors), n_series))
    for period, error in enumerate(errors, start=lags):
        past = series[period - lags : period][::-1]
        series[period] = constant + np.einsum("lij,lj->i", slopes, past) + error
    return series[-n_periods:]


def lower_factor(covariance: ArrayLike) -> Floats:
    """Lower triangular factors (Cholesky) of covariances, shape ``(..., n_series, n_series)``.

    Raises
    ------
    NotIdentifiedError
        One is not positive definite: some errors are made of others.
    """
    try:
        return np.linalg.cholesky(np.asarray(covariance, np.float64)).astype(np.float64, copy=False)
    except np.linalg.LinAlgError as error:
        raise NotIdentifiedError(
            "a covariance of errors is not positive definite: the errors of one series are made of those of others. "
            "Leave one out"
        ) from error
