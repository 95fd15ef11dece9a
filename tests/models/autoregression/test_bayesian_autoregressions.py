"""The Sims-Zha posterior: published numbers, identities, limits, draws, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from msbvar import REFERENCE, msbvar_series
from scipy.stats import invwishart, matrix_normal

from tripoint.errors import CoverageError, UsageError
from tripoint.models.autoregression.bayes import (
    Posterior,
    SimsZhaPrior,
    _checked_prior,
    _own_variances,
    _prior_moments,
    fit_bayesian,
    posterior_systems,
)
from tripoint.models.autoregression.fit import fit_autoregression
from tripoint.models.autoregression.series import design
from tripoint.models.autoregression.simulation import simulated_series

PRIOR = SimsZhaPrior(overall=0.6, lags=0.2, decay=1.0, intercept=0.5)
SLOPES = np.array([[[0.5, 0.1], [0.2, 0.4]]])


def two_series(seed: int = 0, n_periods: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return simulated_series([1.0, 2.0], SLOPES, [[1.0, 0.3], [0.3, 2.0]], n_periods, rng)


@pytest.mark.parametrize(("name", "shape"), [("weekly", "harmonic"), ("monthly", "monthly")])
def test_published_posterior(name: str, shape: str) -> None:
    """MSBVAR's szbvar; it takes the sizes of series after rows of zeros."""
    series = msbvar_series(name)
    given, expected = REFERENCE["inputs"][f"prior_{name}"], REFERENCE["expected"][f"szbvar_{name}"]
    prior = SimsZhaPrior(
        given["lambda0"], given["lambda1"], given["lambda3"], given["lambda4"],
        degrees_of_freedom=given["nu"], decay_shape=shape, scale="zero rows",
    )  # fmt: skip
    found = fit_bayesian(series, given["p"], prior)
    assert found.stacked == pytest.approx(np.array(expected["Bhat"]), abs=1e-8)
    assert found.covariance == pytest.approx(np.array(expected["mean.S"]), rel=1e-9)
    own = fit_bayesian(series, given["p"], replace(prior, scale="series"))
    assert own.stacked == pytest.approx(np.array(expected["Bhat"]), abs=0.1)
    assert np.abs(own.stacked - found.stacked).max() > 1e-5, "the sizes of series differ"


def test_a_loose_prior_is_least_squares() -> None:
    series = two_series()
    free, loose = fit_autoregression(series, 2), fit_bayesian(series, 2, SimsZhaPrior(1e4, 1e4, 0.0, 1e4))
    assert loose.coefficients == pytest.approx(free.coefficients, abs=1e-6)
    assert loose.intercept == pytest.approx(free.intercept, abs=1e-6)


def test_a_tight_prior_is_what_was_expected() -> None:
    found = fit_bayesian(two_series(), 2, SimsZhaPrior(1e-3, 1e-3, 1.0, 1e5, own_lag=(0.8, 0.0)))
    assert found.coefficients[0] == pytest.approx(np.diag([0.8, 0.0]), abs=1e-3)
    assert found.coefficients[1] == pytest.approx(np.zeros((2, 2)), abs=1e-3)


def test_marginal_likelihood_is_likelihood_and_prior_over_posterior() -> None:
    """At any system: Chib's identity, with the densities of scipy."""
    series = two_series(2, 30)
    found = fit_bayesian(series, 2, PRIOR)
    own, freedom = _checked_prior(PRIOR, 2)
    variances = _own_variances(series, 2, "series")
    before, expected = _prior_moments(PRIOR, variances, own, 2)
    system, spread = found.stacked + 0.03, np.array([[1.2, 0.2], [0.2, 1.7]])
    errors = series[2:] - design(series, 2) @ system
    likelihood = matrix_normal.logpdf(errors, rowcov=np.eye(len(errors)), colcov=spread)
    prior = invwishart.logpdf(spread, freedom, np.diag(variances / PRIOR.overall**2)) + matrix_normal.logpdf(
        system, expected, np.diag(1 / before), spread
    )
    posterior = invwishart.logpdf(spread, found.degrees_of_freedom, found.scale) + matrix_normal.logpdf(
        system, found.stacked, np.linalg.inv(found.precision), spread
    )
    assert found.log_marginal_likelihood == pytest.approx(likelihood + prior - posterior, abs=1e-7)


def test_units_change_nothing_else() -> None:
    series, units = two_series(3), np.array([1.0, 1e3])
    plain, scaled = fit_bayesian(series, 2, PRIOR), fit_bayesian(series * units, 2, PRIOR)
    assert scaled.coefficients == pytest.approx(plain.coefficients * units[:, None] / units)
    assert scaled.covariance == pytest.approx(plain.covariance * np.outer(units, units))


def moments(found: Posterior, n_draws: int) -> None:
    drawn = posterior_systems(found, n_draws, np.random.default_rng(0))
    covariances = drawn.factors @ drawn.factors.transpose(0, 2, 1)
    assert covariances.mean(0) == pytest.approx(found.covariance, rel=0.03)
    assert drawn.coefficients.mean(0) == pytest.approx(found.coefficients, abs=0.005)
    assert drawn.intercepts.mean(0) == pytest.approx(found.intercept, abs=0.02)
    rows = drawn.coefficients.transpose(0, 1, 3, 2).reshape(n_draws, -1, 2)
    variance = np.linalg.inv(found.precision).diagonal()[:-1, None] * np.diag(found.covariance)
    assert rows.var(0) == pytest.approx(variance, rel=0.05)
    across = ((rows[:, 0, 0] - rows[:, 0, 0].mean()) * rows[:, 0, 1]).mean()
    assert across == pytest.approx(np.linalg.inv(found.precision)[0, 0] * found.covariance[0, 1], rel=0.15)
    # Of the first variance: inverse gamma.
    freedom = found.degrees_of_freedom - 1
    exact = 2 * found.covariance[0, 0] ** 2 / (freedom - 4)
    assert covariances[:, 0, 0].var() == pytest.approx(exact, rel=0.1)


def test_draws_have_the_moments_of_the_posterior() -> None:
    moments(fit_bayesian(two_series(4, 40), 2, PRIOR), 20_000)


def test_draws_depend_on_the_generator_alone() -> None:
    found = fit_bayesian(two_series(), 1, PRIOR)
    one, other = (posterior_systems(found, 200, np.random.default_rng(3), threads=n) for n in (1, 3))
    assert (one.coefficients == other.coefficients).all()
    assert (one.explosive == other.explosive).all()


def test_a_posterior_near_a_random_walk_says_how_many_draws_explode() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=(60, 2)), axis=0)
    drawn = posterior_systems(fit_bayesian(walk, 1, PRIOR), 2000, np.random.default_rng(1))
    roots = np.abs(np.linalg.eigvals(drawn.coefficients[:, 0])).max(1)
    assert (drawn.explosive == (roots >= 1)).all()
    assert 0.02 < drawn.explosive_share < 0.9
    assert drawn.n_draws == 2000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"overall": 0.0}, "overall is 0.0"),
        ({"lags": -1.0}, "lags is -1.0"),
        ({"intercept": np.inf}, "intercept is inf"),
        ({"decay": -1.0}, "decay is -1.0"),
        ({"own_lag": (1.0, 0.0, 1.0)}, "one for each of 2 series"),
        ({"own_lag": np.nan}, "own_lag is nan"),
        ({"degrees_of_freedom": 1.0}, "2 series need more than 1"),
        ({"decay_shape": "linear"}, "harmonic or monthly"),
        ({"scale": "none"}, "series or zero rows"),
    ],
)
def test_what_is_no_prior(change: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fit_bayesian(two_series(), 1, replace(PRIOR, **change))


def test_gaps_and_no_draws_are_refused() -> None:
    series = two_series()
    with pytest.raises(UsageError, match="n_draws is 0"):
        posterior_systems(fit_bayesian(series, 1, PRIOR), 0, np.random.default_rng(0))
    series[5, 0] = np.nan
    with pytest.raises(CoverageError, match="missing"):
        fit_bayesian(series, 1, PRIOR)
