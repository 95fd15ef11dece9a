"""Shares over items that only probably count: the certain case, expectations by simulation, and coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.models.mixture import beta_interval, effective_number, expected_clusters, mixed_moments
from tripoint.models.splits import jeffreys_interval


def test_certain_items_give_the_ordinary_interval():
    hits, trials, effective = (
        np.array([3.0, 8.0, 12.0]),
        np.array([10.0, 11.0, 20.0]),
        np.array([6.0, 11.0, 9.5]),
    )
    mean, variance = mixed_moments(hits[:, None], trials[:, None], effective / trials)
    for one, two in zip(
        beta_interval(mean, variance, 0.9), jeffreys_interval(hits, trials, effective, 0.9), strict=True
    ):
        assert one == pytest.approx(two)


def test_clusters_by_hand():
    present = np.array([[True, True, True, True], [True, False, False, True]])
    clusters = np.array([7, 2, 7, 9])
    certain = np.array([1.0, 1.0, 1.0, 0.0])
    assert expected_clusters(present, certain, clusters) == pytest.approx([2, 1])
    assert effective_number(present, certain, clusters) == pytest.approx([9 / 5, 1])
    assert expected_clusters(present, np.full(4, 0.5), clusters) == pytest.approx([1.75, 1])


def test_rare_items_are_worth_their_expected_number():
    """A hundred items that each count once in twenty are worth five, not a hundred."""
    found = effective_number(np.ones((1, 100), bool), np.full(100, 0.05), np.arange(100))
    assert found == pytest.approx([5])


def test_nothing_that_could_count():
    assert effective_number(np.zeros((2, 3), bool), np.ones(3), np.arange(3)).tolist() == [0, 0]
    assert effective_number(np.ones((2, 0), bool), np.ones(0), np.arange(0)).tolist() == [0, 0]
    assert expected_clusters(np.ones((2, 0), bool), np.ones(0), np.arange(0)).tolist() == [0, 0]


def test_expectations_by_simulation():
    rng = np.random.default_rng(1)
    clusters, probability = rng.integers(0, 6, 25), rng.uniform(0, 1, 25)
    counts = rng.random((20_000, 25)) < probability
    sizes = np.stack([counts[:, clusters == k].sum(1) for k in range(6)], axis=1)
    everything = np.ones((1, 25), bool)
    assert expected_clusters(everything, probability, clusters)[0] == pytest.approx(
        (sizes > 0).sum(1).mean(), rel=0.01
    )
    assert effective_number(everything, probability, clusters)[0] == pytest.approx(
        sizes.sum(1).mean() ** 2 / (sizes**2).sum(1).mean(), rel=0.02
    )


@given(st.integers(0, 10_000))
def test_doubt_costs_information(seed):
    rng = np.random.default_rng(seed)
    clusters, probability = rng.integers(0, 9, 20), rng.uniform(0, 1, 20)
    found = effective_number(np.ones((1, 20), bool), probability, clusters)[0]
    assert 0 < found <= probability.sum() + 1e-9
    assert found <= expected_clusters(np.ones((1, 20), bool), np.ones(20), clusters)[0] + 1e-9


def test_doubt_widens():
    """Draws that disagree about which items count give a wider interval than any of them on average."""
    rng = np.random.default_rng(2)
    side = rng.random(60) < 0.5
    members = (rng.random((60, 500)) < 0.3).astype(float)
    hits, trials = (side @ members)[None], members.sum(0)[None]
    mixed = beta_interval(*mixed_moments(hits, trials, np.ones(1)), 0.9)
    mean = np.array([hits.mean()]), np.array([trials.mean()])
    plain = jeffreys_interval(*mean, mean[1], 0.9)
    assert mixed[1] - mixed[0] > 1.1 * (plain[1] - plain[0])


def test_the_interval_is_that_of_the_mixture():
    rng = np.random.default_rng(3)
    members = (rng.random((40, 200)) < 0.5).astype(float)
    side = np.arange(40) < 26
    hits, trials = side @ members, members.sum(0)
    lower, upper = beta_interval(*mixed_moments(hits[None], trials[None], np.ones(1)), 0.9)
    drawn = rng.beta(hits + 0.5, trials - hits + 0.5, (4000, 200)).ravel()
    assert [lower[0], upper[0]] == pytest.approx(np.quantile(drawn, [0.05, 0.95]), abs=0.005)


def test_coverage_where_membership_is_known():
    rng = np.random.default_rng(5)
    truth = rng.uniform(0.1, 0.9, 4000)
    hits = rng.binomial(25, truth).astype(float)
    mean, variance = mixed_moments(hits[:, None], np.full((4000, 1), 25.0), np.ones(4000))
    lower, upper = beta_interval(mean, variance, 0.9)
    assert np.mean((lower <= truth) & (truth <= upper)) == pytest.approx(0.9, abs=0.02)
