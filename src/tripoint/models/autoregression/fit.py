"""How does each series follow from the recent past of all: least squares, and is the system stable?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NotIdentifiedError, UsageError
from tripoint.models.autoregression.series import (
    check_collinear,
    checked_series,
    design,
    stacked_rows,
    unstacked,
)

Floats = NDArray[np.float64]

#: Eigenvalue of the covariance of residuals, in squared standard deviations of the series, below which it is rounding.
_NO_ERROR = 1e-14


@dataclass(frozen=True, slots=True)
class Autoregression:
    """``y_t = c + A_1 y_{t-1} + ... + A_p y_{t-p} + u_t``, as estimated.

    Attributes
    ----------
    values
        The series, shape ``(n_periods, n_series)``.
    intercept
        The paper's c, shape ``(n_series,)``.
    coefficients
        The paper's A, shape ``(lags, n_series, n_series)``: ``[lag - 1, equation, source]``.
    residuals
        The paper's u, shape ``(n_periods - lags, n_series)``.
    covariance
        Of the residuals, their cross products over the degrees of freedom.
    covariance_ml
        Of the residuals, their cross products over the number of periods: the maximum-likelihood estimate.
    log_likelihood
        Gaussian, given the first `lags` periods.
    """

    values: Floats
    intercept: Floats
    coefficients: Floats
    residuals: Floats
    covariance: Floats
    covariance_ml: Floats
    log_likelihood: float

    @property
    def lags(self) -> int:
        """How many past periods enter."""
        return len(self.coefficients)

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return self.values.shape[1]

    @property
    def n_used(self) -> int:
        """Periods that are explained: all but the first `lags`."""
        return len(self.residuals)

    @property
    def degrees_of_freedom(self) -> int:
        """Periods explained less coefficients in an equation."""
        return self.n_used - self.n_series * self.lags - 1

    @property
    def largest_root(self) -> float:
        """Largest root of the system; below 1 shocks die out."""
        return float(largest_root(self.coefficients))


def fit_autoregression(values: ArrayLike, lags: int) -> Autoregression:
    """Fit a vector autoregression with a constant by least squares, equation by equation.

    Parameters
    ----------
    values
        Shape ``(n_periods, n_series)``, without gaps.
    lags
        How many past periods enter.

    Raises
    ------
    UsageError, CoverageError, NotIdentifiedError
        As in :func:`tripoint.models.autoregression.series.checked_series`; also where the past of the series repeats
        itself, or predicts one of them without error.

    References
    ----------
    Lütkepohl, H. (2005). New Introduction to Multiple Time Series Analysis, sections 3.2 and 3.4.
    doi:10.1007/978-3-540-27752-1

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> fit_autoregression(rng.normal(size=(100, 2)), lags=1).coefficients.shape
    (1, 2, 2)
    """
    series = checked_series(values, lags)
    # Standard units: neither the size of a series nor its mean costs digits.
    mean, spread = series.mean(0), series.std(0)
    standard = (series - mean) / spread
    regressors, outcome = design(standard, lags), standard[lags:]
    check_collinear(regressors, series.shape[1])
    stacked = np.linalg.lstsq(regressors, outcome, rcond=None)[0]
    errors = outcome - regressors @ stacked
    _check_errors(errors)
    constant, slopes = unstacked(stacked, series.shape[1])
    coefficients = slopes * spread[:, None] / spread
    intercept = mean + spread * constant - coefficients.sum(0) @ mean
    residuals = errors * spread
    products = residuals.T @ residuals
    n_used = len(residuals)
    return Autoregression(
        series,
        intercept,
        coefficients,
        residuals,
        products / (n_used - len(stacked)),
        products / n_used,
        gaussian_log_likelihood(products / n_used, n_used),
    )


def gaussian_log_likelihood(covariance_ml: Floats, n_used: int) -> float:
    """Largest Gaussian log-likelihood of a regression with this maximum-likelihood covariance of residuals."""
    n_series = len(covariance_ml)
    determinant = np.linalg.slogdet(covariance_ml).logabsdet
    return float(-0.5 * n_used * (n_series * (np.log(2 * np.pi) + 1) + determinant))


def companion(coefficients: Floats) -> Floats:
    """The system as one of first order: shape ``(..., n_series lags, n_series lags)``."""
    *outer, lags, n_series, _ = coefficients.shape
    size = lags * n_series
    matrix = np.zeros((*outer, size, size))
    matrix[..., :n_series, :] = stacked_rows(coefficients)
    matrix[..., n_series:, :-n_series] += np.eye(size - n_series)
    return matrix


def largest_root(coefficients: ArrayLike) -> Floats:
    """Largest modulus of the roots of a system: below 1 shocks die out, at 1 they stay, above they grow.

    Parameters
    ----------
    coefficients
        Shape ``(..., lags, n_series, n_series)``.

    Returns
    -------
    ndarray
        Shape ``(...)``.

    References
    ----------
    Lütkepohl (2005), section 2.1.1.

    Examples
    --------
    >>> largest_root([[[0.5, 0.0], [0.3, 0.9]]]).round(6)
    np.float64(0.9)
    """
    slopes = np.asarray(coefficients, np.float64)
    if slopes.ndim < 3 or slopes.shape[-1] != slopes.shape[-2]:
        raise UsageError(f"coefficients have shape {slopes.shape}; give (lags, n_series, n_series)")
    return np.abs(np.linalg.eigvals(companion(slopes))).max(-1)


def _check_errors(errors: Floats) -> None:
    """Refuse series that the past predicts without error; residuals come in standard deviations of the series."""
    covariance = errors.T @ errors / len(errors)
    sizes, directions = np.linalg.eigh(covariance)
    if sizes[0] > _NO_ERROR:
        return
    involved = np.flatnonzero(np.abs(directions[:, 0]) > 1e-3)
    raise NotIdentifiedError(
        f"what happens to series {', '.join(map(str, involved))} (counted from 0) follows from the past and from each "
        "other without error: one is a trend, a copy or a sum of others. Leave one out, or take differences"
    )
