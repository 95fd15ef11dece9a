"""Siding and united fronts: counted by hand, intervals checked against known values, coverage by simulation."""

import numpy as np
import pytest

from tripoint.models.similarity import cluster_weights
from tripoint.models.splits import SPLIT_COUNTS, bootstrap_united_front, count_splits, jeffreys_interval

VOTES = np.array(
    [
        [1, 1, 1, 3, 2, 0, 1],  # first
        [3, 3, 1, 1, 2, 1, 2],  # second
        [1, 3, 1, 2, 1, 1, 0],  # third
    ],
    np.int8,
)


def counted(clusters):
    counts = count_splits(VOTES, np.array(clusters), np.array([[0, 1]]))
    return dict(zip(SPLIT_COUNTS, counts[0, 2], strict=True))


def test_counts_by_hand():
    found = counted(range(7))
    # Splits with the third voting: items 0 (with first), 1 (with second), 3 (neither). Absences count nowhere.
    assert [found[name] for name in SPLIT_COUNTS[:4]] == [1, 1, 1, 5]
    assert found["effective_splits"] == pytest.approx(3)
    assert found["effective_all"] == pytest.approx(5)


def test_repeated_titles_count_for_less():
    found = counted([0, 0, 0, 0, 1, 1, 1])
    assert found["effective_splits"] == pytest.approx(1)
    assert found["effective_all"] == pytest.approx(25 / (16 + 1))


def test_jeffreys_interval_of_known_values():
    # statsmodels.stats.proportion.proportion_confint(7, 20, alpha=0.1, method="jeffreys")
    from statsmodels.stats.proportion import proportion_confint

    lower, upper = jeffreys_interval(np.array([7.0]), np.array([20.0]), np.array([20.0]), 0.9)
    assert (lower[0], upper[0]) == pytest.approx(proportion_confint(7, 20, alpha=0.1, method="jeffreys"))


def test_intervals_at_the_ends_hold_the_estimate():
    hits, trials = np.array([0.0, 9.0, 0.0]), np.array([9.0, 9.0, 0.0])
    lower, upper = jeffreys_interval(hits, trials, trials, 0.9)
    assert lower[0] == 0
    assert 0.1 < upper[0] < 0.3
    assert upper[1] == 1
    assert 0.7 < lower[1] < 0.9
    assert np.isnan(lower[2])


def test_fewer_effective_trials_widen_the_interval():
    wide = jeffreys_interval(np.array([10.0]), np.array([20.0]), np.array([8.0]), 0.9)
    narrow = jeffreys_interval(np.array([10.0]), np.array([20.0]), np.array([20.0]), 0.9)
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_jeffreys_interval_covers():
    rng = np.random.default_rng(0)
    hits = rng.binomial(25, 0.3, 4000).astype(float)
    trials = np.full(4000, 25.0)
    lower, upper = jeffreys_interval(hits, trials, trials, 0.9)
    assert 0.86 <= ((lower <= 0.3) & (upper >= 0.3)).mean() <= 0.94


def test_united_front_by_hand():
    first = np.array([[1, 1, 2, 3, 1, 0]], np.int8)
    second = np.array([[1, 3, 2, 3, 2, 1]], np.int8)
    outsider = np.array([3, 3, 3, 1, 2, 3], np.int8)
    weights = cluster_weights(np.arange(6), 199, np.random.default_rng(0))
    numbers, n = bootstrap_united_front(first, second, outsider, np.arange(6), weights, 0.9)
    assert numbers[0, :, 0] == pytest.approx([2 / 3, 1 / 2, 1 / 6])
    assert n.tolist() == [[3, 2, 2]]
    assert (numbers[0, :, 1] <= numbers[0, :, 0]).all()
    assert (numbers[0, :, 0] <= numbers[0, :, 2]).all()


def test_united_front_without_a_no_is_not_observed():
    votes = np.array([[1, 1, 2]], np.int8)
    weights = cluster_weights(np.arange(3), 99, np.random.default_rng(0))
    numbers, n = bootstrap_united_front(
        votes, votes, np.array([1, 1, 2], np.int8), np.arange(3), weights, 0.9
    )
    assert np.isnan(numbers[0, 0]).all()
    assert np.isnan(numbers[0, 2]).all()
    assert n[0, 0] == 0


@pytest.mark.parametrize(("refused", "same"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_share_on_which_all_draws_agree_has_the_binomial_bound(refused, same):
    """Thirty items in ten clusters; on one side of the condition the two always, or never, vote the same."""
    clusters = np.arange(30) % 10
    outsider = np.repeat(np.array([3, 1], np.int8), 15)
    one_side = (outsider == 3) == refused
    first = np.ones((1, 30), np.int8)
    second = np.where(one_side, 1 if same else 2, 1 + np.arange(30) % 2)[None].astype(np.int8)
    weights = cluster_weights(clusters, 199, np.random.default_rng(0))
    numbers, _ = bootstrap_united_front(first, second, outsider, clusters, weights, 0.9)
    far = 1 - 0.05 ** (1 / 10)
    value, lower, upper = numbers[0, 0 if refused else 1]
    assert (value, lower, upper) == pytest.approx((1, 1 - far, 1) if same else (0, 0, far))
    gap, low, high = numbers[0, 2]
    assert (gap - low if refused == same else high - gap) >= far - 1e-9
