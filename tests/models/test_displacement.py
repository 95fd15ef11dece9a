"""Displacement: the hand-worked matrix, its identities, windows with gaps, and the variance of sums."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.models.displacement import Errors, cumulated_gain
from tripoint.models.ledger import gain_matrix, gain_variance, rest_variance

CASE = json.loads((Path(__file__).parents[1] / "reference" / "cms_gain_matrix.json").read_text())

#: Errors that are independent between periods, and errors that last, by class of size and periods apart.
NONE = [[1.0, 0.0, 0.0]]
LASTING = [[1.0, 0.8, 0.6]]


def errors(*deviations):
    """Errors of one kind of report and one size."""
    same = np.zeros(np.shape(deviations[0]), int)
    return [Errors(deviation, same, same) for deviation in deviations]


shares = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(lambda raw: np.array(raw) / sum(raw))


def test_hand_worked_matrix():
    gains = gain_matrix(CASE["inputs"]["s0"], CASE["inputs"]["s1"])
    assert gains == pytest.approx(np.array(CASE["expected"]["G"]), abs=1e-12)
    assert gains.sum(1) == pytest.approx(CASE["expected"]["rowsum"], abs=1e-12)


@given(shares, shares)
def test_antisymmetric_and_rows_sum_to_the_change(before, after):
    gains = gain_matrix(before, after)
    assert gains == pytest.approx(-gains.T, abs=1e-12)
    assert gains.sum(1) == pytest.approx(after - before, abs=1e-12)


@given(shares, st.floats(0.2, 3))
def test_equal_ratios_displace_nobody(before, factor):
    assert gain_matrix(before[:2], before[:2] * factor) == pytest.approx(np.zeros((2, 2)), abs=1e-12)


def test_a_third_party_without_trade_changes_nothing():
    before, after = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.4, 0.4, 0.2, 0.0])
    assert gain_matrix(before, after)[:3, :3] == pytest.approx(gain_matrix(before[:3], after[:3]), abs=1e-12)


def test_one_year_windows_are_single_steps():
    first, second = np.array([[0.5, 0.4, 0.3]]), np.array([[0.1, 0.2, 0.3]])
    gain, _, steps = cumulated_gain(first, second, *errors(np.zeros((1, 3)), np.zeros((1, 3))), NONE, 1, 2)
    assert np.isnan(gain[0, 0])
    assert gain[0, 1:] == pytest.approx([0.4 * 0.1 - 0.5 * 0.2, 0.3 * 0.2 - 0.4 * 0.3])
    assert steps.tolist() == [[0, 1, 1]]


def test_windows_bridge_gaps_and_take_their_base_before_the_window():
    first = np.array([[0.5, np.nan, 0.4, np.nan, 0.3]])
    second = np.array([[0.1, np.nan, 0.2, np.nan, 0.4]])
    zero = np.zeros((1, 5))
    gain, _, steps = cumulated_gain(first, second, *errors(zero, zero), NONE, 4, 0)
    whole = (0.4 * 0.1 - 0.5 * 0.2) + (0.3 * 0.2 - 0.4 * 0.4)
    assert gain[0, 4] == pytest.approx(whole)
    assert steps[0, 4] == 2
    short, _, _ = cumulated_gain(first, second, *errors(zero, zero), NONE, 3, 0)
    assert short[0, 4] == pytest.approx(0.3 * 0.2 - 0.4 * 0.4)


def test_swapping_the_two_turns_the_sign_only():
    rng = np.random.default_rng(1)
    one, two = rng.uniform(0.1, 0.4, (2, 5, 12))
    a, b = errors(*rng.uniform(0, 0.03, (2, 5, 12)))
    there, variance, _ = cumulated_gain(one, two, a, b, LASTING, 5, 2)
    back, same, _ = cumulated_gain(two, one, b, a, LASTING, 5, 2)
    assert back == pytest.approx(-there, nan_ok=True)
    assert same == pytest.approx(variance, nan_ok=True)


def test_variance_of_a_sum_matches_simulation():
    rng = np.random.default_rng(6)
    one, two = np.linspace(0.4, 0.2, 11)[None], np.linspace(0.1, 0.3, 11)[None]
    error = np.full((1, 11), 0.004)
    # Independent, lasting in all years, and lasting but for a change of source before the sixth year.
    changed = np.repeat([[0, 1]], [5, 6], axis=1)
    for persistence, kind in ((NONE, 0 * changed), (LASTING, 0 * changed), (LASTING, changed)):
        both = [Errors(error, kind, 0 * kind)] * 2
        gain, variance, _ = cumulated_gain(one, two, *both, persistence, 10, 0)
        correlation = np.array([[persistence[0][min(abs(i - j), 2)] for i in range(11)] for j in range(11)])
        correlation *= kind == kind.T
        noise = rng.multivariate_normal(np.zeros(11), correlation, (2, 4000)) * 0.004
        nothing = errors(*np.zeros((2, 4000, 11)))
        draws, _, _ = cumulated_gain(one + noise[0], two + noise[1], *nothing, NONE, 10, 0)
        assert draws[:, 10].mean() == pytest.approx(gain[0, 10], abs=3e-4)
        assert draws[:, 10].std() == pytest.approx(np.sqrt(variance[0, 10]), rel=0.06)


def test_of_two_sizes_the_less_persistent_counts():
    shares = np.array([[0.4, 0.3]]), np.array([[0.2, 0.3]])
    deviation, kind = np.full((1, 2), 0.01), np.zeros((1, 2), int)
    found = []
    for sizes in ([[0, 0]], [[0, 1]], [[1, 1]]):
        both = [Errors(deviation, kind, np.array(sizes))] * 2
        found.append(cumulated_gain(*shares, *both, [[1.0, 0.2], [1.0, 0.9]], 1, 0)[1][0, 1])
    assert found[0] == found[1] > found[2]


def test_the_variance_of_gains_is_that_of_simulated_errors():
    rng = np.random.default_rng(7)
    before, after, error = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.35, 0.25]), 0.01
    drawn = gain_matrix(
        before + error * rng.standard_normal((40_000, 3)), after + error * rng.standard_normal((40_000, 3))
    )
    expected = gain_variance(before, after, np.full(3, error**2), np.full(3, error**2))
    assert drawn.var(0)[~np.eye(3, dtype=bool)] == pytest.approx(expected[~np.eye(3, dtype=bool)], rel=0.05)
    assert (expected.diagonal() == 0).all()


def test_what_is_gained_from_the_rest_errs_with_the_named():
    """The rest is what the named leave of one: its error is theirs, with the sign turned."""
    rng = np.random.default_rng(8)
    before, after = np.array([0.3, 0.2]), np.array([0.2, 0.35])
    errors_before, errors_after = np.array([0.01, 0.02]), np.array([0.015, 0.01])
    drawn = [
        np.column_stack([named, 1 - named.sum(1)])
        for named in (
            before + errors_before * rng.standard_normal((40_000, 2)),
            after + errors_after * rng.standard_normal((40_000, 2)),
        )
    ]
    expected = rest_variance(before, after, errors_before**2, errors_after**2)
    assert gain_matrix(*drawn)[:, :2, 2].var(0) == pytest.approx(expected, rel=0.05)


@given(shares, shares)
def test_an_empty_participant_changes_nothing(before, after):
    more = gain_matrix(np.append(before, 0.0), np.append(after, 0.0))
    assert more[:4, :4] == pytest.approx(gain_matrix(before, after), abs=1e-12)
    assert more[4] == pytest.approx(np.zeros(5), abs=1e-12)
