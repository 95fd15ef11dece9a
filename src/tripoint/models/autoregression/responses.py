"""What follows a shock: responses of every series to a surprise in one, with the bands that the series allow."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NotIdentifiedError, UnknownNameError, UsageError
from tripoint.models.autoregression.series import stacked_rows
from tripoint.models.autoregression.simulation import lower_factor
from tripoint.models.autoregression.systems import SystemDraws, in_chunks

Floats = NDArray[np.float64]
Shock = Literal["orthogonalised", "generalised"]
SHOCKS: tuple[Shock, ...] = ("orthogonalised", "generalised")
Explosive = Literal["keep", "drop"]


@dataclass(frozen=True, slots=True)
class ResponseBands:
    """Responses to a shock of one standard deviation, with intervals.

    Attributes
    ----------
    value
        At the estimate, shape ``(horizon + 1, n_series, n_series)``: ``[periods later, series, shocked series]``.
    median
        Of the draws, same shape. Where it parts from `value`, the estimate is biased or the draws are skewed.
    levels
        Chances that a band holds, as 0.68 and 0.9.
    lower, upper
        Bounds, shape ``(n_levels, horizon + 1, n_series, n_series)``: percentiles of the draws, one response at a time.
    n_draws
        How many draws the bands rest on.
    explosive_share
        Share of all draws whose largest root is 1 or more, whether kept or dropped.
    """

    value: Floats
    median: Floats
    levels: tuple[float, ...]
    lower: Floats
    upper: Floats
    n_draws: int
    explosive_share: float


def impulse_responses(
    coefficients: ArrayLike,
    covariance: ArrayLike,
    horizon: int,
    *,
    shock: Shock = "orthogonalised",
    cumulative: bool = False,
) -> Floats:
    """Responses to a surprise of one standard deviation in each series.

    Orthogonalised: the series are taken in the order given; a surprise in one moves those after it at once, never those
    before it. Generalised: a surprise in one comes with what usually comes with it in the others; the order does not
    matter, but the shocks overlap. A worsening is minus one standard deviation: turn the sign.

    Parameters
    ----------
    coefficients
        Shape ``(lags, n_series, n_series)``: ``[lag - 1, equation, source]``.
    covariance
        Of errors, shape ``(n_series, n_series)``.
    horizon
        Periods after the shock, 0 or more.
    shock
        ``"orthogonalised"`` or ``"generalised"``.
    cumulative
        Sum responses up to each period.

    Returns
    -------
    ndarray
        Shape ``(horizon + 1, n_series, n_series)``: ``[periods later, series, shocked series]``, in units of the
        series.

    Raises
    ------
    UnknownNameError
        No such shock.
    UsageError
        The horizon is negative.
    NotIdentifiedError
        The covariance is not positive definite.

    References
    ----------
    Sims, C. A. (1980). Macroeconomics and reality. Econometrica 48(1):1-48. doi:10.2307/1912017
    Pesaran, M. H. and Shin, Y. (1998). Generalized impulse response analysis in linear multivariate models. Economics
    Letters 58(1):17-29. doi:10.1016/S0165-1765(97)00214-0

    Examples
    --------
    >>> impulse_responses([[[0.5]]], [[4.0]], 3).ravel()
    array([2.  , 1.  , 0.5 , 0.25])
    """
    slopes = np.asarray(coefficients, np.float64)
    factor = lower_factor(np.asarray(covariance, np.float64))
    _check_request(shock, horizon)
    path = np.zeros((horizon + 1, *factor.shape))
    path[0] = _impacts(factor, shock)
    for step in range(1, horizon + 1):
        for lag in range(min(step, len(slopes))):
            path[step] += slopes[lag] @ path[step - 1 - lag]
    return path.cumsum(0) if cumulative else path


def response_bands(
    systems: SystemDraws,
    horizon: int,
    *,
    shock: Shock = "orthogonalised",
    cumulative: bool = False,
    levels: tuple[float, ...] = (0.68, 0.9),
    explosive: Explosive = "keep",
    threads: int | None = None,
) -> ResponseBands:
    """Responses with bands from drawn systems.

    Draws with a root of 1 or more are part of what the series allow, so they are kept unless asked otherwise; dropping
    them is a belief that shocks die out, and narrows the bands. Their share is reported either way.

    Parameters
    ----------
    systems
        Drawn by resampling or from a posterior.
    horizon, shock, cumulative
        As in :func:`impulse_responses`.
    levels
        Chances that a band holds.
    explosive
        ``"keep"`` or ``"drop"``.
    threads
        How many; None for one for each core. Results do not depend on it.

    Raises
    ------
    UnknownNameError, UsageError
        As in :func:`impulse_responses`; also where a level is not between 0 and 1.
    NotIdentifiedError
        Every draw was dropped.

    References
    ----------
    Sims, C. A. and Zha, T. (1999). Error bands for impulse responses. Econometrica 67(5):1113-1155.
    doi:10.1111/1468-0262.00071
    """
    _check_request(shock, horizon)
    _check_bands(levels, explosive)
    value = impulse_responses(
        systems.estimate, systems.estimate_covariance, horizon, shock=shock, cumulative=cumulative
    )
    kept = ~systems.explosive if explosive == "drop" else np.ones(systems.n_draws, np.bool_)
    n_kept = int(kept.sum())
    if n_kept == 0:
        raise NotIdentifiedError(
            "every drawn system has a root of 1 or more, so no draw is left. Keep them, or take differences of the "
            "series"
        )
    drawn = _ordered_responses(systems, kept, horizon, shock, cumulative, threads)
    tails = (1 - np.array(levels)) / 2
    lower, upper = _quantiles(drawn, tails), _quantiles(drawn, 1 - tails)
    shape = (len(levels), *value.shape)
    return ResponseBands(
        value,
        _quantiles(drawn, np.array([0.5])).reshape(value.shape),
        tuple(levels),
        lower.reshape(shape),
        upper.reshape(shape),
        n_kept,
        systems.explosive_share,
    )


def _ordered_responses(
    systems: SystemDraws,
    kept: NDArray[np.bool_],
    horizon: int,
    shock: Shock,
    cumulative: bool,
    threads: int | None,
) -> NDArray[np.float32]:
    """Responses of the kept draws, each in order of size: a row for each horizon, series and shock."""
    from tripoint.models.autoregression.kernels import respond

    slopes, impacts = stacked_rows(systems.coefficients[kept]), _impacts(systems.factors[kept], shock)
    n_kept, n_series, _ = slopes.shape
    # Single precision: its rounding is far below the error of draws, and ordering takes half the time.
    drawn = np.empty(((horizon + 1) * n_series * n_series, n_kept), np.float32)
    in_chunks(lambda part: respond(slopes[part], impacts[part], cumulative, drawn[:, part]), n_kept, threads)
    in_chunks(lambda part: drawn[part].sort(axis=1), len(drawn), threads)
    return drawn


def _impacts(factors: Floats, shock: Shock) -> Floats:
    """What each shock moves at once, a column for each; factors are lower triangular, shape ``(..., n, n)``."""
    if shock == "orthogonalised":
        return np.ascontiguousarray(factors)
    covariance = factors @ np.swapaxes(factors, -1, -2)
    return covariance / np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))[..., None, :]


def _quantiles(ordered: NDArray[np.float32], chances: Floats) -> Floats:
    """Quantiles of ordered rows, between neighbours by the line; shape ``(n_chances, n_rows)``."""
    places = chances * (ordered.shape[1] - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    share = places - below
    return (ordered[:, below] * (1 - share) + ordered[:, above] * share).T


def _check_request(shock: str, horizon: int) -> None:
    if shock not in SHOCKS:
        raise UnknownNameError.of("shock", shock, SHOCKS)
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 0:
        raise UsageError(f"horizon is {horizon!r}; give a whole number of periods, 0 or more")


def _check_bands(levels: tuple[float, ...], explosive: str) -> None:
    wrong = [level for level in levels if not 0 < level < 1]
    if wrong or not levels:
        raise UsageError(f"levels are {levels!r}; give chances between 0 and 1, as 0.68 and 0.9")
    if explosive not in ("keep", "drop"):
        raise UnknownNameError.of("way to treat explosive draws", explosive, ("keep", "drop"))
