"""The date at which one series passes another for good, and how sure that is."""

import numpy as np
import pytest

from tripoint.models.crossings import last_crossing, seen_crossing

LEVEL = 0.9


def cross(first, second, error):
    first, second = np.array(first, float), np.array(second, float)
    errors = np.full(first.shape, float(error))
    return last_crossing(first, second, errors, errors, 0.0, 999, np.random.default_rng(3), LEVEL)


def test_the_last_crossing_counts():
    found = cross([5, 5, 5, 5, 5], [4, 6, 4, 6, 7], 0.0)
    assert (found.period, found.lower, found.upper, found.probability) == (3, 3, 3, 1.0)
    assert seen_crossing(np.full(5, 5.0), np.array([4.0, 6.0, 4.0, 6.0, 7.0])) == 3
    assert seen_crossing(np.full(3, 5.0), np.array([6.0, 6.0, 6.0])) is None
    assert seen_crossing(np.full(3, 5.0), np.array([4.0, 6.0, 4.0])) is None


def test_noise_widens_the_date():
    found = cross([5, 5, 5, 5, 5, 5], [1, 2, 4.8, 5.2, 8, 9], 0.3)
    assert (found.period, found.lower, found.upper) == (3, 2, 4)


def test_years_not_observed_are_left_out():
    assert cross([5, np.nan, 5, 5], [4, 9, np.nan, 6], 0.0).period == 3


def test_no_crossing_where_it_ends_below_or_was_always_above():
    below, above = cross([5, 5, 5], [4, 6, 4], 0.0), cross([5, 5, 5], [6, 6, 6], 0.0)
    assert (below.period, below.probability) == (None, 0)
    assert (above.period, above.probability) == (None, 1)
    assert cross([5, np.nan], [6, 7], 0.0) is None


@pytest.mark.parametrize("noise", [0.01, 0.03, 0.06])
@pytest.mark.parametrize("walks", [False, True])
def test_the_interval_covers_the_true_date_however_weak_the_signal(noise, walks):
    """A gap that rises from -.1 to .1 over thirty years, or wanders, under errors small and large against its steps."""
    rng = np.random.default_rng(4)
    hits, tried = 0, 0
    while tried < 150:
        gap = np.cumsum(rng.normal(0, 0.02, 30)) - 0.03 if walks else np.linspace(-0.1, 0.1, 30)
        true = seen_crossing(np.zeros(30), gap)
        if true is None:
            continue
        seen = gap + noise * rng.standard_normal(30)
        errors = np.zeros(30), np.full(30, noise)
        found = last_crossing(np.zeros(30), seen, *errors, 0.0, 299, rng, LEVEL)
        if found.period is not None:
            tried += 1
            hits += found.lower <= true <= found.upper
    assert hits >= 0.85 * tried


def test_an_error_that_lasts_widens_the_date_and_is_not_averaged_away():
    rng = np.random.default_rng(5)
    gap, errors = np.linspace(-0.1, 0.1, 30), (np.zeros(30), np.full(30, 0.04))
    passing, lasting = (
        last_crossing(np.zeros(30), gap, *errors, share, 1999, rng, LEVEL) for share in (0.0, 0.8)
    )
    assert lasting.upper - lasting.lower > passing.upper - passing.lower
    assert lasting.probability < passing.probability
