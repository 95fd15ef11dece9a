"""Who leads whom: does the past of some series help to explain others, beyond everything else in the system?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import UsageError
from tripoint.models.autoregression.fit import Autoregression
from tripoint.models.autoregression.series import design

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExclusionTest:
    """Whether the past of some series (causes) can be left out of the equations of others (effects).

    Attributes
    ----------
    causes, effects
        Numbers of the series, counted from 0.
    statistic
        The F statistic.
    freedom
        Its degrees of freedom, of the numerator and of the denominator.
    p_value
        Chance of a statistic as large where the causes do not enter.
    p_holm
        The same, adjusted for all tests of a family; of a test alone the same as ``p_value``.
    """

    causes: tuple[int, ...]
    effects: tuple[int, ...]
    statistic: float
    freedom: tuple[float, float]
    p_value: float
    p_holm: float


def block_exogeneity(
    model: Autoregression, causes: Sequence[int], effects: Sequence[int], *, bandwidth: int | None = None
) -> ExclusionTest:
    """Test that no lag of any cause enters any equation of the effects.

    With one cause and one effect in a system of two this is the Granger test. In a larger system the other series stay
    in, so a common third driver does not count as an effect.

    Parameters
    ----------
    model
        The fitted system.
    causes, effects
        Numbers of series, counted from 0; none in both.
    bandwidth
        None takes the errors as equally spread over time: Wilks' lambda with Rao's F, which is the usual F test for one
        effect and exact, given Gaussian errors and fixed regressors, for up to two. A number gives a Wald test with a
        covariance that allows for changing spread (0) and for autocorrelation up to that many periods (Bartlett
        weights, scaled up for the degrees of freedom).

    Raises
    ------
    UsageError
        A series is unknown, named twice or in both blocks, a block is empty, or the bandwidth is negative or longer
        than the series.

    References
    ----------
    Granger, C. W. J. (1969). Investigating causal relations by econometric models and cross-spectral methods.
    Econometrica 37(3):424-438. doi:10.2307/1912791
    Rao, C. R. (1973). Linear Statistical Inference and its Applications, 2nd ed., section 8c.5.
    doi:10.1002/9780470316436
    Newey, W. K. and West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
    consistent covariance matrix. Econometrica 55(3):703-708. doi:10.2307/1913610
    """
    from scipy.special import fdtrc

    source, target = _checked_blocks(model, causes, effects)
    if bandwidth is None:
        statistic, freedom = _rao(model, source, target)
    else:
        statistic, freedom = _wald(model, source, target, _checked_bandwidth(model, bandwidth))
    p_value = float(fdtrc(*freedom, statistic))
    return ExclusionTest(tuple(source), tuple(target), statistic, freedom, p_value, p_value)


def exclusion_family(
    model: Autoregression,
    hypotheses: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    bandwidth: int | None = None,
) -> tuple[ExclusionTest, ...]:
    """Several tests of one question, their chances adjusted so that one false alarm in the family is as rare as stated.

    Parameters
    ----------
    hypotheses
        Causes and effects of each test.
    model, bandwidth
        As in :func:`block_exogeneity`.
    """
    tests = [block_exogeneity(model, causes, effects, bandwidth=bandwidth) for causes, effects in hypotheses]
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        ExclusionTest(test.causes, test.effects, test.statistic, test.freedom, test.p_value, float(p))
        for test, p in zip(tests, adjusted, strict=True)
    )


def granger_pairs(model: Autoregression, *, bandwidth: int | None = None) -> tuple[ExclusionTest, ...]:
    """Every series tested as the cause of every other, given all others, as one family."""
    numbers = range(model.n_series)
    pairs = [((cause,), (effect,)) for cause in numbers for effect in numbers if cause != effect]
    return exclusion_family(model, pairs, bandwidth=bandwidth)


def holm(p_values: ArrayLike) -> Floats:
    """Chances adjusted for the number of tests: the family errs at most as often as one test would.

    Raises
    ------
    UsageError
        A chance is not between 0 and 1.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics
    6(2):65-70. https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    chances = np.asarray(p_values, np.float64)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise UsageError(f"p-values are between 0 and 1; given {chances.tolist()}")
    order = np.argsort(chances)
    stepped = np.maximum.accumulate(chances[order] * np.arange(chances.size, 0, -1))
    adjusted = np.empty_like(chances)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _rao(model: Autoregression, causes: list[int], effects: list[int]) -> tuple[float, tuple[float, float]]:
    """Wilks' lambda of the effects with and without the causes, as Rao's F."""
    regressors, places = _standard_design(model), _places(model, causes)
    outcome = model.values[model.lags :, effects]
    without = np.delete(regressors, places, axis=1)
    restricted = outcome - without @ np.linalg.lstsq(without, outcome, rcond=None)[0]
    log_lambda = _log_determinant(model.residuals[:, effects]) - _log_determinant(restricted)
    e, q = len(effects), len(places)
    both = e * e + q * q - 5
    root = np.sqrt((e * e * q * q - 4) / both) if both > 0 else 1.0
    freedom = root * (model.degrees_of_freedom - (e - q + 1) / 2) - (e * q - 2) / 2
    statistic = np.expm1(-log_lambda / root) * freedom / (e * q)
    return float(max(statistic, 0.0)), (float(e * q), float(freedom))


def _wald(
    model: Autoregression, causes: list[int], effects: list[int], bandwidth: int
) -> tuple[float, tuple[float, float]]:
    """Wald statistic over its restrictions, with a covariance that allows for changing spread and autocorrelation."""
    regressors, places = _standard_design(model), _places(model, causes)
    inverse = np.linalg.inv(regressors.T @ regressors)
    outcome = model.values[model.lags :, effects]
    tested = (inverse @ (regressors.T @ outcome))[places].T.ravel()
    # Influence of each period on the tested coefficients, in the order of `tested`.
    lever = regressors @ inverse[:, places]
    influence = (model.residuals[:, effects, None] * lever[:, None, :]).reshape(model.n_used, -1)
    spread = influence.T @ influence
    for lag in range(1, bandwidth + 1):
        across = influence[lag:].T @ influence[:-lag]
        spread += (1 - lag / (bandwidth + 1)) * (across + across.T)
    spread *= model.n_used / model.degrees_of_freedom
    statistic = tested @ np.linalg.solve(spread, tested) / len(tested)
    return float(statistic), (float(len(tested)), float(model.degrees_of_freedom * len(effects)))


def _standard_design(model: Autoregression) -> Floats:
    """Regressors with series in standard units: tests do not depend on units, and no digits are lost."""
    values = model.values
    return design((values - values.mean(0)) / values.std(0), model.lags)


def _places(model: Autoregression, causes: list[int]) -> NDArray[np.int64]:
    return (np.arange(model.lags)[:, None] * model.n_series + np.asarray(causes)).ravel()


def _log_determinant(residuals: Floats) -> float:
    return float(np.linalg.slogdet(residuals.T @ residuals).logabsdet)


def _checked_blocks(
    model: Autoregression, causes: Sequence[int], effects: Sequence[int]
) -> tuple[list[int], list[int]]:
    source, target = [int(number) for number in causes], [int(number) for number in effects]
    named = source + target
    if not source or not target:
        raise UsageError("a block is empty; name at least one cause and one effect")
    unknown = sorted(number for number in set(named) if not 0 <= number < model.n_series)
    if unknown:
        raise UsageError(f"no series has number {unknown[0]}; there are 0 to {model.n_series - 1}")
    if len(set(named)) < len(named):
        raise UsageError(
            f"causes {source} and effects {target} name a series twice; name each once, as a cause or as an effect"
        )
    return source, target


def _checked_bandwidth(model: Autoregression, bandwidth: int) -> int:
    if not 0 <= bandwidth < model.n_used:
        raise UsageError(
            f"a bandwidth of {bandwidth} periods cannot be had from {model.n_used}; 0 allows for changing spread only, "
            "a small number for autocorrelation too"
        )
    return bandwidth
