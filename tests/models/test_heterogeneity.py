"""Heterogeneity: published numbers, another program's estimate, coverage by simulation, and symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from tripoint.models.heterogeneity import between_deviation, covariance_of_draws, pooled_covariances

#: Thirteen trials of a vaccine against tuberculosis (Colditz et al. 1994): cases and others, treated and control.
BCG = np.array(
    [
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    float,
)


def log_risk_ratios():
    a, b, c, d = BCG.T
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_the_vaccine_trials():
    """Squared estimate and 95% bounds as the R package metafor prints them for these trials."""
    y, v = log_risk_ratios()
    tau, lower, upper = between_deviation(y[None], v[None], 0.95)
    assert tau[0] ** 2 == pytest.approx(0.3088, abs=5e-5)
    assert lower[0] ** 2 == pytest.approx(0.1197, abs=5e-5)
    assert upper[0] ** 2 == pytest.approx(1.1115, abs=5e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_of_another_program(seed):
    rng = np.random.default_rng(seed)
    y, v = rng.normal(0, 2, (20, 6)), rng.uniform(0.05, 2, (20, 6))
    tau, _, _ = between_deviation(y, v, 0.9)
    with np.errstate(invalid="ignore"):
        others = [max(combine_effects(*row, method_re="dl").tau2, 0) for row in zip(y, v, strict=True)]
    assert tau**2 == pytest.approx(others, abs=1e-10)
    assert (tau > 0).sum() > 10


def test_equal_variances_by_hand():
    """With equal variances v the estimate is the sample variance less v, and Q is (n - 1) s^2 / (v + tau^2)."""
    y = np.array([[0.1, 0.4, 0.9, 0.2]])
    sample = y.var(ddof=1)
    tau, lower, upper = between_deviation(y, np.full((1, 4), 0.02), 0.9)
    assert tau[0] ** 2 == pytest.approx(sample - 0.02)
    assert lower[0] ** 2 == pytest.approx(3 * sample / 7.814728 - 0.02, abs=1e-6)
    assert upper[0] ** 2 == pytest.approx(3 * sample / 0.351846 - 0.02, abs=1e-6)


def test_an_error_that_all_share_is_no_difference():
    rng = np.random.default_rng(3)
    y, v = rng.normal(0, 1, (10, 5)), rng.uniform(0.1, 1, (10, 5))
    alone = v[..., None] * np.eye(5)
    bare, shared = between_deviation(y, alone, 0.9), between_deviation(y, alone + 0.7, 0.9)
    for k in (1, 2):
        assert bare[k] == pytest.approx(shared[k], abs=1e-6)


def errors(rng, n_rows, k):
    root = rng.normal(0, 0.1, (n_rows, k, k + 2)) / 2
    return root @ root.swapaxes(1, 2)


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("correlated", [False, True])
def test_intervals_cover_as_often_as_they_say(tau, correlated):
    rng = np.random.default_rng(11)
    n_rows, k = 4000, 6
    s = errors(rng, n_rows, k)
    if not correlated:
        s = s * np.eye(k)
    noise = np.einsum("rij,rj->ri", np.linalg.cholesky(s), rng.normal(0, 1, (n_rows, k)))
    y = 0.4 + tau * rng.normal(0, 1, (n_rows, k)) + noise
    found, lower, upper = between_deviation(y, s, 0.9)
    # At no difference at all the upper end cannot lie below it; it then meets it in as many samples.
    assert np.mean(upper < tau if tau > 0 else upper == 0) == pytest.approx(0.05, abs=0.015)
    assert np.mean(lower > tau) == pytest.approx(0.05, abs=0.015)
    if tau > 0:
        assert np.mean(found**2) == pytest.approx(tau**2, rel=0.4)
    assert ((lower <= found) & (found <= upper)).all()


def test_ignoring_shared_errors_would_mislead():
    """The test above has force: with the correlations left out, intervals at no difference are wrong."""
    rng = np.random.default_rng(5)
    base = 0.1 * np.eye(6) - 0.016
    y = rng.multivariate_normal(np.zeros(6), base, 4000)
    s = np.broadcast_to(base, (4000, 6, 6))
    knowing, ignorant = between_deviation(y, s, 0.9)[1], between_deviation(y, s * np.eye(6), 0.9)[1]
    assert np.mean(knowing > 0) < 0.065
    assert np.mean(ignorant > 0) > 0.08


def test_missing_estimates_are_left_out():
    rng = np.random.default_rng(2)
    y, s = rng.normal(0, 1, (3, 6)), errors(rng, 3, 6)
    y[0, [1, 4]] = np.nan
    y[1, :4] = np.nan
    s[0, 1] = s[0, :, 4] = np.nan
    tau, lower, upper = between_deviation(y, s, 0.9)
    kept = [0, 2, 3, 5]
    alone = between_deviation(y[:1, kept], s[:1][np.ix_([0], kept, kept)], 0.9)
    assert (tau[0], lower[0], upper[0]) == pytest.approx([number[0] for number in alone])
    assert np.isnan([tau[1], lower[1], upper[1]]).all()
    assert np.isfinite([tau[2], lower[2], upper[2]]).all()


def test_no_rows_and_no_variance():
    assert all(number.shape == (0,) for number in between_deviation(np.ones((0, 6)), np.ones((0, 6, 6)), 0.9))
    with pytest.raises(ValueError, match="positive"):
        between_deviation(np.ones((1, 3)), np.array([[1.0, 0.0, 1.0]]), 0.9)


@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 10))
def test_order_place_and_scale(seed, shift, scale):
    rng = np.random.default_rng(seed)
    y, s = rng.normal(0, 1, (2, 5)), errors(rng, 2, 5)
    order = rng.permutation(5)
    plain = between_deviation(y, s, 0.9)
    moved = between_deviation(scale * y[:, order] + shift, scale**2 * s[:, order][:, :, order], 0.9)
    for one, two in zip(plain, moved, strict=True):
        assert scale * one == pytest.approx(two, rel=1e-5, abs=1e-5 * scale)


def test_covariance_of_draws():
    rng = np.random.default_rng(1)
    draws = rng.normal(0, 1, (2, 3, 40))
    assert covariance_of_draws(draws)[1] == pytest.approx(np.cov(draws[1]))
    holed = draws.copy()
    holed[0, 0, :10] = np.nan
    found = covariance_of_draws(holed)[0]
    assert found[1:, 1:] == pytest.approx(np.cov(draws[0, 1:]))
    assert found[0, 0] == pytest.approx(draws[0, 0, 10:].var(ddof=1))
    holed[0, 0, 1:] = np.nan
    assert np.isnan(covariance_of_draws(holed)[0, 0]).all()


def test_pooled_variances():
    """Every estimate has the same variance per independent item, less one; correlations stay."""
    s = errors(np.random.default_rng(4), 2, 4)
    n = np.array([[10, 20, 5, 41], [7, 7, 7, 7]])
    pooled = pooled_covariances(s, n)
    for row in range(2):
        c = np.mean(np.diag(s[row]) * n[row])
        assert np.diag(pooled[row]) == pytest.approx(c / (n[row] - 1))
        deviations = np.sqrt(np.diag(pooled[row]))
        before = np.sqrt(np.diag(s[row]))
        assert pooled[row] / np.outer(deviations, deviations) == pytest.approx(
            s[row] / np.outer(before, before)
        )


def test_pooling_leaves_missing_estimates_out():
    s = errors(np.random.default_rng(4), 1, 4)
    n = np.array([[10.0, 20.0, 5.0, 41.0]])
    s[:, 1] = s[:, :, 1] = np.nan
    kept = [0, 2, 3]
    alone = pooled_covariances(s[np.ix_([0], kept, kept)], n[:, kept])
    assert pooled_covariances(s, n)[np.ix_([0], kept, kept)] == pytest.approx(alone)
