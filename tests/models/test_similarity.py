"""Vote similarity: published cases, identities, and the compiled kernel against the plain formulas."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tripoint.models.decomposition import bootstrap_weighted_pairs
from tripoint.models.similarity import (
    PAIR_MEASURES,
    bootstrap_pairs,
    bounds_of_draws,
    cluster_weights,
    cohen_kappa,
    contingency,
    lijphart_agreement,
    resample_pairs,
    s_score,
    same_share,
    scott_pi,
)

REFERENCE = Path(__file__).parents[1] / "reference"
CASE_1914 = json.loads((REFERENCE / "sim_signorino_ritter_1914.json").read_text())
CASE_1947 = json.loads((REFERENCE / "sim_signorino_ritter_1947.json").read_text())

tables = st.lists(st.integers(0, 30), min_size=9, max_size=9).map(
    lambda cells: np.array(cells, float).reshape(3, 3)
)


def test_alliances_of_1914():
    inputs, expected = CASE_1914["inputs"], {**CASE_1914["expected"], **CASE_1914["expected_own"]}
    plain = contingency(inputs["gmy"], inputs["rus"], inputs["levels"])
    weighted = contingency(inputs["gmy"], inputs["rus"], inputs["levels"], inputs["syscap"])
    computed = {
        "S_abs_unweighted": s_score(plain),
        "S_abs_weighted_syscap": s_score(weighted),
        "S_sq_unweighted": s_score(plain, 2),
        "S_sq_weighted": s_score(weighted, 2),
        "kappa_squared": cohen_kappa(plain)[2],
        "kappa_abs": cohen_kappa(plain, 1)[2],
        "pi_squared": scott_pi(plain)[2],
        "pi_abs": scott_pi(plain, 1)[2],
        "pi_nominal_fpsim_spi": scott_pi(plain, 0)[2],
    }
    assert computed == pytest.approx({name: expected[name] for name in computed}, abs=1e-6)


@pytest.mark.parametrize("pair", CASE_1947["expected"])
def test_votes_of_1947(pair):
    first, second = (CASE_1947["inputs"]["un"][state] for state in pair.split("-"))
    table = contingency(first, second, [1, 2, 3])
    computed = {
        "un_S_abs": s_score(table),
        "un_S_sq": s_score(table, 2),
        "un_kappa_sq": cohen_kappa(table)[2],
        "un_pi_sq": scott_pi(table)[2],
        "un_lijphart": lijphart_agreement(table),
    }
    expected = CASE_1947["expected"][pair]
    assert computed == pytest.approx({name: expected[name] for name in computed}, abs=1e-9)


@pytest.mark.parametrize("pair", CASE_1947["expected"])
def test_alliances_of_1947(pair):
    first, second = (CASE_1947["inputs"]["ally"][state] for state in pair.split("-"))
    weighted = contingency(first, second, [0, 1, 2, 3], CASE_1947["inputs"]["syscap"])
    assert s_score(contingency(first, second, [0, 1, 2, 3])) == pytest.approx(
        CASE_1947["expected"][pair]["ally_S_abs"]
    )
    assert s_score(weighted) == pytest.approx(CASE_1947["expected"][pair]["ally_S_abs_w"], abs=1e-9)


def test_an_unobserved_level_still_counts_for_distances():
    """Level 2 was never chosen in 1914; a program that drops it gets another kappa, silently."""
    first, second = CASE_1914["inputs"]["gmy"], CASE_1914["inputs"]["rus"]
    ours = cohen_kappa(contingency(first, second, [0, 1, 2, 3]))[2]
    assert ours == pytest.approx(
        cohen_kappa_score(first, second, weights="quadratic", labels=[0, 1, 2, 3]), abs=1e-12
    )
    dropped = cohen_kappa_score(first, second, weights="quadratic")
    assert dropped == pytest.approx(CASE_1914["expected"]["sklearn_quadratic_without_labels_WRONG"], abs=1e-9)
    assert abs(ours - dropped) > 0.03


@given(tables)
def test_swapping_the_two_states_changes_nothing(table):
    for measure in (same_share, lijphart_agreement, s_score):
        assert measure(table) == pytest.approx(measure(table.T), nan_ok=True)
    assert cohen_kappa(table) == pytest.approx(cohen_kappa(table.T), nan_ok=True)
    assert scott_pi(table) == pytest.approx(scott_pi(table.T), nan_ok=True)


@given(tables)
def test_identities_and_ranges(table):
    if table.sum() == 0:
        assert np.isnan(same_share(table))
        return
    assert s_score(table) == pytest.approx(2 * lijphart_agreement(table) - 1)
    assert 0 <= same_share(table) <= lijphart_agreement(table) + 1e-12 <= 1 + 1e-9
    kappa, pi = cohen_kappa(table)[2], scott_pi(table)[2]
    if not np.isnan(kappa):
        assert -1 - 1e-9 <= pi <= kappa + 1e-9 <= 1 + 1e-6


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 25))
@settings(max_examples=30, deadline=None)
def test_kernel_equals_the_plain_formulas(seed, n_states, n_items):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, 4, (n_states, n_items)).astype(np.int8)
    n, _, numbers = bootstrap_pairs(votes, np.arange(n_items), 99, 0.9, rng)
    for pair, (row, column) in enumerate(zip(*np.triu_indices(n_states, 1), strict=True)):
        both = (votes[row] > 0) & (votes[column] > 0)
        table = contingency(votes[row][both], votes[column][both], [1, 2, 3])
        observed, expected, kappa = cohen_kappa(table)
        plain = [same_share(table), lijphart_agreement(table), kappa, scott_pi(table)[2], observed, expected]
        assert n[pair] == both.sum()
        assert numbers[pair, :, 0] == pytest.approx(plain, abs=2e-5, nan_ok=True)


def test_intervals_hold_the_estimate_and_depend_on_no_order():
    rng = np.random.default_rng(3)
    votes = rng.integers(0, 4, (12, 60)).astype(np.int8)
    clusters = rng.integers(0, 40, 60)
    n, n_clusters, numbers = bootstrap_pairs(votes, clusters, 199, 0.9, np.random.default_rng(1))
    assert (numbers[..., 1] <= numbers[..., 0]).all()
    assert (numbers[..., 0] <= numbers[..., 2]).all()
    assert (n_clusters <= n).all()
    order = rng.permutation(12)
    _, _, shuffled = bootstrap_pairs(votes[order], clusters, 199, 0.9, np.random.default_rng(1))
    position = {state: place for place, state in enumerate(order)}
    pairs = {pair: k for k, pair in enumerate(zip(*np.triu_indices(12, 1), strict=True))}
    for (row, column), k in pairs.items():
        there = tuple(sorted((position[row], position[column])))
        assert shuffled[pairs[there]] == pytest.approx(numbers[k], abs=1e-6)


def test_two_states_with_the_same_votes_are_interchangeable():
    rng = np.random.default_rng(5)
    votes = rng.integers(1, 4, (4, 50)).astype(np.int8)
    votes[1] = votes[0]
    _, _, numbers = bootstrap_pairs(votes, np.arange(50), 199, 0.9, np.random.default_rng(1))
    pairs = list(zip(*np.triu_indices(4, 1), strict=True))
    for other in (2, 3):
        assert (numbers[pairs.index((0, other))] == numbers[pairs.index((1, other))]).all()


def test_a_pair_that_never_differed_is_not_certain():
    votes = np.tile(np.array([1, 2, 3, 1, 1] * 8, np.int8), (2, 1))
    _, n_clusters, numbers = bootstrap_pairs(votes, np.arange(40), 199, 0.9, np.random.default_rng(0))
    same = numbers[0, PAIR_MEASURES.index("same_vote")]
    assert n_clusters[0] == 40
    assert same == pytest.approx([1, 0.05 ** (1 / 40), 1])
    assert numbers[0, PAIR_MEASURES.index("kappa"), 1] < same[1]


def test_one_repeated_title_widens_the_interval():
    rng = np.random.default_rng(8)
    votes = rng.integers(1, 4, (2, 60)).astype(np.int8)
    votes[:, :30] = votes[:, :1]
    alone, clustered = (
        bootstrap_pairs(votes, titles, 399, 0.9, np.random.default_rng(2))[2][0, 0]
        for titles in (np.arange(60), np.r_[np.zeros(30), np.arange(1, 31)])
    )
    assert clustered[2] - clustered[1] > 1.5 * (alone[2] - alone[1])


def test_bootstrap_intervals_cover():
    """90% intervals of the same-vote share cover the truth in 85-95% of simulated pairs."""
    rng = np.random.default_rng(11)
    n_items, truth = 80, 0.7
    votes = np.empty((2 * 400, n_items), np.int8)
    votes[0::2] = rng.integers(1, 4, (400, n_items))
    agree = rng.random((400, n_items)) < truth
    votes[1::2] = np.where(agree, votes[0::2], votes[0::2] % 3 + 1)
    hits = 0
    for pair in range(400):
        numbers = bootstrap_pairs(votes[2 * pair : 2 * pair + 2], np.arange(n_items), 399, 0.9, rng)[2][0, 0]
        hits += numbers[1] <= truth <= numbers[2]
    assert 0.85 <= hits / 400 <= 0.95


def test_weights_resample_whole_clusters():
    clusters = [7, 7, 3, 9, 9, 9]
    weights = cluster_weights(clusters, 50, np.random.default_rng(0))
    assert (weights[0] == weights[1]).all()
    assert (weights[3] == weights[5]).all()
    assert (weights[[0, 2, 3]].sum(0) == 3).all()


def test_given_weights_are_those_of_the_bootstrap():
    """With the weights that the bootstrap draws for itself, draws and bounds are the same."""
    rng = np.random.default_rng(5)
    votes = rng.integers(0, 4, (6, 50)).astype(np.int8)
    votes[1] = votes[0]
    titles = np.sort(rng.integers(0, 20, 50))
    _, n_titles, numbers = bootstrap_pairs(votes, titles, 99, 0.9, np.random.default_rng(3))
    weights = np.column_stack([np.ones(50), cluster_weights(titles, 99, np.random.default_rng(3))])
    draws = resample_pairs(votes, np.column_stack(np.triu_indices(6, 1)), weights)
    found = bounds_of_draws(draws, n_titles, 0.9)
    for k, name in enumerate(("same_vote", "kappa")):
        assert found[:, k] == pytest.approx(numbers[:, PAIR_MEASURES.index(name)], abs=1e-6)


def test_weights_may_be_parts_of_items():
    rng = np.random.default_rng(6)
    votes = rng.integers(1, 4, (2, 40)).astype(np.int8)
    weights = rng.uniform(0, 1, (40, 3))
    weights[:10] = 0
    found = resample_pairs(votes, [[0, 1]], weights)[0]
    for column in range(3):
        table = contingency(votes[0], votes[1], [1, 2, 3], weights[:, column])
        _, chance, kappa = cohen_kappa(table)
        assert found[:, column] == pytest.approx([same_share(table), kappa, chance], abs=1e-5)


def test_fewer_clusters_bound_less():
    votes = np.tile(np.array([1, 2, 3, 1, 1] * 8, np.int8), (2, 1))
    draws = resample_pairs(votes, [[0, 1]], np.ones((40, 20)))
    lower = [bounds_of_draws(draws, [n], 0.9)[0, 0, 1] for n in (40, 7.5, 2)]
    assert lower == pytest.approx([0.05 ** (1 / n) for n in (40, 7.5, 2)])


def test_nothing_in_common_has_no_bounds():
    votes = np.array([[1, 1, 0], [0, 0, 3]], np.int8)
    draws = resample_pairs(votes, [[0, 1]], np.ones((3, 20)))
    assert np.isnan(bounds_of_draws(draws, [0], 0.9)).all()


def test_one_who_always_votes_the_same_leaves_doubt():
    """Kappa is then 0 in every draw; how far from 0 it might be is bounded by the titles, not by the draws."""
    rng = np.random.default_rng(4)
    votes = np.stack([np.full(30, 3), rng.choice([1, 3], 30)]).astype(np.int8)
    weights = np.column_stack([np.ones(30), cluster_weights(np.arange(30), 99, rng)])
    draws = resample_pairs(votes, [[0, 1]], weights)
    value, lower, upper = bounds_of_draws(draws, [30], 0.9)[0, 1]
    reach = (1 - 0.05 ** (1 / 30)) / (1 - draws[0, 2, 0])
    assert [value, lower, upper] == pytest.approx([0, -reach, min(reach, 1)], abs=1e-6)


def _bounds(first, second, weights=None):
    """Bounds of every pair measure of two states, and of share and kappa on items of unequal weight."""
    votes = np.stack([first, second]).astype(np.int8)
    items = np.arange(votes.shape[1])
    _, _, numbers = bootstrap_pairs(votes, items, 99, 0.9, np.random.default_rng(1))
    draws = cluster_weights(items, 99, np.random.default_rng(1))
    columns = np.column_stack([np.ones(len(items)), draws])
    if weights is not None:
        columns *= weights[:, None]
    _, _, weighted = bootstrap_weighted_pairs(votes, [[0, 1]], items, columns, 0.9)
    return dict(zip(PAIR_MEASURES, numbers[0], strict=True)), weighted[0]


@pytest.mark.parametrize("weights", [None, np.random.default_rng(2).uniform(0.1, 1, 30)])
def test_kappa_of_one_who_always_votes_the_same_is_not_certain(weights):
    """Nothing in the draws tells how the one would vote otherwise; only the number of items bounds it."""
    second = np.array([1, 3, 1, 2, 3] * 6)
    plain, weighted = _bounds(np.full(30, 3), second, weights)
    unseen = 1 - 0.05 ** (1 / 30)
    reach = unseen / (1 - plain["expected"][0])
    assert plain["kappa"] == pytest.approx([0, -reach, reach], abs=1e-6)
    assert weighted[1] == pytest.approx([0, weighted[1, 1], -weighted[1, 1]], abs=1e-6)
    assert weighted[1, 2] > unseen


def test_bounds_end_where_the_measure_does():
    """One exception leaves kappa open altogether, also where uneven weights make the draws differ by rounding."""
    plain, weighted = _bounds(np.full(90, 1), np.r_[np.full(89, 1), 3], 1 / np.arange(3, 93))
    assert plain["kappa"] == pytest.approx([0, -1, 1], abs=1e-6)
    assert weighted[1] == pytest.approx([0, -1, 1], abs=1e-6)


@given(
    st.lists(st.integers(1, 3), min_size=12, max_size=25),
    st.sampled_from(["constant", "opposite", "same"]),
    st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_no_number_of_a_few_votes_is_certain(votes, other, vote):
    first = np.array(votes)
    second = {"constant": np.full(len(first), vote), "opposite": first % 3 + 1, "same": first}[other]
    plain, weighted = _bounds(first, second)
    for value, lower, upper in [*plain.values(), *weighted]:
        assert np.isnan(value) or (lower <= value <= upper and upper - lower > 1e-3)


def test_opposite_votes_are_bounded_as_equal_ones_are():
    votes = np.array([1, 3] * 20)
    never, _ = _bounds(votes, 4 - votes)
    always, _ = _bounds(votes, votes)
    for name in ("same_vote", "agreement", "observed"):
        assert never[name] == pytest.approx(1 - always[name][[0, 2, 1]], abs=1e-6)
