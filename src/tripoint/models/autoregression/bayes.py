"""How do series follow from their past, when each is first expected to go on as it was: the prior of Sims and Zha."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import UsageError
from tripoint.models.autoregression.fit import largest_root
from tripoint.models.autoregression.series import check_whole, checked_series, design, unstacked
from tripoint.models.autoregression.simulation import lower_factor
from tripoint.models.autoregression.systems import SystemDraws, explosive_systems

Floats = NDArray[np.float64]
Decay = Literal["harmonic", "monthly"]
Scale = Literal["series", "zero rows"]


@dataclass(frozen=True, slots=True)
class SimsZhaPrior:
    """What is believed of coefficients before the series are seen; smaller numbers hold them closer to it.

    The first own lag is expected to be ``own_lag``, everything else 0. The standard deviation of the coefficient of
    series j, k periods ago, in the equation of series i is about ``overall * lags * decay(k)`` times the ratio of the
    sizes of i and j; the tightness is the same for own lags and others, which makes the prior conjugate.

    Attributes
    ----------
    overall
        The paper's lambda 0: tightness of everything, the covariance of errors included.
    lags
        lambda 1: tightness of lags, the first included.
    decay
        lambda 3: how fast longer lags are held to 0; k to the power of minus this.
    intercept
        lambda 4: tightness of the constants, over ``overall``.
    own_lag
        Expected coefficient of the first own lag, one number or one for each series: 1 for a series that stays where it
        is, 0 for one that returns at once.
    degrees_of_freedom
        Of the covariance of errors, as if that many periods had been seen; None for the number of series plus 1.
    decay_shape
        ``"harmonic"`` as above. ``"monthly"`` falls geometrically from 1 at the first lag to the value that a
        quarterly model has at the quarter of the last.
    scale
        Where the size of a series comes from: the residual variance of its own autoregression with as many lags, on the
        ``"series"``; or, with ``"zero rows"``, on the explained periods after as many zeros as there are series plus 1.
        The second repeats what the R package MSBVAR does and is there to compare with it.
    """

    overall: float
    lags: float
    decay: float
    intercept: float
    own_lag: float | tuple[float, ...] = 1.0
    degrees_of_freedom: float | None = None
    decay_shape: Decay = "harmonic"
    scale: Scale = "series"


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed afterwards: errors are inverse Wishart, coefficients normal given their covariance.

    Attributes
    ----------
    intercept, coefficients
        Means, shapes ``(n_series,)`` and ``(lags, n_series, n_series)``: ``[lag - 1, equation, source]``.
    covariance
        Mean of the covariance of errors, shape ``(n_series, n_series)``.
    stacked
        Means of coefficients, shape ``(n_series lags + 1, n_series)``: a column for each equation; lags, the latest
        first, then the constant.
    precision
        The paper's H: precision of a column of ``stacked`` in units of its error variance.
    scale
        Scale matrix of the inverse Wishart distribution.
    degrees_of_freedom
        Its degrees of freedom.
    log_marginal_likelihood
        Log density of the series under the prior, given the first periods: compares priors and, on the same periods,
        lags.
    """

    intercept: Floats
    coefficients: Floats
    covariance: Floats
    stacked: Floats
    precision: Floats
    scale: Floats
    degrees_of_freedom: float
    log_marginal_likelihood: float

    @property
    def largest_root(self) -> float:
        """Largest root at the means; below 1 shocks die out."""
        return float(largest_root(self.coefficients))


def fit_bayesian(values: ArrayLike, lags: int, prior: SimsZhaPrior) -> Posterior:
    """Fit a vector autoregression with a constant under a Sims-Zha prior.

    Dummy observations for sums of coefficients and for a common trend are not part of it.

    Parameters
    ----------
    values
        Shape ``(n_periods, n_series)``, without gaps.
    lags
        How many past periods enter.
    prior
        What is believed before.

    Raises
    ------
    UsageError
        A tightness is not positive, the degrees of freedom leave no prior, or ``own_lag`` has another length.
    CoverageError, NotIdentifiedError
        As in :func:`tripoint.models.autoregression.series.checked_series`.

    References
    ----------
    Sims, C. A. and Zha, T. (1998). Bayesian methods for dynamic multivariate models. International Economic Review
    39(4):949-968. doi:10.2307/2527347
    Brandt, P. T. and Freeman, J. R. (2006). Advances in Bayesian time series modeling and the study of politics.
    Political Analysis 14(1):1-36. doi:10.1093/pan/mpi035

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> fit = fit_bayesian(rng.normal(size=(60, 2)), 2, SimsZhaPrior(0.6, 0.1, 2.0, 0.25, own_lag=0.0))
    >>> fit.coefficients.shape
    (2, 2, 2)
    """
    series = checked_series(values, lags)
    n_series = series.shape[1]
    own, freedom = _checked_prior(prior, n_series)
    past, outcome = design(series, lags), series[lags:]
    variances = _own_variances(series, lags, prior.scale)
    before, expected = _prior_moments(prior, variances, own, lags)
    precision = past.T @ past + np.diag(before)
    stacked = np.asarray(
        np.linalg.solve(precision, past.T @ outcome + before[:, None] * expected), np.float64
    )
    errors, shift = outcome - past @ stacked, stacked - expected
    first_scale = np.diag(variances / prior.overall**2)
    scale = first_scale + errors.T @ errors + shift.T @ (before[:, None] * shift)
    after = freedom + len(outcome)
    intercept, coefficients = unstacked(stacked, n_series)
    return Posterior(
        intercept,
        coefficients,
        scale / (after - n_series - 1),
        stacked,
        precision,
        scale,
        after,
        _log_marginal_likelihood(before, precision, first_scale, scale, freedom, len(outcome)),
    )


def posterior_systems(
    posterior: Posterior, n_draws: int, rng: np.random.Generator, *, threads: int | None = None
) -> SystemDraws:
    """Draw systems independently from what is believed after seeing the series.

    Parameters
    ----------
    posterior
        Inverse Wishart errors, normal coefficients given their covariance.
    n_draws
        How many.
    rng
        Where they come from; results depend on nothing else.
    threads
        How many; None for one for each core.

    Raises
    ------
    UsageError
        `n_draws` is not positive.

    References
    ----------
    Sims, C. A. and Zha, T. (1998), as for the posterior; Bartlett, M. S. (1933). On the theory of statistical
    regression. Proceedings of the Royal Society of Edinburgh 53:260-283. doi:10.1017/S0370164600015637
    """
    check_whole(n_draws, "n_draws")
    n_series, n_rows = len(posterior.scale), len(posterior.stacked)
    # An inverse Wishart draw is the inverse of L A A' L' with L L' = scale^-1 and A of Bartlett's decomposition.
    bartlett = np.tril(rng.standard_normal((n_draws, n_series, n_series)), -1)
    freedom = posterior.degrees_of_freedom - np.arange(n_series)
    places = np.arange(n_series)
    bartlett[:, places, places] = np.sqrt(rng.chisquare(freedom, (n_draws, n_series)))
    # (L A)^-1' is a factor of the draw: an upper one, since L A is lower triangular.
    upper = np.linalg.inv(lower_factor(np.linalg.inv(posterior.scale)) @ bartlett).transpose(0, 2, 1)
    noise = rng.standard_normal((n_draws, n_rows, n_series))
    root = np.linalg.inv(lower_factor(posterior.precision)).T
    intercepts, coefficients = unstacked(
        posterior.stacked + root @ noise @ upper.transpose(0, 2, 1), n_series
    )
    size = np.sqrt(np.diag(posterior.covariance))
    return SystemDraws(
        posterior.coefficients,
        posterior.covariance,
        intercepts,
        coefficients,
        lower_factor(upper @ upper.transpose(0, 2, 1)),
        explosive_systems(coefficients * (size / size[:, None]), threads),
    )


def _prior_moments(prior: SimsZhaPrior, variances: Floats, own: Floats, lags: int) -> tuple[Floats, Floats]:
    """Diagonal of the prior precision of a column of coefficients, and the expected coefficients."""
    n_series = len(variances)
    shrinkage = prior.overall * prior.lags * _decay(prior, lags)
    on_lags = (variances / shrinkage[:, None] ** 2).ravel()
    precision = np.append(on_lags, 1 / (prior.overall * prior.intercept) ** 2)
    expected = np.zeros((len(precision), n_series))
    expected[:n_series] = np.diag(own)
    return precision, expected


def _decay(prior: SimsZhaPrior, lags: int) -> Floats:
    numbers = np.arange(1.0, lags + 1)
    if prior.decay_shape == "harmonic" or lags == 1:
        return numbers**-prior.decay
    last = np.ceil(lags / 3) ** -prior.decay
    return last ** ((numbers - 1) / (lags - 1))


def _own_variances(series: Floats, lags: int, scale: Scale) -> Floats:
    """Residual variance of each series on its own past and a constant, squares over explained periods."""
    if scale == "zero rows":
        n_series = series.shape[1]
        series = np.vstack([np.zeros((n_series + 1, n_series)), series[lags:]])
    variances = np.empty(series.shape[1])
    for number, own in enumerate(series.T[:, :, None]):
        past = design(own - own.mean(), lags)
        outcome = own[lags:, 0] - own.mean()
        errors = outcome - past @ np.linalg.lstsq(past, outcome, rcond=None)[0]
        variances[number] = errors @ errors / len(errors)
    return variances


def _log_marginal_likelihood(
    before: Floats, precision: Floats, first_scale: Floats, scale: Floats, freedom: float, n_used: int
) -> float:
    from scipy.special import gammaln

    n_series, after = len(scale), freedom + n_used
    on_coefficients = np.log(before).sum() - np.linalg.slogdet(precision).logabsdet
    on_errors = (
        freedom * np.linalg.slogdet(first_scale).logabsdet - after * np.linalg.slogdet(scale).logabsdet
    )
    halves = np.arange(n_series) / 2
    constant = (gammaln(after / 2 - halves) - gammaln(freedom / 2 - halves)).sum()
    return float(
        0.5 * (n_series * on_coefficients + on_errors - n_used * n_series * np.log(np.pi)) + constant
    )


def _checked_prior(prior: SimsZhaPrior, n_series: int) -> tuple[Floats, float]:
    """Expected own lags and degrees of freedom, after what makes no prior has been refused."""
    for name in ("overall", "lags", "intercept"):
        if not 0 < getattr(prior, name) < np.inf:
            raise UsageError(f"{name} is {getattr(prior, name)!r}; a tightness is positive and finite")
    if not 0 <= prior.decay < np.inf:
        raise UsageError(f"decay is {prior.decay!r}; give 0 (longer lags as free as the first) or more")
    for name, allowed in (("decay_shape", ("harmonic", "monthly")), ("scale", ("series", "zero rows"))):
        if getattr(prior, name) not in allowed:
            raise UsageError(f"{name} is {getattr(prior, name)!r}; it can be {' or '.join(allowed)}")
    own = np.asarray(prior.own_lag, np.float64)
    if own.shape not in ((), (n_series,)) or not np.isfinite(own).all():
        raise UsageError(
            f"own_lag is {prior.own_lag!r}; give one finite number, or one for each of {n_series} series"
        )
    freedom = n_series + 1.0 if prior.degrees_of_freedom is None else float(prior.degrees_of_freedom)
    if not n_series - 1 < freedom < np.inf:
        raise UsageError(
            f"degrees_of_freedom is {freedom:g}; {n_series} series need more than {n_series - 1} for a prior"
        )
    return np.broadcast_to(own, n_series), freedom
