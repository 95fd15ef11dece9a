"""Ideal points: special functions against scipy, recovery of simulated positions, and input that identifies nothing."""

import numpy as np
import pytest
from numba import njit
from scipy.special import ndtr, ndtri

from tripoint.errors import NotIdentifiedError
from tripoint.models.diagnostics import effective_size, r_hat
from tripoint.models.ideal_points import normal
from tripoint.models.ideal_points.fit import fit_ideal_points
from tripoint.models.ideal_points.panel import arrange
from tripoint.models.ideal_points.plan import Anchors, Plan

STATES = [f"S{k:02d}" for k in range(30)]
ANCHORS = Anchors(above=("S29", "S28"), below=("S00", "S01"))
SHORT = Plan(burn=100, sweeps=200, leaps=20)


@njit
def each(function_values, points, which):
    for k in range(points.size):
        if which == 0:
            function_values[k] = normal.cdf(points[k])
        elif which == 1:
            function_values[k] = normal.quantile(points[k])
        elif which == 2:
            function_values[k] = normal.log(points[k])
        else:
            function_values[k] = normal.uniform(np.uint64(12345), k)


def filled(points, which):
    values = np.empty_like(points)
    each(values, points, which)
    return values


def test_normal_probabilities_and_quantiles_are_those_of_scipy():
    x = np.linspace(-12, 8, 4001)
    np.testing.assert_allclose(filled(x, 0), ndtr(x), rtol=2e-7)
    p = np.concatenate([10.0 ** np.linspace(-250, -1, 500), np.linspace(0.01, 0.9999999, 4001)])
    np.testing.assert_allclose(filled(p, 1), ndtri(p), atol=5e-6)
    np.testing.assert_allclose(filled(p, 2), np.log(p), atol=1e-9)


def test_uniform_numbers_are_uniform():
    u = filled(np.zeros(200_000), 3)
    assert 0 < u.min() < u.max() < 1
    counts = np.histogram(u, 20, (0, 1))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 45
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.01


def simulated(seed, periods=8, rolls=40, innovation=0.03):
    """Votes of thirty states that walk at random, a tenth of them absent."""
    rng = np.random.default_rng(seed)
    n = len(STATES)
    walk = np.cumsum(rng.normal(0, np.sqrt(innovation), (n, periods)), axis=1)
    truth = np.sort(rng.normal(0, 1, n))[:, None] + walk
    truth = (truth - truth.mean()) / truth.std()
    rows = []
    for period in range(periods):
        for k in range(rolls):
            slope, middle = rng.normal(0, 1), rng.normal(0, 0.7)
            low, high = middle - rng.uniform(0.1, 0.5), middle + rng.uniform(0.1, 0.5)
            latent = slope * truth[:, period] + rng.normal(0, 1, n)
            choice = 1 + (latent > low) + (latent > high)
            present = np.flatnonzero(rng.random(n) > 0.1)
            rows += [(state, period, period * rolls + k, choice[state]) for state in present]
    return np.array(rows).T, truth


def test_simulated_positions_are_recovered_with_intervals_that_cover():
    inside, total = 0, 0
    for seed in range(3):
        (state, period, roll, choice), truth = simulated(seed)
        fit = fit_ideal_points(arrange(STATES, state, period, roll, choice), ANCHORS, SHORT)
        mean, lower, upper = fit.summary(0.9)[:, 0].T
        true = truth[fit.panel.unit_state, fit.panel.unit_period]
        assert np.corrcoef(mean, true)[0, 1] > 0.97
        inside += ((lower <= true) & (true <= upper)).sum()
        total += len(true)
    assert 0.84 < inside / total < 0.96


def test_a_start_with_the_sign_turned_ends_at_the_same_estimates():
    (state, period, roll, choice), _ = simulated(5)
    panel = arrange(STATES, state, period, roll, choice)
    straight = fit_ideal_points(panel, ANCHORS, SHORT)
    plain = straight.summary(0.9)[:, 0, 0]
    turned = fit_ideal_points(panel, ANCHORS, SHORT, start=-plain)
    assert "turned back" in turned.identification
    assert np.corrcoef(plain, turned.summary(0.9)[:, 0, 0])[0, 1] > 0.99


def test_the_published_scheme_orders_states_alike():
    (state, period, roll, choice), truth = simulated(6)
    plan = Plan(scheme="published", burn=300, sweeps=600, thin=2)
    fit = fit_ideal_points(arrange(STATES, state, period, roll, choice), ANCHORS, plan)
    true = truth[fit.panel.unit_state, fit.panel.unit_period]
    assert np.corrcoef(fit.summary(0.9)[:, 0, 0], true)[0, 1] > 0.95


def test_the_same_seed_gives_the_same_draws():
    (state, period, roll, choice), _ = simulated(7, periods=3, rolls=15)
    panel = arrange(STATES, state, period, roll, choice)
    plan = Plan(burn=10, sweeps=20, leaps=5)
    one, two = (fit_ideal_points(panel, ANCHORS, plan) for _ in range(2))
    np.testing.assert_array_equal(one.positions, two.positions)


def test_two_dimensions_run():
    (state, period, roll, choice), _ = simulated(8, periods=4, rolls=20)
    plan = Plan(dimensions=2, burn=100, sweeps=100, leaps=20)
    fit = fit_ideal_points(arrange(STATES, state, period, roll, choice), ANCHORS, plan)
    assert fit.positions.shape[-1] == 2
    assert np.isfinite(fit.positions).all()
    draw = fit.positions[0, -1].astype(float)
    np.testing.assert_allclose(np.cov(draw.T), np.eye(2), atol=1e-3)


def test_unanimous_votes_identify_nothing():
    with pytest.raises(NotIdentifiedError, match="no resolution divides"):
        arrange(["A", "B"], [0, 1, 0, 1], [1, 1, 2, 2], [1, 1, 2, 2], [2, 2, 2, 2])


def test_two_votes_on_one_roll_call_are_refused_and_equal_ones_counted():
    with pytest.raises(NotIdentifiedError, match="B has two different votes on roll call 7"):
        arrange(["A", "B"], [0, 1, 1], [1, 1, 1], [7, 7, 7], [1, 3, 1])
    assert arrange(["A", "B"], [0, 1, 1], [1, 1, 1], [7, 7, 7], [1, 3, 3]).dropped == {"repeated vote": 1}


def test_parts_without_a_common_scale_are_refused():
    with pytest.raises(NotIdentifiedError, match="2 parts"):
        arrange(list("ABCD"), [0, 1, 2, 3], [1, 1, 1, 1], [1, 1, 2, 2], [1, 3, 1, 3])


def test_without_anchors_nothing_says_which_way_is_up():
    panel = arrange(["A", "B"], [0, 1], [1, 1], [1, 1], [1, 3])
    with pytest.raises(NotIdentifiedError, match="which way is up"):
        fit_ideal_points(panel, Anchors(("X",), ("B",)), Plan(burn=1, sweeps=8, thin=1))


def test_an_empty_year_and_a_state_with_one_vote_have_finite_wide_positions():
    (state, period, roll, choice), _ = simulated(9, periods=4, rolls=20)
    kept = (period != 2) & ((state != 7) | (roll == 0))
    panel = arrange(STATES, state[kept], period[kept], roll[kept], choice[kept])
    fit = fit_ideal_points(panel, ANCHORS, SHORT)
    assert np.isfinite(fit.positions).all()
    _, lower, upper = fit.summary(0.9)[:, 0].T
    lonely = panel.unit_state == panel.states.index("S07")
    assert lonely.sum() == 1
    assert (upper - lower)[lonely] > np.median(upper - lower)


def test_too_few_draws_are_refused():
    panel = arrange(["A", "B"], [0, 1], [1, 1], [1, 1], [1, 3])
    with pytest.raises(NotIdentifiedError, match="at least four draws"):
        fit_ideal_points(panel, Anchors(("A",), ("B",)), Plan(burn=1, sweeps=2, thin=1))


def test_diagnostics_know_independent_slow_and_apart_chains():
    rng = np.random.default_rng(1)
    free = rng.normal(size=(4, 1000, 3))
    assert np.all(r_hat(free) < 1.01)
    assert np.all(np.abs(effective_size(free) / 4000 - 1) < 0.2)
    slow = np.empty_like(free)
    slow[:, 0] = free[:, 0]
    for k in range(1, 1000):
        slow[:, k] = 0.8 * slow[:, k - 1] + 0.6 * free[:, k]
    np.testing.assert_allclose(effective_size(slow) / 4000, (1 - 0.8) / (1 + 0.8), rtol=0.3)
    assert np.all(r_hat(free + np.arange(4)[:, None, None]) > 1.2)
