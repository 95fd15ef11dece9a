"""What can a vector autoregression be fitted to? Series without gaps, long enough, none constant or made of others."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import CoverageError, NotIdentifiedError, UsageError

Floats = NDArray[np.float64]

#: Spread of a series, as a share of its size, below which it is constant up to rounding.
HAIR = 1e-10
#: Singular value of standardised regressors, as a share of the largest, below which they repeat each other.
COLLINEAR = 1e-8


def checked_series(values: ArrayLike, lags: int) -> Floats:
    """Series as an array, after everything that keeps an autoregression from being fitted has been refused.

    Parameters
    ----------
    values
        Shape ``(n_periods, n_series)``: periods that follow each other without a gap.
    lags
        How many past periods enter, at least 1.

    Raises
    ------
    UsageError
        The shape is another, or `lags` is no positive whole number.
    CoverageError
        A value is missing or infinite, or there are too few periods.
    NotIdentifiedError
        A series is constant.
    """
    series = np.array(values, np.float64, ndmin=1)
    if series.ndim != 2 or series.shape[1] < 1:
        raise UsageError(f"series have shape {series.shape}; give (n_periods, n_series), a column each")
    check_whole(lags, "lags")
    _check_gaps(series)
    n_periods, n_series = series.shape
    needed = fewest_periods(n_series, lags)
    if n_periods < needed:
        raise CoverageError(
            f"{n_periods} periods are too few for {n_series} series with {lags} lags; at least {needed} are needed. "
            "Take fewer lags, fewer series or a longer span"
        )
    constant = np.flatnonzero(series.std(0) <= HAIR * np.abs(series).max(0))
    if constant.size:
        raise NotIdentifiedError(
            f"series {_listed(constant)} (counted from 0) never changes, so nothing leads it or follows it. "
            "Leave it out, or take a span in which it changes"
        )
    return series


def fewest_periods(n_series: int, lags: int) -> int:
    """Periods from which coefficients and a covariance of full rank can be had."""
    return lags + n_series * lags + 1 + n_series


def check_whole(number: int, name: str) -> None:
    """Refuse what is no positive whole number."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise UsageError(f"{name} is {number!r}; give a whole number, 1 or more")


def design(series: Floats, lags: int) -> Floats:
    """Past values, the latest lag first and all series within a lag, then a one; shape ``(n, n_series lags + 1)``."""
    n_used = len(series) - lags
    past = [series[lags - lag : lags - lag + n_used] for lag in range(1, lags + 1)]
    return np.hstack([*past, np.ones((n_used, 1))])


def unstacked(stacked: Floats, n_series: int) -> tuple[Floats, Floats]:
    """Intercept and coefficients ``[lag, equation, source]`` of coefficients in the order of `design`.

    Parameters
    ----------
    stacked
        Shape ``(..., n_series lags + 1, n_series)``, a column for each equation.
    """
    lags = (stacked.shape[-2] - 1) // n_series
    blocks = stacked[..., :-1, :].reshape(*stacked.shape[:-2], lags, n_series, n_series)
    return stacked[..., -1, :], np.swapaxes(blocks, -1, -2)


def stacked_rows(coefficients: Floats) -> Floats:
    """Coefficients with all lags of an equation in a row: ``(..., n_series, n_series lags)``."""
    *outer, lags, n_series, _ = coefficients.shape
    turned = np.swapaxes(coefficients, -3, -2).reshape(*outer, n_series, lags * n_series)
    return np.ascontiguousarray(turned)


def check_collinear(regressors: Floats, n_series: int) -> None:
    """Refuse regressors of which one is made of the others; they come standardised, in the order of `design`."""
    _, sizes, directions = np.linalg.svd(regressors, full_matrices=False)
    if sizes[-1] > COLLINEAR * sizes[0]:
        return
    weights = np.abs(directions[-1][:-1])
    involved = np.unique(np.flatnonzero(weights > weights.max() * 1e-3) % n_series)
    raise NotIdentifiedError(
        f"the past of series {_listed(involved)} (counted from 0) can be made from each other, so their effects "
        "cannot be told apart. Leave one out (of shares that sum to one, say), or take fewer lags"
    )


def _check_gaps(series: Floats) -> None:
    bad = ~np.isfinite(series)
    if not bad.any():
        return
    period, column = np.argwhere(bad)[0]
    what = "missing" if np.isnan(series[period, column]) else "infinite"
    raise CoverageError(
        f"{bad.sum()} values are missing or infinite, the first ({what}) of series {column} in period {period} "
        "(counted from 0). An autoregression needs every period: take a span without gaps, leave the series out, or "
        "fill the gaps before"
    )


def _listed(numbers: NDArray[np.int64]) -> str:
    return ", ".join(str(number) for number in numbers)
