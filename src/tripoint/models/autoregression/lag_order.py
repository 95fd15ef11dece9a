"""How many past periods should enter: information criteria of every lag on the same periods."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import UnknownNameError
from tripoint.models.autoregression.fit import fit_autoregression
from tripoint.models.autoregression.series import checked_series

Floats = NDArray[np.float64]
Criterion = Literal["aic", "bic", "hq"]
CRITERIA: tuple[Criterion, ...] = ("aic", "bic", "hq")


@dataclass(frozen=True, slots=True)
class LagChoices:
    """Criteria of each number of lags; smaller is better.

    Attributes
    ----------
    lags
        1, 2, ... up to the most; the arrays below have an entry for each.
    aic, bic, hq
        Log determinant of the maximum-likelihood covariance plus a penalty a period, over ``n_used`` periods: 2, log n,
        or 2 log log n for each coefficient, constants included.
    log_likelihood
        On the same periods.
    largest_root
        Of each fit.
    n_used
        Periods explained in every fit: all but the first of the longest.
    """

    lags: NDArray[np.int64]
    aic: Floats
    bic: Floats
    hq: Floats
    log_likelihood: Floats
    largest_root: Floats
    n_used: int

    def best(self, criterion: Criterion) -> int:
        """The number of lags that a criterion prefers.

        Raises
        ------
        UnknownNameError
            No such criterion.
        """
        if criterion not in CRITERIA:
            raise UnknownNameError.of("criterion", criterion, CRITERIA)
        return int(self.lags[np.argmin(getattr(self, criterion))])


def lag_choices(values: ArrayLike, most_lags: int) -> LagChoices:
    """Fit every number of lags on the same periods and list what the criteria say.

    Criteria often disagree: AIC prefers more lags than HQ, and HQ more than BIC. A reading should show what depends on
    the choice.

    Parameters
    ----------
    values
        Shape ``(n_periods, n_series)``, without gaps.
    most_lags
        The largest number of lags; its first periods are given in every fit.

    Raises
    ------
    UsageError, CoverageError, NotIdentifiedError
        As in :func:`tripoint.models.autoregression.fit.fit_autoregression`.

    References
    ----------
    Lütkepohl, H. (2005). New Introduction to Multiple Time Series Analysis, section 4.3.
    doi:10.1007/978-3-540-27752-1
    """
    series = checked_series(values, most_lags)
    n_used, n_series = len(series) - most_lags, series.shape[1]
    lags = np.arange(1, most_lags + 1)
    fits = [fit_autoregression(series[most_lags - lag :], int(lag)) for lag in lags]
    log_determinant = np.array([np.linalg.slogdet(fit.covariance_ml).logabsdet for fit in fits])
    coefficients = n_series * (n_series * lags + 1)
    return LagChoices(
        lags,
        log_determinant + 2 * coefficients / n_used,
        log_determinant + np.log(n_used) * coefficients / n_used,
        log_determinant + 2 * np.log(np.log(n_used)) * coefficients / n_used,
        np.array([fit.log_likelihood for fit in fits]),
        np.array([fit.largest_root for fit in fits]),
        n_used,
    )
