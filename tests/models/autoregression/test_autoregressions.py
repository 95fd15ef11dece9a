"""Least squares, lags, exogeneity: published numbers, statsmodels, symmetries, sizes of tests, and what is refused."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from msbvar import EXPECTED, msbvar_series
from statsmodels.multivariate.multivariate_ols import _MultivariateOLS
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.api import VAR

from tripoint.errors import CoverageError, NotIdentifiedError, UnknownNameError, UsageError
from tripoint.models.autoregression.exogeneity import (
    block_exogeneity,
    exclusion_family,
    granger_pairs,
    holm,
)
from tripoint.models.autoregression.fit import fit_autoregression, largest_root
from tripoint.models.autoregression.lag_order import lag_choices
from tripoint.models.autoregression.series import design, fewest_periods
from tripoint.models.autoregression.simulation import simulated_series

SLOPES = np.array([[[0.5, 0.1, 0.0], [0.2, 0.4, 0.1], [0.0, 0.0, 0.6]], np.eye(3) * 0.1])
COVARIANCE = np.array([[1.0, 0.3, 0.1], [0.3, 2.0, 0.2], [0.1, 0.2, 0.5]])


def three_series(seed: int = 0, n_periods: int = 150) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return simulated_series([1.0, -2.0, 30.0], SLOPES, COVARIANCE, n_periods, rng)


def test_granger_of_a_published_series() -> None:
    """Brandt and Freeman (2006), MSBVAR's granger.test."""
    expected = EXPECTED["granger_weekly_6_lags"]
    model = fit_autoregression(msbvar_series("weekly"), 6)
    for cause, effect, name in ((1, 0, "p2i->i2p"), (0, 1, "i2p->p2i")):
        found = block_exogeneity(model, [cause], [effect])
        assert found.statistic == pytest.approx(expected[name][0], abs=1e-7)
        assert found.p_value == pytest.approx(expected[name][1], rel=1e-5)
        assert found.freedom == tuple(expected["df"])


def test_lags_of_a_published_series() -> None:
    expected = EXPECTED["lags_weekly"]
    found = lag_choices(msbvar_series("weekly"), 8)
    assert found.lags.tolist() == expected["lags"]
    assert found.aic == pytest.approx(np.array(expected["AIC"]), abs=1e-8)
    assert found.bic == pytest.approx(np.array(expected["BIC"]), abs=1e-8)
    assert [found.best(name) for name in ("aic", "hq", "bic")] == [8, 7, 5]
    assert found.n_used == len(msbvar_series("weekly")) - 8
    with pytest.raises(UnknownNameError, match="aic, bic, hq"):
        found.best("aicc")


def test_fit_is_that_of_statsmodels() -> None:
    series = three_series()
    found, peer = fit_autoregression(series, 2), VAR(series).fit(2)
    assert found.coefficients == pytest.approx(peer.coefs, abs=1e-10)
    assert found.intercept == pytest.approx(peer.intercept, abs=1e-9)
    assert found.covariance == pytest.approx(peer.sigma_u, abs=1e-10)
    assert found.covariance_ml == pytest.approx(peer.sigma_u_mle, abs=1e-10)
    assert found.residuals == pytest.approx(peer.resid, abs=1e-9)
    assert found.log_likelihood == pytest.approx(peer.llf, abs=1e-8)
    assert found.largest_root == pytest.approx(1 / np.abs(peer.roots).min(), abs=1e-9)
    assert found.degrees_of_freedom == peer.df_resid
    ours, order = lag_choices(series, 5), VAR(series).select_order(5).ics
    for name, peers in (("aic", "aic"), ("bic", "bic"), ("hq", "hqic")):
        assert getattr(ours, name) == pytest.approx(np.array(order[peers][1:]), abs=1e-9)


def test_a_large_mean_costs_no_digits() -> None:
    series = three_series()
    one, other = fit_autoregression(series, 2), fit_autoregression(series + 1e7, 2)
    assert other.coefficients == pytest.approx(one.coefficients, abs=1e-7)


def test_exogeneity_is_that_of_statsmodels() -> None:
    series = three_series(3)
    model, peer = fit_autoregression(series, 2), VAR(series).fit(2)
    for causes, effect in (([0], 1), ([0, 1], 2), ([1], 2)):
        theirs = peer.test_causality(effect, causes, kind="f")
        assert block_exogeneity(model, causes, [effect]).statistic == pytest.approx(theirs.test_statistic)


@pytest.mark.parametrize("effects", [[0, 1], [0, 1, 2]])
def test_a_block_of_effects_is_wilks_lambda(effects: list[int]) -> None:
    rng = np.random.default_rng(5)
    series = np.column_stack([three_series(5), simulated_series([0.0], [[[0.3]]], [[1.0]], 150, rng)])
    found = block_exogeneity(fit_autoregression(series, 2), [3], effects)
    past = design(series, 2)
    hypothesis = np.eye(past.shape[1])[[3, 7]]
    peer = _MultivariateOLS(series[2:, effects], past).fit().mv_test([("no past", hypothesis)])
    theirs = peer.results["no past"]["stat"].loc["Wilks' lambda"].astype(float)
    assert found.statistic == pytest.approx(theirs["F Value"])
    assert found.freedom == pytest.approx((theirs["Num DF"], theirs["Den DF"]))
    assert found.p_value == pytest.approx(theirs["Pr > F"])


@pytest.mark.parametrize("bandwidth", [0, 4])
def test_robust_tests_are_those_of_statsmodels(bandwidth: int) -> None:
    series = three_series(2)
    found = block_exogeneity(fit_autoregression(series, 2), [0], [1], bandwidth=bandwidth)
    kind = {"cov_type": "HAC", "cov_kwds": {"maxlags": bandwidth, "use_correction": True}, "use_t": True}
    fit = sm.OLS(series[2:, 1], design(series, 2)).fit(**kind)
    theirs = fit.f_test(np.eye(7)[[0, 3]])
    assert found.statistic == pytest.approx(float(theirs.fvalue))
    assert found.p_value == pytest.approx(float(theirs.pvalue))


def test_a_robust_test_of_two_equations_without_change_of_spread_is_close_to_the_plain_one() -> None:
    model = fit_autoregression(three_series(6, 4000), 2)
    plain, robust = (block_exogeneity(model, [2], [0, 1], bandwidth=width) for width in (None, 0))
    assert robust.statistic == pytest.approx(plain.statistic, rel=0.15)


def test_as_many_false_alarms_as_stated() -> None:
    """Series 0 and 1 never enter the equation of 2: over 400 samples 5% of tests say otherwise, give or take 3.5."""
    rng = np.random.default_rng(8)
    samples = [simulated_series(np.zeros(3), SLOPES, COVARIANCE, 60, rng) for _ in range(400)]
    alarms = [
        block_exogeneity(fit_autoregression(series, 2), [0, 1], [2]).p_value < 0.05 for series in samples
    ]
    assert 0.015 < np.mean(alarms) < 0.085


def test_what_leads_is_found() -> None:
    tests = {
        (test.causes, test.effects): test
        for test in granger_pairs(fit_autoregression(three_series(1, 600), 2))
    }
    assert len(tests) == 6
    assert tests[(0,), (1,)].p_holm < 0.01
    assert tests[(0,), (2,)].p_holm > 0.1
    assert all(test.p_holm >= test.p_value for test in tests.values())


def test_a_common_driver_is_no_cause_in_the_whole_system() -> None:
    """Series 0 drives 1 a period later and 2 two periods later: 1 seems to lead 2 until 0 is in the system."""
    rng = np.random.default_rng(3)
    driver = rng.normal(size=602)
    noise = rng.normal(size=(600, 2)) * 0.5
    series = np.column_stack([driver[2:], driver[1:-1] + noise[:, 0], driver[:-2] + noise[:, 1]])
    assert block_exogeneity(fit_autoregression(series[:, 1:], 2), [0], [1]).p_value < 1e-6
    assert block_exogeneity(fit_autoregression(series, 2), [1], [2]).p_value > 0.01


@settings(max_examples=8)  # the peer collects garbage on every call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(chances: list[float]) -> None:
    assert holm(chances) == pytest.approx(multipletests(chances, method="holm")[1])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-4, 1e6), shift=st.floats(-100, 100))
def test_units_and_order_change_nothing_else(seed: int, scale: float, shift: float) -> None:
    series = three_series(seed, 60)
    units, order = np.array([1.0, scale, 1.0]), [2, 0, 1]
    plain = fit_autoregression(series, 2)
    scaled = fit_autoregression(series * units + shift, 2)
    turned = fit_autoregression(series[:, order], 2)
    assert scaled.coefficients == pytest.approx(
        plain.coefficients * units[:, None] / units, rel=1e-6, abs=1e-9 * scale
    )
    assert scaled.largest_root == pytest.approx(plain.largest_root, abs=1e-7)
    assert turned.coefficients == pytest.approx(plain.coefficients[:, order][:, :, order], abs=1e-9)
    before = block_exogeneity(plain, [2], [0, 1])
    assert block_exogeneity(scaled, [2], [0, 1]).statistic == pytest.approx(
        before.statistic, rel=1e-6, abs=1e-8
    )
    assert block_exogeneity(turned, [0], [1, 2]).statistic == pytest.approx(
        before.statistic, rel=1e-6, abs=1e-8
    )


def test_coefficients_are_recovered() -> None:
    found = fit_autoregression(three_series(7, 20_000), 2)
    assert found.coefficients == pytest.approx(SLOPES, abs=0.05)
    assert found.covariance == pytest.approx(COVARIANCE, abs=0.06)
    assert found.largest_root == pytest.approx(largest_root(SLOPES), abs=0.03)


def broken(kind: str) -> np.ndarray:
    series = three_series()
    rows = np.arange(len(series), dtype=float)
    if kind == "gap":
        series[7, 1] = np.nan
    if kind == "infinite":
        series[3, 2] = np.inf
    if kind == "constant":
        series[:, 2] = 4.2
    if kind == "sum":
        series[:, 2] = 100 - series[:, 0] - series[:, 1]
    if kind == "lagged copy":
        series[1:, 2] = series[:-1, 0]
    if kind == "trend":
        series[:, 1] = 3 + 0.1 * rows
    if kind == "copied error":
        series[2:, 1] = series[2:, 0] - 0.5 * series[:-2, 2]
    if kind == "short":
        series = series[: fewest_periods(3, 2) - 1]
    return series[:, 0] if kind == "flat" else series


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("gap", CoverageError, r"the first \(missing\) of series 1 in period 7.*fill the gaps"),
        ("infinite", CoverageError, r"the first \(infinite\) of series 2 in period 3"),
        ("constant", NotIdentifiedError, r"series 2 .* never changes.*Leave it out"),
        ("sum", NotIdentifiedError, r"series 0, 1, 2 .*Leave one out"),
        ("lagged copy", NotIdentifiedError, r"series 0, 2 .*cannot be told apart"),
        ("trend", NotIdentifiedError, r"the past of series 1 "),
        ("copied error", NotIdentifiedError, r"series 0, 1 .*take differences"),
        ("short", CoverageError, "11 periods are too few for 3 series with 2 lags; at least 12"),
        ("flat", UsageError, r"give \(n_periods, n_series\)"),
    ],
)
def test_what_cannot_be_fitted(kind: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fit_autoregression(broken(kind), 2)
    if kind != "short":
        with pytest.raises(error):
            lag_choices(broken(kind), 3)


def test_the_fewest_periods_suffice() -> None:
    assert np.isfinite(fit_autoregression(three_series()[: fewest_periods(3, 2)], 2).log_likelihood)


@pytest.mark.parametrize("lags", [0, -1, 1.5, True])
def test_lags_are_whole_and_positive(lags: object) -> None:
    with pytest.raises(UsageError, match="lags is"):
        fit_autoregression(three_series(), lags)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("causes", "effects", "message"),
    [
        ([], [1], "a block is empty"),
        ([0], [3], "no series has number 3; there are 0 to 2"),
        ([-1], [0], "no series has number -1"),
        ([0, 1], [1], "name a series twice"),
    ],
)
def test_blocks_that_make_no_question(causes: list[int], effects: list[int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        block_exogeneity(fit_autoregression(three_series(), 1), causes, effects)


def test_other_wrong_questions() -> None:
    model = fit_autoregression(three_series(), 1)
    with pytest.raises(UsageError, match="bandwidth of -1"):
        exclusion_family(model, [([0], [1])], bandwidth=-1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        holm([0.5, 1.2])
    with pytest.raises(UsageError, match="coefficients have shape"):
        largest_root(np.eye(2))
    with pytest.raises(NotIdentifiedError, match="series settle only below 1"):
        simulated_series([0.0], [[[1.0]]], [[1.0]], 5, np.random.default_rng(0))
    with pytest.raises(UsageError, match="do not fit 1 intercepts"):
        simulated_series([0.0], [np.eye(2) / 2], np.eye(2), 5, np.random.default_rng(0))
