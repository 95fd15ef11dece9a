"""The local level: the Nile, statsmodels, gaps, and recovery of what was simulated."""

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.tsa.statespace.structural import UnobservedComponents

from tripoint.models.state_space import Variances, fit_local_level, local_level

NILE = json.loads((Path(__file__).parents[1] / "reference" / "nile.json").read_text())["expected"]


@pytest.fixture(scope="module")
def nile():
    return sm.datasets.nile.load_pandas().data["volume"].to_numpy()


def test_nile_at_published_variances(nile):
    found = NILE["durbin_koopman"]
    level = local_level(nile, np.zeros(100), Variances(found["sigma2_eta"], found["sigma2_eps"]))
    assert level.log_likelihood[0] == pytest.approx(
        NILE["llf_at_DK_params_statsmodels"]["exact_diffuse"], abs=1e-6
    )
    assert level.filtered[0, :3] == pytest.approx(NILE["filtered_exact_first3"], abs=1e-6)
    assert level.filtered[0, 99] == pytest.approx(NILE["filtered_t100"], abs=1e-6)
    assert level.smoothed[0, [0, 27, 28, 99]] == pytest.approx(NILE["smoothed_t1_28_29_100"], abs=1e-6)


def test_nile_variances_are_found(nile):
    found = fit_local_level(nile, np.zeros(100))
    assert found.step == pytest.approx(NILE["R_StructTS"]["level"], rel=0.02)
    assert found.irregular == pytest.approx(NILE["R_StructTS"]["epsilon"], rel=0.02)


def test_gaps_and_changing_errors_agree_with_statsmodels():
    rng = np.random.default_rng(2)
    values = np.cumsum(rng.normal(0, 2, 40)) + rng.normal(0, 3, 40)
    values[[5, 6, 7, 20, 39]] = np.nan
    errors = rng.uniform(1, 9, 40)
    model = UnobservedComponents(values, "llevel", use_exact_diffuse=True)
    model.ssm["obs_cov"] = errors[None, None, :] + 1.5
    model.ssm["state_cov"] = np.array([[4.0]])
    reference = model.ssm.smooth()
    level = local_level(values, errors, Variances(4.0, 1.5))
    assert level.filtered[0] == pytest.approx(reference.filtered_state[0], abs=1e-8)
    assert level.smoothed[0] == pytest.approx(reference.smoothed_state[0], abs=1e-8)
    assert level.smoothed_variance[0] == pytest.approx(reference.smoothed_state_cov[0, 0], abs=1e-8)
    assert level.filtered_variance[0] == pytest.approx(reference.filtered_state_cov[0, 0], abs=1e-8)


def test_missing_years_are_carried_and_widen_the_band():
    level = local_level(np.array([np.nan, 50, np.nan, np.nan, 60]), np.full(5, 4.0), Variances(2.0, 0.0))
    assert np.isnan(level.filtered[0, 0])
    assert level.filtered[0, 1:4] == pytest.approx([50, 50, 50])
    assert (np.diff(level.filtered_variance[0, 1:4]) > 0).all()
    assert 50 < level.smoothed[0, 2] < level.smoothed[0, 3] < 60
    assert level.smoothed[0, 0] == level.smoothed[0, 1], "hindsight reaches back"
    assert level.smoothed_variance[0, 0] == pytest.approx(level.smoothed_variance[0, 1] + 2.0)


def test_a_series_without_observations_stays_unknown():
    level = local_level(np.full((1, 4), np.nan), np.full((1, 4), 4.0), Variances(2.0, 0.0))
    assert np.isnan(level.filtered).all()
    assert np.isnan(level.smoothed).all()


def test_pooled_variances_and_coverage_are_recovered():
    """Simulate 200 series; the variances come back, and 90% bands of the level cover it in 87-93% of periods."""
    rng = np.random.default_rng(4)
    truth = np.cumsum(rng.normal(0, 3, (200, 30)), axis=1)
    errors = rng.uniform(2, 20, truth.shape)
    values = truth + rng.normal(0, np.sqrt(errors)) + rng.normal(0, 2, truth.shape)
    values[rng.random(truth.shape) < 0.2] = np.nan
    found = fit_local_level(values, errors)
    assert found.step == pytest.approx(9, rel=0.1)
    assert found.irregular == pytest.approx(4, rel=0.3)
    level = local_level(values, errors, found)
    half = 1.6449 * np.sqrt(level.smoothed_variance)
    seen = np.isfinite(level.filtered)
    assert 0.87 <= (np.abs(level.smoothed - truth) <= half)[seen].mean() <= 0.93


def test_too_short_series_are_refused():
    with pytest.raises(ValueError, match="three observations"):
        fit_local_level(np.array([[1.0, 2.0, np.nan]]), np.ones((1, 3)))


def test_an_error_that_lasts_is_found_out_and_stays_in_every_level():
    """Series with half of the variance of their errors the same in all years: the other half passes."""
    rng = np.random.default_rng(11)
    steps = rng.normal(0, 2, (400, 30))
    lasting, passing = rng.normal(0, 6, (400, 1)), rng.normal(0, 6, (400, 30))
    truth = 50 + np.cumsum(steps, axis=1)
    values, errors = truth + lasting + passing, np.full((400, 30), 72.0)
    found = fit_local_level(values, errors)
    assert found.passing == pytest.approx(0.5, abs=0.05)
    assert found.step == pytest.approx(4, rel=0.15)
    level = local_level(values, errors, found)
    for mean, variance in (
        (level.filtered, level.filtered_variance),
        (level.smoothed, level.smoothed_variance),
    ):
        covered = np.abs(mean - truth) <= 1.645 * np.sqrt(variance)
        assert covered[:, 5:].mean() == pytest.approx(0.9, abs=0.03)
