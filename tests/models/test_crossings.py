"""The date at which one series passes another for good, and how sure that is."""

import numpy as np

from tripoint.models.crossings import last_crossing

LEVEL = 0.9


def cross(first, second, error):
    first, second = np.array(first, float), np.array(second, float)
    errors = np.full(first.shape, float(error))
    return last_crossing(first, second, errors, errors, 999, np.random.default_rng(3), LEVEL)


def test_the_last_crossing_counts():
    found = cross([5, 5, 5, 5, 5], [4, 6, 4, 6, 7], 0.0)
    assert (found.period, found.lower, found.upper, found.probability) == (3, 3, 3, 1.0)


def test_noise_widens_the_date():
    found = cross([5, 5, 5, 5, 5, 5], [1, 2, 4.8, 5.2, 8, 9], 0.3)
    assert (found.period, found.lower, found.upper) == (3, 2, 4)


def test_years_not_observed_are_left_out():
    assert cross([5, np.nan, 5, 5], [4, 9, np.nan, 6], 0.0).period == 3


def test_no_crossing_where_it_ends_below_or_was_always_above():
    assert cross([5, 5, 5], [4, 6, 4], 0.1) is None
    assert cross([5, 5, 5], [6, 6, 6], 0.0) is None
    assert cross([5, np.nan], [6, 7], 0.0) is None


def test_the_interval_covers_the_true_date():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        truth = np.arange(20.0)
        noisy = truth + rng.normal(0, 1.5, 20)
        found = last_crossing(np.full(20, 9.5), noisy, np.zeros(20), np.full(20, 1.5), 199, rng, LEVEL)
        hits += found is not None and found.lower <= 10 <= found.upper
    assert hits >= 160
