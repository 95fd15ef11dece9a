"""Tilt and hedging: signs, limits, symmetry, and that weights and errors make the interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.models.hedging import Bounded, hedge, hedging_draws, tilt

amounts = st.floats(0, 1e6)


def bounded(*values):
    array = np.array(values, float)
    return Bounded(array, array, array)


def hedged(tilts, engagement, width=0.0, layers=3):
    value = np.array(tilts, float)
    bounds = Bounded(value, np.clip(value - width, -1, 1), np.clip(value + width, -1, 1))
    draws = hedging_draws(*value.shape, 499, np.random.default_rng(1))
    return hedge(bounds, np.array(engagement, float), layers, draws, 1.645)


@given(amounts, amounts, st.floats(1e-3, 1e3))
def test_tilt_is_antisymmetric_bounded_and_free_of_units(a, b, unit):
    one, other = tilt(bounded(a), bounded(b)).value[0], tilt(bounded(b), bounded(a)).value[0]
    if a + b == 0:
        assert np.isnan(one)
    else:
        assert -1 <= one <= 1
        assert one == pytest.approx(-other)
        if unit * (a + b) > 0:
            assert tilt(bounded(unit * a), bounded(unit * b)).value[0] == pytest.approx(one, abs=1e-9)


def test_an_interval_of_the_presence_becomes_one_of_the_tilt():
    found = tilt(Bounded(*np.array([[0.3], [0.2], [0.4]])), bounded(0.1))
    assert found.lower[0] == pytest.approx((0.2 - 0.1) / 0.3)
    assert found.upper[0] == pytest.approx((0.4 - 0.1) / 0.5)


def test_leaning_one_way_or_hardly_engaged_is_no_hedge():
    opposite, same, aloof = [1, -1, 1, -1], [0.9, 0.9, 0.9, 0.9], [1, -1, 1, -1]
    found = hedged(np.column_stack([opposite, same, aloof]), [0.8, 0.8, 0.01])
    assert found.hedging.value == pytest.approx([0.8, 0.0, 0.01])
    assert found.balance.value == pytest.approx([1.0, 0.1, 1.0])
    assert found.percentile.value.argmax() == 0


def test_swapping_the_powers_changes_nothing():
    tilts = np.random.default_rng(2).uniform(-1, 1, (5, 20))
    engagement = np.linspace(0.1, 0.9, 20)
    one, other = hedged(tilts, engagement, 0.2), hedged(-tilts, engagement, 0.2)
    for part in ("hedging", "percentile", "balance"):
        for bound in ("value", "lower", "upper"):
            assert getattr(getattr(one, part), bound) == pytest.approx(getattr(getattr(other, part), bound))


def test_the_order_of_the_grounds_changes_nothing():
    tilts = np.random.default_rng(5).uniform(-1, 1, (4, 12))
    engagement, order = np.linspace(0.1, 0.9, 12), np.random.default_rng(6).permutation(12)
    one, other = hedged(tilts, engagement, 0.2), hedged(tilts[:, order], engagement[order], 0.2)
    assert one.hedging.upper[order] == pytest.approx(other.hedging.upper)
    assert one.percentile.lower[order] == pytest.approx(other.percentile.lower)


def test_too_few_layers_give_no_number():
    found = hedged([[0.5, 0.5], [np.nan, -0.5], [np.nan, 0.1]], [0.5, 0.5])
    assert np.isnan(found.hedging.value[0])
    assert np.isfinite(found.hedging.value[1])
    assert found.layers.tolist() == [1, 3]
    assert found.percentile.value[1] == 50


def test_the_interval_widens_with_the_error_and_holds_the_value():
    sharp, wide = hedged([[0.6], [-0.2], [0.1]], [0.5]), hedged([[0.6], [-0.2], [0.1]], [0.5], width=0.4)
    assert sharp.hedging.lower[0] <= sharp.hedging.value[0] <= sharp.hedging.upper[0]
    assert wide.hedging.upper[0] - wide.hedging.lower[0] > sharp.hedging.upper[0] - sharp.hedging.lower[0]


def test_no_layer_outweighs_another():
    tilts = np.array([[0.9], [-0.3], [0.2]])
    values = [hedged(tilts[order], [0.7]).hedging.value[0] for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0])]
    assert values == pytest.approx([values[0]] * 3)
