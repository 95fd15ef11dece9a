"""Responses to shocks and their bands: statsmodels, symmetries, one thread or many, coverage, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.api import VAR

from tripoint.errors import NotIdentifiedError, UnknownNameError, UsageError
from tripoint.models.autoregression.bayes import SimsZhaPrior, fit_bayesian, posterior_systems
from tripoint.models.autoregression.bootstrap import bootstrap_systems
from tripoint.models.autoregression.fit import fit_autoregression, largest_root
from tripoint.models.autoregression.kernels import refit
from tripoint.models.autoregression.responses import impulse_responses, response_bands
from tripoint.models.autoregression.simulation import simulated_series

PRIOR = SimsZhaPrior(overall=1.0, lags=0.5, decay=1.0, intercept=1.0, own_lag=0.0)
SLOPES = np.array([[[0.5, 0.1], [0.2, 0.4]]])
COVARIANCE = np.array([[1.0, 0.3], [0.3, 2.0]])


def random_system(seed: int, n_series: int = 3, lags: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    slopes = rng.normal(0, 0.3, (lags, n_series, n_series))
    slopes /= max(1.0, float(largest_root(slopes)) / 0.9) ** np.arange(1, lags + 1)[:, None, None]
    root = rng.normal(size=(n_series, n_series))
    return slopes, root @ root.T + 0.1 * np.eye(n_series)


def two_series(seed: int = 0, n_periods: int = 120) -> np.ndarray:
    return simulated_series([1.0, 2.0], SLOPES, COVARIANCE, n_periods, np.random.default_rng(seed))


def test_responses_are_those_of_statsmodels() -> None:
    series = two_series()
    model, peer = fit_autoregression(series, 3), VAR(series).fit(3)
    ours = impulse_responses(model.coefficients, model.covariance, 12)
    assert ours == pytest.approx(peer.irf(12).orth_irfs, abs=1e-9)
    summed = impulse_responses(model.coefficients, model.covariance, 12, cumulative=True)
    assert summed == pytest.approx(peer.irf(12).orth_cum_effects, abs=1e-9)
    usual = peer.ma_rep(12) @ peer.sigma_u / np.sqrt(np.diag(peer.sigma_u))
    found = impulse_responses(model.coefficients, model.covariance, 12, shock="generalised")
    assert found == pytest.approx(usual, abs=1e-9)


@given(seed=st.integers(0, 10_000))
def test_generalised_responses_do_not_depend_on_the_order(seed: int) -> None:
    slopes, covariance = random_system(seed)
    order = [2, 0, 1]
    plain = impulse_responses(slopes, covariance, 8, shock="generalised")
    turned = impulse_responses(
        slopes[:, order][:, :, order], covariance[order][:, order], 8, shock="generalised"
    )
    assert turned == pytest.approx(plain[:, order][:, :, order], abs=1e-9)
    first = impulse_responses(slopes, covariance, 8)[:, :, 0]
    assert first == pytest.approx(plain[:, :, 0], abs=1e-9), "the first shock is the same either way"


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3))
def test_units_scale_responses(seed: int, scale: float) -> None:
    slopes, covariance = random_system(seed)
    units = np.array([1.0, scale, 1.0])
    for shock in ("orthogonalised", "generalised"):
        plain = impulse_responses(slopes, covariance, 6, shock=shock)
        scaled = impulse_responses(
            slopes * units[:, None] / units, covariance * np.outer(units, units), 6, shock=shock
        )
        assert scaled == pytest.approx(plain * units[:, None], rel=1e-7, abs=1e-9 * max(scale, 1))


@given(seed=st.integers(0, 10_000))
def test_what_a_block_never_gets_it_never_feels(seed: int) -> None:
    """No past of series 2 in the others and no common error: they do not respond to it."""
    slopes, covariance = random_system(seed)
    slopes[:, :2, 2] = 0.0
    covariance[2, :2] = covariance[:2, 2] = 0.0
    for shock in ("orthogonalised", "generalised"):
        found = impulse_responses(slopes, covariance, 10, shock=shock)
        assert np.abs(found[:, :2, 2]).max() < 1e-12


@pytest.mark.parametrize("shock", ["orthogonalised", "generalised"])
@pytest.mark.parametrize("cumulative", [False, True])
def test_bands_are_percentiles_of_the_responses_of_each_draw(shock: str, cumulative: bool) -> None:
    systems = bootstrap_systems(fit_autoregression(two_series(), 2), 150, np.random.default_rng(0))
    found = response_bands(systems, 7, shock=shock, cumulative=cumulative, levels=(0.5, 0.9))
    each = np.array(
        [
            impulse_responses(slopes, factor @ factor.T, 7, shock=shock, cumulative=cumulative)
            for slopes, factor in zip(systems.coefficients, systems.factors, strict=True)
        ]
    )
    assert found.lower == pytest.approx(np.quantile(each, [0.25, 0.05], axis=0), abs=1e-6)
    assert found.upper == pytest.approx(np.quantile(each, [0.75, 0.95], axis=0), abs=1e-6)
    assert found.median == pytest.approx(np.median(each, axis=0), abs=1e-6)


@pytest.mark.parametrize("lags", [1, 3])
def test_refitted_systems_are_least_squares_of_the_resampled_series(lags: int) -> None:
    """The kernel on one set of choices, against the plain fit of the series that these choices make."""
    rng = np.random.default_rng(5)
    series = np.column_stack([two_series(5, 60), two_series(6, 60)[:, 0]])
    model = fit_autoregression((series - series.mean(0)) / series.std(0), lags)
    n_used, n_series, block = model.n_used, 3, 4
    errors = np.stack([model.residuals[k : k + n_used - block + 1] for k in range(block)])
    starts = rng.integers(0, n_used - block + 1, (1, -(-n_used // block)), dtype=np.int32)
    begin = 7
    drawn = np.zeros((60, n_series))
    drawn[:lags] = model.values[begin : begin + lags]
    for step in range(n_used):
        past = drawn[step : step + lags][::-1]
        fitted = model.intercept + np.einsum("lij,lj->i", model.coefficients, past)
        drawn[step + lags] = fitted + errors[step % block, starts[0, step // block]]
    found, factor = np.zeros((1, n_series, 1 + lags * n_series)), np.zeros((1, n_series, n_series))
    stacked = np.ascontiguousarray(model.coefficients.transpose(1, 0, 2).reshape(n_series, -1))
    flat = np.ascontiguousarray(model.values[::-1]).ravel()
    refit(stacked, model.intercept, errors, starts, flat, np.array([begin], np.int32), found, factor)
    plain = fit_autoregression(drawn, lags)
    assert found[0, :, 0] == pytest.approx(plain.intercept, abs=1e-9)
    slopes = found[0, :, 1:].reshape(n_series, lags, n_series).transpose(1, 0, 2)
    assert slopes == pytest.approx(plain.coefficients, abs=1e-9)
    assert factor[0] @ factor[0].T == pytest.approx(plain.covariance, abs=1e-9)


def test_bands_are_those_of_statsmodels_within_monte_carlo_error() -> None:
    """Gaussian simulation there, resampled errors here, no correction of bias: widths agree to a tenth."""
    series = simulated_series([0.0, 0.0], SLOPES, COVARIANCE, 200, np.random.default_rng(3))
    peer = VAR(series).fit(1)
    theirs = peer.irf_errband_mc(orth=True, repl=600, steps=6, signif=0.1, rng=np.random.default_rng(0))
    systems = bootstrap_systems(
        fit_autoregression(series, 1), 4000, np.random.default_rng(1), bias_corrected=False
    )
    found = response_bands(systems, 6)
    width = theirs[1] - theirs[0]
    moves = width > 1e-9
    for ours, other in ((found.lower[1], theirs[0]), (found.upper[1], theirs[1])):
        assert np.abs((ours - other)[moves] / width[moves]).max() < 0.12
        assert np.abs((ours - other)[moves] / width[moves]).mean() < 0.04


def test_threads_change_nothing() -> None:
    model = fit_autoregression(two_series(), 2)
    for block in (1, 5):
        one, other = (
            bootstrap_systems(model, 333, np.random.default_rng(9), block=block, threads=n) for n in (1, 4)
        )
        assert (one.coefficients == other.coefficients).all()
        assert (one.factors == other.factors).all()
        bands = [response_bands(one, 5, threads=n) for n in (1, 4)]
        assert (bands[0].lower == bands[1].lower).all()


def test_units_scale_bands() -> None:
    series, units = two_series(), np.array([1.0, 1e5])
    plain, scaled = (
        response_bands(bootstrap_systems(fit_autoregression(values, 1), 200, np.random.default_rng(0)), 4)
        for values in (series, series * units + 50)
    )
    assert scaled.lower == pytest.approx(plain.lower * units[:, None], rel=1e-4, abs=1e-5)


def held(make: str, n_periods: int, rng: np.random.Generator, slopes: np.ndarray) -> float:
    """Share of responses whose 90% band holds the truth, over 120 simulated series."""
    truth = impulse_responses(slopes, COVARIANCE, 8, shock="generalised")
    shares = []
    for _ in range(120):
        series = simulated_series(np.zeros(2), slopes, COVARIANCE, n_periods, rng)
        systems = (
            bootstrap_systems(fit_autoregression(series, 1), 300, rng, bias_corrected=make == "corrected")
            if make != "posterior"
            else posterior_systems(fit_bayesian(series, 1, PRIOR), 300, rng)
        )
        bands = response_bands(systems, 8, shock="generalised", levels=(0.9,))
        shares.append(((bands.lower[0] <= truth) & (truth <= bands.upper[0])).mean())
    return float(np.mean(shares))


@pytest.mark.parametrize("make", ["corrected", "posterior"])
def test_bands_hold_the_truth_as_often_as_they_say(make: str) -> None:
    assert 0.84 < held(make, 120, np.random.default_rng(2), SLOPES) < 0.96


def test_bands_of_persistent_series_need_the_correction() -> None:
    slow = np.array([[[0.9, 0.05], [0.0, 0.85]]])
    plain, corrected = (held(make, 100, np.random.default_rng(4), slow) for make in ("plain", "corrected"))
    assert plain < 0.84
    assert corrected > 0.86


def test_bursts_of_spread_widen_bands_of_blocks() -> None:
    """Errors whose spread comes in bursts, one for both series: single resampling is too sure of the covariance."""
    rng = np.random.default_rng(6)
    level = np.zeros(800)
    for k in range(1, 800):
        level[k] = 0.97 * level[k - 1] + rng.normal(0, 0.35)
    errors = rng.normal(size=(800, 2)) * np.exp(level)[:, None]
    model = fit_autoregression(errors, 1)
    widths = []
    for block in (1, 40):
        bands = response_bands(bootstrap_systems(model, 600, np.random.default_rng(0), block=block), 0)
        widths.append((bands.upper[1] - bands.lower[1])[0, 0, 0])
    assert widths[1] > 1.5 * widths[0]


def test_explosive_draws_are_kept_counted_and_dropped_on_request() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=(60, 2)), axis=0)
    systems = posterior_systems(fit_bayesian(walk, 1, PRIOR), 500, np.random.default_rng(1))
    kept, dropped = (response_bands(systems, 20, explosive=way) for way in ("keep", "drop"))
    assert kept.explosive_share == dropped.explosive_share == systems.explosive_share > 0
    assert kept.n_draws == 500
    assert dropped.n_draws == 500 - systems.explosive.sum()
    assert (dropped.upper[1] - dropped.lower[1])[20].sum() < (kept.upper[1] - kept.lower[1])[20].sum()


def test_no_corrected_system_explodes_that_did_not_before() -> None:
    slow = simulated_series([0.0], [[[0.97]]], [[1.0]], 80, np.random.default_rng(8))
    systems = bootstrap_systems(fit_autoregression(slow, 1), 500, np.random.default_rng(0))
    plain = bootstrap_systems(
        fit_autoregression(slow, 1), 500, np.random.default_rng(0), bias_corrected=False
    )
    assert largest_root(systems.estimate) < 1
    assert largest_root(systems.estimate) > largest_root(plain.estimate)
    assert systems.explosive_share < 0.1


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_one_series_alone(seed: int) -> None:
    series = simulated_series([0.0], [[[0.5]]], [[1.0]], 60, np.random.default_rng(seed))
    found = response_bands(bootstrap_systems(fit_autoregression(series, 1), 50, np.random.default_rng(0)), 3)
    assert (found.lower[1] <= found.lower[0]).all()
    assert (found.upper[0] <= found.upper[1]).all()


def test_what_is_refused() -> None:
    model = fit_autoregression(two_series(), 1)
    rng = np.random.default_rng(0)
    systems = bootstrap_systems(model, 20, rng)
    with pytest.raises(UnknownNameError, match="orthogonalised"):
        response_bands(systems, 3, shock="ortogonalised")
    with pytest.raises(UsageError, match="horizon is -1"):
        response_bands(systems, -1)
    with pytest.raises(UsageError, match="levels are"):
        response_bands(systems, 3, levels=(90,))
    with pytest.raises(UnknownNameError, match="keep"):
        response_bands(systems, 3, explosive="hide")
    with pytest.raises(UsageError, match="n_draws is 0"):
        bootstrap_systems(model, 0, rng)
    with pytest.raises(UsageError, match="block of 500"):
        bootstrap_systems(model, 10, rng, block=500)
    with pytest.raises(NotIdentifiedError, match="not positive definite"):
        impulse_responses(SLOPES, np.ones((2, 2)), 3)
    growing = 1.02 ** np.arange(80)[:, None] + 0.01 * rng.normal(size=(80, 1))
    with pytest.raises(NotIdentifiedError, match="draw from a Bayesian fit"):
        bootstrap_systems(fit_autoregression(growing, 1), 10, rng)
    explosive = posterior_systems(
        fit_bayesian(growing, 1, SimsZhaPrior(1.0, 1.0, 1.0, 1.0)), 20, np.random.default_rng(0)
    )
    with pytest.raises(NotIdentifiedError, match="no draw is left"):
        response_bands(explosive, 3, explosive="drop")
